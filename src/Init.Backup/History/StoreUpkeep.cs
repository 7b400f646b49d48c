using System.ComponentModel;
using System.Diagnostics;
using Init.Backup.Store;

namespace Init.Backup.History;

/// <summary>
/// Keeps a repository small. Each backup adds a pack; many packs make git slow. Everything here runs at the lowest priority on one core, can be cancelled or killed at any
/// moment, and is not to run beside a backup.
/// </summary>
public static class StoreUpkeep
{
    /// <summary>Packs from which on they are put together.</summary>
    public const int PacksMax = 25;

    /// <summary>Only what has been added since: packs are put together with those of about their size, so that the work is in proportion to what was written.</summary>
    /// <param name="repository">The store, or a remote at a path, which nobody else looks after.</param>
    /// <returns>False: there was nothing to do.</returns>
    /// <exception cref="GitException">Git failed; the repository is as it was.</exception>
    public static bool Tidy(string repository, CancellationToken cancel)
    {
        string packs = Path.Combine(repository, "objects", "pack");
        if (!Directory.Exists(packs) || Directory.EnumerateFiles(packs, "*.pack").Count() <= PacksMax)
            return false;
        Run(repository, cancel, "repack", "--geometric=2", "-d", "-q", "--no-write-bitmap-index");
        Run(repository, cancel, "prune", "--expire=2.hours.ago"); // A lease for each push, which nobody needs after the next.
        return true;
    }

    /// <summary>
    /// Keeps the store below a size: the history here is cut behind the last acknowledged commit, and stays at the remote. Nothing happens when the last commit is not acknowledged.
    /// </summary>
    /// <param name="bytesMax">On disk.</param>
    /// <returns>False: there was nothing to do.</returns>
    public static bool Shrink(BackupStore store, long bytesMax, CancellationToken cancel)
    {
        if (BytesOf(store.Git.Repository) <= bytesMax || store.Head() is not { } head || store.Acknowledged() != head)
            return false;

        string shallow = Path.Combine(store.Git.Repository, "shallow");
        if (File.Exists(shallow) && File.ReadAllText(shallow).Trim() == head)
            return false; // It is only the last commit already.

        // First the reason why older commits are missing, then they go.
        File.WriteAllText(shallow + ".new", head + "\n");
        File.Move(shallow + ".new", shallow, overwrite: true);
        DropUnneeded(store, cancel);
        return true;
    }

    /// <summary>What no branch of ours needs is gone from the disk.</summary>
    public static void DropUnneeded(BackupStore store, CancellationToken cancel)
    {
        foreach (string name in (string[])["refs/init/fetched", "refs/init/lease-seen"])
            store.Git.Run(GitRunner.ShortTime, [1], "update-ref", "-d", name);
        RepackAll(store, withBitmap: false, cancel);
        Run(store.Git.Repository, cancel, "prune", "--expire=now");
    }

    /// <summary>The same for a remote at a path, which nobody else looks after. What is younger than two hours stays: somebody may be about to push a branch that needs it.</summary>
    public static void CollectGarbage(string repository, CancellationToken cancel) => Run(repository, cancel, "gc", "--quiet", "--prune=2.hours.ago");

    public static long BytesOf(string repository) =>
        new DirectoryInfo(repository).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? file.Length : 0);

    internal static void RepackAll(BackupStore store, bool withBitmap, CancellationToken cancel) =>
        Run(store.Git.Repository, cancel, "repack", "-a", "-d", "-q", withBitmap ? "--write-bitmap-index" : "--no-write-bitmap-index");

    internal static void Run(string repository, CancellationToken cancel, params string[] arguments)
    {
        cancel.ThrowIfCancellationRequested();
        GitRunner git = new(repository, configuration: [("pack.threads", "1"), ("pack.windowMemory", "64m"), ("pack.deltaCacheSize", "16m")]);
        using Process process = git.Start(arguments);
        process.StandardInput.Close();
        var output = GitRunner.ReadLimited(process.StandardOutput);
        var errors = GitRunner.ReadLimited(process.StandardError);
        try
        {
            process.PriorityClass = ProcessPriorityClass.Idle;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended already.
        }

        using (cancel.Register(() => Kill(process)))
            process.WaitForExit();

        cancel.ThrowIfCancellationRequested();
        string said = errors.GetAwaiter().GetResult();
        _ = output.GetAwaiter().GetResult();
        if (process.ExitCode != 0)
            throw git.Failure(arguments[0], process.ExitCode, said);
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, or part of it has.
        }
    }
}
