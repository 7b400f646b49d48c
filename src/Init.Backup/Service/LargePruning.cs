using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.Service;

/// <summary>
/// Deletes large files at GitHub that no commit on any branch names any more, at most once a day. Nothing is deleted when anything is uncertain: without the whole history here
/// (it is here after it was compacted), with a last backup that is not acknowledged, or with another writer in the repository. Between backups, and cancelled when one is due.
/// </summary>
public sealed class LargePruning(BackupParts parts, BackupStore store, IBackupRemote remote, IJobReport report)
{
    /// <summary>Of an asset. Longer than any backup takes to come from its large files to its commit.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    private static readonly TimeSpan Every = TimeSpan.FromHours(24);

    private LastDone Done => new(Path.Combine(parts.Settings.StateDirectory, "large-files-pruned"));

    /// <returns>Null: it is not due, or it is not certain what is needed, and nothing was deleted.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the next call begins anew.</exception>
    public PruneResult? Execute(DateTimeOffset now, CancellationToken cancel)
    {
        if (parts.Settings.LargeFiles is not { } files || remote is not GitRemote there || !Done.IsDue(now, Every)
            || store.IsShallow || store.Head() is not { } head || store.Acknowledged() != head)
            return null;

        PruneResult? result = null;
        try
        {
            // What only this disk has counts as well: a branch that was configured before, and was never pushed.
            if (LargeReferences.InHistory(store.Git, cancel) is { } here && WholeRemote.Use(there, store, git => LargeReferences.InHistory(git, cancel), cancel) is { } anywhere)
                result = files.Prune(here.Union(anywhere).ToHashSet(), Retention, cancel);
            if (result is { Deleted: > 0 })
                report.Note(new StatusNote("large-files", null, $"{result.Deleted} large files ({result.Bytes / 1_000_000:N0} MB) were deleted at {remote.Name}: no backup that is kept names them"));
        }
        catch (Exception exception) when (exception is GitException or RemoteException)
        {
            report.Note(new StatusNote("large-files", null, $"cannot look for large files that are not needed any more, which is tried again tomorrow: {exception.Message}"));
        }

        Done.Set(now);
        return result;
    }
}
