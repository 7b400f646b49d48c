namespace Init.Backup.Restore;

/// <summary>
/// What a restore has under way, in the order of the manifest. Files are written at the same time; what has to come after them, a directory's own time or an entry's line in
/// the index, comes in order.
/// </summary>
internal sealed class RestoreQueue : IDisposable
{
    /// <summary>Open directories are among them, and each file has some 200 kB of buffers while it is written.</summary>
    public const int CountMax = 64;

    private readonly Queue<(Task Work, Action Then)> _steps = [];

    /// <param name="then">Runs on the thread that calls <see cref="Complete"/>, after everything that was added before, whether the work has failed or not.</param>
    public void Add(Task work, Action then) => _steps.Enqueue((work, then));

    /// <summary>Waits until no more than this many steps are left.</summary>
    public void Complete(int left)
    {
        while (_steps.Count > left)
        {
            var (work, then) = _steps.Dequeue();
            ((IAsyncResult)work).AsyncWaitHandle.WaitOne();
            then();
        }
    }

    /// <summary>After an exception there may be steps left: their work is waited for, and those that have succeeded come to their end.</summary>
    public void Dispose()
    {
        foreach (var (work, _) in _steps)
            ((IAsyncResult)work).AsyncWaitHandle.WaitOne();
        while (_steps.TryDequeue(out var step))
        {
            if (step.Work.IsCompletedSuccessfully)
                step.Then();
        }
    }
}
