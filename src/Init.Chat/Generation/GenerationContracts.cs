using System.Collections.Immutable;
using Init.Chat.Providers;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>What a provider is asked for, and what is done with the answer.</summary>
public sealed record GenerationRequest
{
    public required string User { get; init; }

    public string UserName { get; init; } = "";

    /// <summary>Of the context that the answer is appended to; null: it is not saved.</summary>
    public required string? Branch { get; init; }

    /// <summary>All that the provider is sent: system prompt, history, what is new.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>What is appended to the context before the answer; empty when an answer is continued.</summary>
    public required ImmutableArray<ChatMessage> Said { get; init; }

    public required string ModelType { get; init; }

    public ModelParameters Parameters { get; init; } = new();

    /// <summary>Of the API key; null: none was needed.</summary>
    public string? KeyId { get; init; }

    /// <summary>The turn of the context, which ends with the task; null: nothing is saved.</summary>
    public IAsyncDisposable? Turn { get; init; }

    /// <summary>Nanoseconds since 1970: when the request came, and when its preparation began.</summary>
    public long TaskStartTime { get; init; }

    public long CallPrepareStartTime { get; init; }
}

/// <summary>Null: not sent.</summary>
public sealed record ModelParameters
{
    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public long? MaxTokens { get; init; }

    public long? MaxCompletionTokens { get; init; }

    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Whether the provider is asked for a stream. Clients may have one either way.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>Whether <c>reasoning_content</c> of earlier answers is sent back. Providers differ: DeepSeek's R1 refuses it, later ones want it with tools.</summary>
    public bool SendReasoning { get; init; }
}

/// <summary>An event of a running generation.</summary>
/// <param name="Seq">From 1 on without gaps: what a client says in Last-Event-ID.</param>
public abstract record GenerationEvent(long Seq)
{
    public sealed record Delta(long Seq, string Content, string Reasoning) : GenerationEvent(Seq);

    /// <summary>The last one. It is stored when this is seen, unless its problem is "not_stored": then its context is as it was.</summary>
    public sealed record Ended(long Seq, GenerationResult Result) : GenerationEvent(Seq);
}

/// <param name="TaskId">Of the task.</param>
/// <param name="State">How it ended.</param>
/// <param name="Content">The whole answer, or what there is of it.</param>
/// <param name="Reasoning">Likewise.</param>
/// <param name="Model">That answered; null: none did.</param>
/// <param name="Id">Of the provider's answer.</param>
/// <param name="FinishReason">As the provider says it.</param>
/// <param name="Usage">Null: it is not known.</param>
/// <param name="Problem">What went wrong; null: nothing.</param>
public sealed record GenerationResult(
    string TaskId, TaskState State, string Content, string Reasoning, ModelInfo? Model, string Id, string? FinishReason, TokenUsage? Usage, GenerationProblem? Problem);

/// <param name="Status">For HTTP.</param>
/// <param name="Code">For programs.</param>
/// <param name="Message">For people, without secrets.</param>
/// <param name="RetryAfter">Null: not known.</param>
public sealed record GenerationProblem(int Status, string Code, string Message, TimeSpan? RetryAfter = null);

/// <summary>Runs generations. They go on when those who began them have gone.</summary>
public interface IGenerator : IAsyncDisposable
{
    /// <summary>Begins one. Its start is stored when this returns. Ends <see cref="GenerationRequest.Turn"/> in any case.</summary>
    /// <exception cref="GeneratorBusyException">Too many run, and too many wait.</exception>
    Task<IGeneration> StartAsync(GenerationRequest request, CancellationToken cancellation);

    /// <summary>One that runs, or has ended not long ago; null: it is not known here (the store may have it).</summary>
    IGeneration? Find(string taskId);

    /// <summary>Those that run.</summary>
    ImmutableArray<IGeneration> Running { get; }
}

public interface IGeneration
{
    string TaskId { get; }

    string User { get; }

    string? Branch { get; }

    string ModelType { get; }

    DateTimeOffset Started { get; }

    /// <summary>UTF-16 units of the answer so far.</summary>
    int Length { get; }

    /// <summary>Completes when it has ended and is stored. Never faults.</summary>
    Task<GenerationResult> Completion { get; }

    /// <summary>All events behind <paramref name="after"/>, those to come included, to the last. Several may follow at the same time; nobody who is slow holds up anybody. Events that were joined meanwhile come as one.</summary>
    IAsyncEnumerable<GenerationEvent> FollowAsync(long after, CancellationToken cancellation);

    /// <summary>Ends it; the answer so far is kept and marked.</summary>
    void Cancel();
}

/// <summary>More run and wait than there may be.</summary>
public sealed class GeneratorBusyException(string message) : Exception(message)
{
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
