using System.Collections.Immutable;

namespace Init.Chat.Store;

/// <param name="Name">Of the branch.</param>
/// <param name="Length">Messages of a context; UTF-16 units of the text otherwise.</param>
/// <param name="Changed">When it was written last.</param>
public sealed record BranchInfo(string Name, long Length, DateTimeOffset Changed);

public enum BranchOutcome
{
    Done,

    /// <summary>There is nothing by the first name.</summary>
    Missing,

    /// <summary>There is something by the second name already.</summary>
    Exists,
}

/// <param name="Messages">In their order; the API counts them from 0.</param>
/// <param name="Revision">Grows with each change; 0: the context does not exist.</param>
/// <param name="Settings">Of this branch.</param>
public sealed record StoredContext(ImmutableArray<ChatMessage> Messages, long Revision, BranchSettings Settings)
{
    public static StoredContext Empty { get; } = new([], 0, new BranchSettings(null, null));
}

/// <param name="Prompt">Instead of the user's prompt; null: the user's.</param>
/// <param name="ModelType">Instead of the user's; null: the user's.</param>
public sealed record BranchSettings(string? Prompt, string? ModelType);

public enum TaskState
{
    Running,
    Done,

    /// <summary>The provider, or all of them, could not.</summary>
    Failed,

    /// <summary>By a client.</summary>
    Cancelled,

    /// <summary>The process that ran it died.</summary>
    Interrupted,
}

/// <param name="Id">A random name that nobody can guess; it is what a client comes back with.</param>
/// <param name="Owner">The process that runs it.</param>
/// <param name="User">Whose.</param>
/// <param name="Branch">Of the context that it is appended to; null: it is not saved.</param>
/// <param name="Said">What is appended before the answer; may be empty.</param>
/// <param name="ModelType">That was asked for.</param>
/// <param name="KeyId">Of the API key; null: none was needed.</param>
/// <param name="Started">The wall clock.</param>
public sealed record TaskStart(string Id, string Owner, string User, string? Branch, ImmutableArray<ChatMessage> Said, string ModelType, string? KeyId, DateTimeOffset Started);

/// <param name="Id">Of the task.</param>
/// <param name="Content">The whole answer so far.</param>
/// <param name="Reasoning">Likewise.</param>
public sealed record TaskCheckpoint(string Id, string Content, string Reasoning);

/// <param name="Id">Of the task.</param>
/// <param name="State">Anything but running.</param>
/// <param name="Append">To the context, if the task has a branch, in this order: what was said and the answer; empty: nothing (a failure without an answer leaves the context as it was). The answer is kept with the task in any case.</param>
/// <param name="Call">For the log; null: no provider was asked, or it took nothing.</param>
/// <param name="Problem">What went wrong, for the client; null: nothing.</param>
/// <param name="Ended">The wall clock.</param>
public sealed record TaskEnd(string Id, TaskState State, ImmutableArray<ChatMessage> Append, CallRecord? Call, string? Problem, DateTimeOffset Ended);

/// <param name="Content">The answer, or what there is of it.</param>
public sealed record TaskInfo(
    string Id, string Owner, string User, string? Branch, string ModelType, string? KeyId, TaskState State, string Content, string Reasoning, string? Problem, DateTimeOffset Started, DateTimeOffset? Ended);

/// <param name="User">Null: all.</param>
/// <param name="State">Null: all.</param>
/// <param name="Limit">At least 1.</param>
public sealed record TaskFilter(string? User = null, TaskState? State = null, int Limit = 100);

/// <summary>One call of a provider: the original's record with its names in snake case, and ours behind them. Times are nanoseconds since 1970; lengths are code points.</summary>
public sealed record CallRecord
{
    /// <summary>Of the provider's answer; ours when it says none.</summary>
    public required string Id { get; init; }

    public string Url { get; init; } = "";

    /// <summary>The provider's id of the model.</summary>
    public required string Model { get; init; }

    public string UserId { get; init; } = "";

    public string UserName { get; init; } = "";

    public bool Stream { get; init; }

    public long TotalChunk { get; init; }

    public long EmptyChunk { get; init; }

    public long TaskStartTime { get; init; }

    public long TaskEndTime { get; init; }

    public long RequestStartTime { get; init; }

    public long RequestEndTime { get; init; }

    public long StreamProcessingStartTime { get; init; }

    public long StreamProcessingEndTime { get; init; }

    public long CallPrepareStartTime { get; init; }

    public long CallPrepareEndTime { get; init; }

    /// <summary>Gaps between chunks; at most <see cref="ChunkTimesMax"/>.</summary>
    public ImmutableArray<long> ChunkTimes { get; init; } = [];

    /// <summary>Seconds since 1970, as the provider says.</summary>
    public long CreatedTime { get; init; }

    public long TotalTokens { get; init; }

    public long PromptTokens { get; init; }

    public long CompletionTokens { get; init; }

    public long CacheHitCount { get; init; }

    public long CacheMissCount { get; init; }

    public long TotalContextLength { get; init; }

    public long ReasoningContentLength { get; init; }

    public long NewContentLength { get; init; }

    // Ours.

    /// <summary>The number of the record; 0: not stored yet. Clients that follow the log begin behind it.</summary>
    public long Seq { get; init; }

    public string Provider { get; init; } = "";

    public string ModelType { get; init; } = "";

    /// <summary>Of the API key that asked; null: none was needed.</summary>
    public string? KeyId { get; init; }

    public string? TaskId { get; init; }

    /// <summary>"done", "failed", "cancelled", "interrupted".</summary>
    public string Outcome { get; init; } = "done";

    /// <summary>The tokens were counted by us, because the provider said none.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>In millionths of the currency of the model's price.</summary>
    public long CostMicros { get; init; }

    public const int ChunkTimesMax = 4096;
}

/// <param name="AfterSeq">Those with a higher number.</param>
/// <param name="User">Null: all.</param>
/// <param name="Model">The provider's id; null: all.</param>
/// <param name="KeyId">Null: all.</param>
/// <param name="Since">By the start of the task.</param>
/// <param name="Until">Likewise; not included.</param>
/// <param name="Limit">Null: all.</param>
/// <param name="NewestFirst">The order.</param>
public sealed record CallFilter(
    long AfterSeq = 0, string? User = null, string? Model = null, string? KeyId = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null, int? Limit = null, bool NewestFirst = false);

public sealed record UsageSum(DateOnly Day, string Model, string UserId, string? KeyId, long Calls, long Failures, long PromptTokens, long CompletionTokens, long TotalTokens, long CostMicros);

/// <param name="Since">The first day (UTC).</param>
/// <param name="KeyId">Null: all.</param>
/// <param name="User">Null: all.</param>
public sealed record UsageFilter(DateOnly Since, string? KeyId = null, string? User = null);

/// <param name="Id">Public, short; the part of the key before the dot.</param>
/// <param name="Hash">Of the secret part; the key itself is kept nowhere.</param>
/// <param name="Name">For people.</param>
/// <param name="LimitsJson">What it is limited to, as <c>Init.Chat.Keys</c> writes it.</param>
/// <param name="Created">The wall clock.</param>
/// <param name="Revoked">Null: it is valid.</param>
public sealed record StoredApiKey(string Id, string Hash, string Name, string LimitsJson, DateTimeOffset Created, DateTimeOffset? Revoked);
