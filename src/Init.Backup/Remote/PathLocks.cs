namespace Init.Backup.Remote;

/// <summary>
/// A git that is killed while it moves a branch leaves its lock, and nobody moves that branch any more. At a server somebody looks after it; in a repository at a path it is
/// us. A lock is held for milliseconds, so one that is 20 s old is nobody's; until then nothing can be pushed.
/// </summary>
internal static class PathLocks
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(20);

    /// <param name="repository">Bare.</param>
    /// <param name="now">By the clock of the files' times. One that is in its future is of a clock that was wrong.</param>
    /// <exception cref="RemoteException">One cannot be removed.</exception>
    public static void RemoveStale(string repository, DateTime now)
    {
        try
        {
            string refs = System.IO.Path.Combine(repository, "refs");
            IEnumerable<string> inRefs = Directory.Exists(refs) ? Directory.EnumerateFiles(refs, "*.lock", SearchOption.AllDirectories) : [];
            IEnumerable<string> beside = Directory.Exists(repository) ? Directory.EnumerateFiles(repository, "*.lock") : [];
            foreach (string path in inRefs.Concat(beside).Where(path => (now - File.GetLastWriteTimeUtc(path)).Duration() > AgeMax).ToArray())
                File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RemoteException(RemoteProblem.Failed, $"cannot remove the lock that a killed git has left in {repository}: {exception.Message}");
        }
    }
}
