using System.Diagnostics;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.Service;

/// <param name="Acknowledged">The commit that the remote has; null: there is nothing to back up at all.</param>
/// <param name="NeedsAnother">Large files were left out because GitHub makes no release in an empty repository. It is not empty any more: the next run stores them.</param>
public sealed record BackupJobResult(LastBackup Last, string? Acknowledged, bool WasPushed, bool NeedsAnother, BackupNotes Notes);

/// <summary>
/// Backs up and pushes, one run at a time, each on a thread of its own. It knows where the remote's branch is; after any doubt it asks before it pushes again.
/// </summary>
public sealed class BackupJob(BackupParts parts, BootResult boot, IJobReport report)
{
    private const int JoinAttempts = 3;

    private readonly VanishedTargets _vanished = new();
    private readonly VisibilityCheck _visibility = new(parts);
    private string? _remoteCommit = boot.RemoteCommit;
    private bool _isRemoteKnown = boot.IsRemoteKnown;

    /// <exception cref="RemoteException">The local store has the backup, the remote has it not.</exception>
    /// <exception cref="GitException">There is no backup.</exception>
    public BackupJobResult Execute(DateTimeOffset now, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        using LeaseKeeper keeper = new(boot.Remote, parts.Options.LeaseTime);
        report.Stage(Stages.BackingUp, "looking for changes");
        BackupResult result = BackupRun.Execute(parts.Settings with { GivenUp = _vanished.GivenUp(now), LargeFiles = _visibility.LargeFiles(cancel) }, boot.Store, now, cancel);
        _vanished.Update(result.Vanished, now);
        bool wasEmpty = _isRemoteKnown && _remoteCommit is null;
        bool isPushed = result.Commit is not null && Push(cancel);
        string? acknowledged = _isRemoteKnown ? _remoteCommit : null;
        LastBackup last = new(
            boot.Store.Head(), now.ToUnixTimeMilliseconds(), Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 3), result.IsNew, result.Entries, result.Changed, result.Deleted);
        return new BackupJobResult(last, acknowledged, isPushed, wasEmpty && isPushed && result.Notes.Kept.Any(note => note.Kind == NoteKind.NotStored), result.Notes);
    }

    /// <summary>A look whether another instance asks if we live. Only while no run is under way.</summary>
    /// <exception cref="RemoteException">It could not be asked; whoever asks will see that we did not answer.</exception>
    public void AnswerChallenge(CancellationToken cancel)
    {
        if (_isRemoteKnown && boot.Remote.AnswerChallenge(cancel) is LeaseOutcome.HeldByOther { Lease: var other })
        {
            _isRemoteKnown = false;
            report.LeaseOf(other);
        }
    }

    public void ReleaseLease(CancellationToken cancel) => boot.Remote.ReleaseLease(cancel);

    /// <summary>The next run asks where the branch is, before it pushes.</summary>
    public void ForgetRemote() => _isRemoteKnown = false;

    /// <summary>The branch is at another commit of the same files, by us. Only while no run is under way.</summary>
    public void HistoryReplaced(string commit) => _remoteCommit = commit;

    private bool Push(CancellationToken cancel)
    {
        bool isPushed = false;
        for (int attempt = 1; ; attempt++)
        {
            if (!_isRemoteKnown)
                Find(cancel);

            // Asked for anew: a push, or a join, may have made another commit of the same files our last one.
            string head = boot.Store.Head()!;
            if (head == _remoteCommit)
                return isPushed;

            _visibility.Require(cancel);
            try
            {
                report.Stage(Stages.Pushing, $"sending to {boot.Remote.Name}");
                boot.Remote.Push(head, _remoteCommit, transfer => report.Progress(elapsed => StatusText.Of(transfer, elapsed)), cancel);
                _remoteCommit = boot.Store.Head();
                isPushed = true;
            }
            catch (RemoteException exception)
            {
                // What did arrive is not known; with another problem than this, the next run asks.
                _isRemoteKnown = false;
                if (exception.Problem != RemoteProblem.Moved || attempt == JoinAttempts)
                    throw;
            }
        }
    }

    /// <summary>Where the branch is, whether it is ours, and what of it we do not have. The files are in use: nothing of it is restored.</summary>
    private void Find(CancellationToken cancel)
    {
        if (boot.Remote.TakeLease(waiting: null, cancel) is LeaseOutcome.HeldByOther { Lease: var other })
        {
            report.LeaseOf(other);
            throw new RemoteException(RemoteProblem.Moved, $"cannot push to {boot.Remote.Name}: the branch is now that of {other.Host}, which lives; backups are made here and stay here until it has ended");
        }

        report.LeaseOf(null);
        string? there = boot.Remote.Look(cancel).Commit;
        string head = boot.Store.Head()!;
        HistoryRelation relation = there is null || there == head ? HistoryRelation.Same : boot.Remote.Relate(head, there, cancel);
        if (relation is HistoryRelation.RemoteIsAhead or HistoryRelation.Diverged or HistoryRelation.Unrelated)
        {
            if (!boot.IsRemoteKnown && boot.Restored is null)
            {
                throw new RemoteException(
                    RemoteProblem.Moved, $"cannot push to {boot.Remote.Name}: it has a backup that was not restored, because it could not be reached at the start; restart to restore it, what is here now is kept");
            }

            boot.Remote.Fetch(there!, wholeHistory: false, null, cancel);
            boot.Remote.Adopt(boot.Store.Join(head, there!, parts.Options.Author));
            report.Note(new StatusNote("remote", null, $"{boot.Remote.Name} was changed by somebody else ({there![..12]}); both histories are kept, and the files here go on"));
        }
        else if (relation == HistoryRelation.SameFiles)
        {
            boot.Remote.Fetch(there!, wholeHistory: false, null, cancel);
            boot.Remote.Adopt(there!);
        }

        _remoteCommit = there;
        _isRemoteKnown = true;
    }
}

/// <summary>
/// Targets that are gone as a whole, or empty, after the last backup had files in them: an absent mount looks like this. What the backup has of them stays for a day of
/// absence; then their owner means it. Who cannot wait takes the target out of the configuration. Not kept over a restart: a target that is missing then is restored.
/// </summary>
public sealed class VanishedTargets
{
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private readonly Dictionary<BytePath, DateTimeOffset> _since = [];

    public IReadOnlySet<BytePath> GivenUp(DateTimeOffset now) => _since.Where(target => now - target.Value >= Patience).Select(target => target.Key).ToHashSet();

    /// <param name="vanished">In the last run; those that were given up in it are not among them.</param>
    /// <param name="now">Of the last run.</param>
    public void Update(IReadOnlyCollection<BytePath> vanished, DateTimeOffset now)
    {
        foreach (BytePath target in _since.Keys.Where(target => !vanished.Contains(target)).ToArray())
            _since.Remove(target);
        foreach (BytePath target in vanished)
            _since.TryAdd(target, now);
    }
}
