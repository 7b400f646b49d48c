using System.Diagnostics;
using System.Globalization;
using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.History;

/// <param name="Commit">Of the branch now.</param>
/// <param name="Before">Commits before.</param>
/// <param name="After">Commits now; as many as before when there was nothing to do.</param>
public sealed record CompactionResult(string Commit, int Before, int After);

/// <summary>
/// Makes the history shorter, never the last state: the kept commits are made again one after the other with the same files, dates and messages, and the branch is moved to
/// them in one atomic push, if it and our lease are exactly where we know them to be. Whoever dies on the way leaves the old history or the new one; when only this side has
/// not noted it yet, the remote's is <see cref="HistoryRelation.SameFiles"/>, which is adopted.
/// </summary>
public static class HistoryCompaction
{
    /// <summary>Fewer commits to drop are not worth a push, unless they are too large.</summary>
    private const int DroppedMin = 20;

    private static readonly TimeSpan MeasureTime = TimeSpan.FromMinutes(10);

    /// <summary>After an acknowledged backup, and not while another is made. Cancelled at any moment it has happened or not.</summary>
    /// <param name="now">The wall clock, as in the commits' dates.</param>
    /// <exception cref="RemoteException">The remote did not take it.</exception>
    public static CompactionResult Run(GitRemote remote, BackupStore store, HistoryPolicy policy, DateTimeOffset now, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        string head = remote.Look(cancel).Commit ?? throw new RemoteException(RemoteProblem.Failed, $"cannot compact the history at {remote.Name}: there is none");
        if (store.Head() != head)
            throw new RemoteException(RemoteProblem.Moved, $"cannot compact the history at {remote.Name}: its last commit is not ours; back up first");

        if (store.IsShallow)
        {
            // Older commits are only there. What they are is asked without their files, and the files come only when there is something to do.
            IReadOnlyList<HistoryCommit> there = Ancestry.List(remote, store, head, cancel);
            if (there.Count - policy.Choose(there, now).Count < DroppedMin)
                return new CompactionResult(head, there.Count, there.Count);
            remote.Fetch(head, wholeHistory: true, progress, cancel);
        }

        IReadOnlyList<HistoryCommit> all = List(store.Git, head, cancel);
        IReadOnlyList<HistoryCommit> kept = policy.Choose(all, now);
        int fits = policy.Fit(kept.Count, count => Measure(store.Git, kept.Take(count), cancel));
        if (fits == kept.Count && all.Count - kept.Count < DroppedMin)
            return new CompactionResult(head, all.Count, all.Count);

        string compacted = CommitRewriter.Chain(store.Git, kept.Take(fits).Reverse().Select(commit => commit.Id), cancel);
        if (compacted == head)
            return new CompactionResult(head, all.Count, all.Count);

        // With a bitmap git knows exactly what the remote has; else it would send the files of all kept commits once more.
        StoreUpkeep.RepackAll(store, withBitmap: true, cancel);
        remote.ReplaceHistory(compacted, head, progress, cancel);
        remote.Adopt(compacted);
        StoreUpkeep.DropUnneeded(store, cancel);
        if (remote.Path is { } path)
            StoreUpkeep.CollectGarbage(path, cancel);
        return new CompactionResult(compacted, all.Count, fits);
    }

    /// <summary>Newest first. Read line by line: a history that the original has made may have a hundred thousand.</summary>
    internal static IReadOnlyList<HistoryCommit> List(GitRunner git, string head, CancellationToken cancel)
    {
        using Process log = git.Start("log", "--first-parent", "--format=%H %ct", head);
        using CancellationTokenRegistration end = cancel.Register(log.Kill);
        log.StandardInput.Close();
        var errors = GitRunner.ReadLimited(log.StandardError);
        List<HistoryCommit> commits = [];
        while (log.StandardOutput.ReadLine() is { Length: > 41 } line)
            commits.Add(new HistoryCommit(line[..40], DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan(41), CultureInfo.InvariantCulture))));
        log.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        return log.ExitCode == 0 ? commits : throw git.Failure("log", log.ExitCode, errors.GetAwaiter().GetResult());
    }

    /// <summary>Bytes on disk of these commits with all their files.</summary>
    private static long Measure(GitRunner git, IEnumerable<HistoryCommit> commits, CancellationToken cancel) => long.Parse(
        git.RunLongWith(string.Concat(commits.Select(commit => commit.Id + "\n")), MeasureTime, cancel, "rev-list", "--no-walk=unsorted", "--objects", "--disk-usage", "--stdin"), CultureInfo.InvariantCulture);
}
