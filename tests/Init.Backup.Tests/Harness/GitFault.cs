namespace Init.Backup.Tests.Harness;

/// <summary>How <see cref="GitServer"/> misbehaves, and at which requests. What is null or 0 is as usual.</summary>
public sealed class GitFault
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;
    private int _before;

    /// <summary>In the path with its query, as "service=git-receive-pack" or "/git-receive-pack"; null: every request.</summary>
    public string? Where { get; init; }

    /// <summary>How many requests that it would be for are let through before.</summary>
    public int After { get => _before; init => _before = value; }

    /// <summary>How many requests it is for.</summary>
    public int Times { get => _left; init => _left = value; }

    /// <summary>Answered instead of asking git.</summary>
    public int? Status { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public string Body { get; init; } = "";

    /// <summary>The request is read this far, then nothing more happens until <see cref="Release"/> or the end.</summary>
    public long? HangRequestAt { get; init; }

    /// <summary>The answer is sent this far, then nothing more happens.</summary>
    public long? HangAnswerAt { get; init; }

    /// <summary>The connection is cut when so many bytes of the request have come: git at the server gets no more than these.</summary>
    public long? CutRequestAt { get; init; }

    /// <summary>The connection is cut when so many bytes of the answer have gone; what was asked for has been done. 0: before its first byte.</summary>
    public long? CutAnswerAt { get; init; }

    /// <summary>Of the answer; 0: as fast as it goes.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Ends when the fault has shown for the first time.</summary>
    public Task Reached => _reached.Task;

    public GitFault() => _left = int.MaxValue;

    /// <summary>What hangs goes on.</summary>
    public void Release() => _released.TrySetResult();

    internal bool TryTake(string pathAndQuery) =>
        (Where is null || pathAndQuery.Contains(Where, StringComparison.Ordinal)) && Interlocked.Decrement(ref _before) < 0 && Interlocked.Decrement(ref _left) >= 0;

    internal void Show() => _reached.TrySetResult();

    internal Task HangAsync(CancellationToken cancel)
    {
        Show();
        return _released.Task.WaitAsync(cancel);
    }
}
