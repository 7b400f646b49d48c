namespace Init.Chat.Providers;

/// <summary>What a provider's stream says next.</summary>
public abstract record StreamPart
{
    private StreamPart()
    {
    }

    /// <summary>A piece of the answer.</summary>
    /// <param name="Json">As the provider has written it, for clients that know its fields.</param>
    /// <param name="Content">Of the first choice; "" when it has none.</param>
    /// <param name="Reasoning">Thoughts before the answer: <c>reasoning_content</c> or <c>reasoning</c>.</param>
    /// <param name="FinishReason">"stop", "length", "tool_calls"; null: it goes on.</param>
    /// <param name="HasToolCalls">There is a part of a call of a tool in it.</param>
    /// <param name="Usage">So far. Some providers say it with each piece, some at the end, some never: the last one counts.</param>
    public sealed record Chunk(ReadOnlyMemory<byte> Json, string Content, string Reasoning, string? FinishReason, bool HasToolCalls, TokenUsage? Usage) : StreamPart;

    /// <summary>The provider says in the middle that it cannot go on. Nothing follows.</summary>
    /// <param name="Message">Its words, cut to a length for a log.</param>
    /// <param name="Code">Its code or type; null: it says none.</param>
    public sealed record Failed(string Message, string? Code) : StreamPart;

    /// <summary>The last part.</summary>
    /// <param name="IsSaid">By <c>[DONE]</c>. Without it, whether the answer is whole is for its finish reason to tell.</param>
    public sealed record Ended(bool IsSaid) : StreamPart;
}

/// <summary>Tokens, as the provider counts them. 0: it does not say.</summary>
/// <param name="CacheHits">Of the prompt, found in the provider's cache.</param>
/// <param name="CacheMisses">Of the prompt, not found there.</param>
public sealed record TokenUsage(long Prompt, long Completion, long Total, long CacheHits, long CacheMisses);

public enum StreamProblem
{
    /// <summary>Nothing has come for too long.</summary>
    Silent,

    /// <summary>It goes on for longer than an answer may.</summary>
    Overdue,

    /// <summary>More has come than an answer may have.</summary>
    TooLong,

    /// <summary>What has come is not what the protocol has.</summary>
    Malformed,

    /// <summary>The connection has ended.</summary>
    Broken,
}

/// <summary>The stream cannot be read on. What was read before remains.</summary>
public sealed class StreamException(StreamProblem problem, string message, Exception? inner = null) : Exception(message, inner)
{
    public StreamProblem Problem { get; } = problem;
}
