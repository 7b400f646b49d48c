namespace Init.Chat.Generation;

/// <summary>All limits of generations.</summary>
public sealed record GeneratorOptions
{
    /// <summary>Calls of providers at the same time: MAX_CONCURRENCY.</summary>
    public int RunningMax { get; init; } = 1000;

    /// <summary>That wait for one of those; more are refused.</summary>
    public int WaitingMax { get; init; } = 1000;

    /// <summary>Of one user, running and waiting.</summary>
    public int PerUserMax { get; init; } = 32;

    /// <summary>Of an answer with its thoughts, in UTF-16 units; it is ended there.</summary>
    public int AnswerLengthMax { get; init; } = 2 << 20;

    /// <summary>Between two checkpoints of a task. Long answers are kept less often: <see cref="CheckpointUnitsPerInterval"/>.</summary>
    public TimeSpan Checkpoint { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long what has ended can be found and followed.</summary>
    public TimeSpan KeptFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Of what has ended: tasks, and UTF-16 units of all their answers. The oldest go first.</summary>
    public int KeptMax { get; init; } = 2000;

    public long KeptLengthMax { get; init; } = 16 << 20;

    /// <summary>How long a store that refuses the end of a task is asked again, before the client is told that it is not stored.</summary>
    public TimeSpan StoreRetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long what runs may go on when the process is told to end.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the store is asked again then.</summary>
    public TimeSpan StoreRetryAtEnd { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A task is kept once in an interval for so many UTF-16 units of its answer, so that it writes no more than these in an interval, however long it gets.</summary>
    internal const int CheckpointUnitsPerInterval = 32 << 10;

    /// <summary>Ends of tasks that the store has not taken, to be told to it later.</summary>
    internal const int AbandonedMax = 10_000;
}
