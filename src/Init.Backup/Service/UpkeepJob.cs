using Init.Backup.History;
using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.Service;

/// <summary>
/// Keeps the store and the history small, and looks at a store with which a backup has failed. Between backups, on a thread that lives as long as the job; whatever is
/// cancelled on the way has happened or not, and is taken up again after the next backup.
/// </summary>
public sealed class UpkeepJob(BackupParts parts, BootResult boot, BackupJob backups, IJobReport report)
{
    private static readonly TimeSpan HistoryEvery = TimeSpan.FromHours(24), HistoryAgain = TimeSpan.FromHours(1);

    private string? _examinedFor;
    private string? _suspicion;

    private LastDone HistoryDone => new(Path.Combine(parts.Settings.StateDirectory, "history-checked"));

    /// <summary>A backup has failed for a reason that may lie in the store: it is examined at the next turn.</summary>
    public void Suspect(string problem) => _suspicion = problem;

    /// <returns>True: a backup is to be made at once.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool Execute(DateTimeOffset now, CancellationToken cancel)
    {
        using LeaseKeeper keeper = new(boot.Remote, parts.Options.LeaseTime); // Whoever asks whether we live is not to wait for a repack.
        if (Examine(now, cancel))
            return true;

        try
        {
            StoreUpkeep.Tidy(boot.Store.Git.Repository, cancel);
            if (boot.Remote is GitRemote { Path: { } path })
                StoreUpkeep.Tidy(path, cancel);
            CompactHistory(now, cancel);
            new LargeCheck(parts, boot.Store, report).Execute(now, cancel);
            _ = new LargePruning(parts, boot.Store, boot.Remote, report).Execute(now, cancel); // Before the history here is cut: it says what is needed.
            StoreUpkeep.Shrink(boot.Store, parts.Options.StoreMax.Bytes, cancel);
        }
        catch (Exception exception) when (exception is GitException or RemoteException or IOException or UnauthorizedAccessException)
        {
            report.Note(new StatusNote("upkeep", null, $"cannot tidy up, which is tried again after a later backup: {exception.Message}"));
        }

        return false;
    }

    /// <summary>Once for each problem: a large store takes minutes.</summary>
    private bool Examine(DateTimeOffset now, CancellationToken cancel)
    {
        if (_suspicion is not { } suspicion || suspicion == _examinedFor)
            return false;

        string? problem = StoreCheck.FindProblemThoroughly(boot.Store, withContents: false, cancel);
        _examinedFor = suspicion;
        _suspicion = null;
        if (problem is null)
            return false;

        string aside = boot.Store.PutAside(now);
        backups.ForgetRemote();
        report.Note(new StatusNote("store", null, $"the local store is damaged ({problem}); it is kept as {aside}, and a new one goes on from what the remote has and the files here are"));
        return true;
    }

    private void CompactHistory(DateTimeOffset now, CancellationToken cancel)
    {
        if (boot.Remote is not GitRemote remote || !HistoryDone.IsDue(now, HistoryEvery) || boot.Store.Head() is not { } head || boot.Store.Acknowledged() != head)
            return;

        Config.BackupHistory history = parts.Options.History;
        try
        {
            CompactionResult result = HistoryCompaction.Run(remote, boot.Store, new HistoryPolicy(history.Keep, history.Daily, history.Weekly, history.MaxSize.Bytes), now, null, cancel);
            backups.HistoryReplaced(result.Commit);
            if (result.After < result.Before)
                report.Note(new StatusNote("history", null, $"the history has {result.After} of {result.Before} commits now, as \"history\" says"));
            HistoryDone.Set(now);
        }
        catch (Exception exception) when (exception is GitException or RemoteException)
        {
            backups.ForgetRemote();
            HistoryDone.Set(now - HistoryEvery + HistoryAgain);
            throw;
        }
    }
}
