using System.Globalization;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>
/// A git whose backup was killed goes on by itself. One that is in the middle of a push may do so for minutes, and holds the store's lock, which it has inherited. The next
/// one that wants the store ends it: each git has in its environment whose it is, as a pid with the time of its start, which names a process for good.
/// </summary>
internal static class AbandonedGit
{
    /// <summary>Told to its children, and theirs.</summary>
    public const string OwnerVariable = "INIT_BACKUP_OWNER";

    /// <summary>What is done in a moment may end by itself.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(0.3);

    /// <summary>Git removes its locks on SIGTERM; after this it is killed.</summary>
    private static readonly TimeSpan TermTime = TimeSpan.FromSeconds(1);

    public static string Owner { get; } = Describe(Environment.ProcessId) ?? $"{Environment.ProcessId}:0";

    /// <summary>To be called again and again while the lock is not free.</summary>
    /// <param name="lockPath">Only who has this file open is in the way.</param>
    /// <param name="waited">Since the first time.</param>
    public static void End(string lockPath, TimeSpan waited)
    {
        if (waited < Grace || Files.StatusOf(lockPath) is not { } wanted)
            return;
        foreach (int pid in ProcFs.ListPids())
        {
            if (ProcFs.Read(pid) is { IsZombie: false } process && ProcFs.ReadEnvironmentValue(pid, OwnerVariable) is { } owner && !Lives(owner) && HasOpen(pid, wanted))
                _ = Processes.KillExactly(pid, process.StartTime, waited < Grace + TermTime ? Signals.SIGTERM : Signals.SIGKILL);
        }
    }

    private static string? Describe(int pid) =>
        ProcFs.Read(pid) is { IsZombie: false } process ? string.Create(CultureInfo.InvariantCulture, $"{pid}:{process.StartTime}") : null;

    /// <summary>What cannot be read is taken for alive.</summary>
    private static bool Lives(string owner) =>
        !int.TryParse(owner.Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid) || owner.EndsWith(":0", StringComparison.Ordinal) || Describe(pid) == owner;

    private static bool HasOpen(int pid, FileStatus wanted)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid}/fd").Any(fd => Files.StatusOf(fd) is { } status && status.Device == wanted.Device && status.Inode == wanted.Inode);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is somebody else's.
        }
    }
}
