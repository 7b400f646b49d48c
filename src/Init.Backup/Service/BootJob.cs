using System.Diagnostics;
using System.Globalization;
using Init.Backup.Manifest;
using Init.Backup.Migration;
using Init.Backup.Remote;
using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Config;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>What a job tells while it works; from its own thread.</summary>
public interface IJobReport
{
    /// <summary>Another stage begins.</summary>
    void Stage(string stage, string text);

    /// <summary>How far this stage is; called often.</summary>
    void Progress(Func<TimeSpan, StageProgress> progress);

    /// <summary>Said once for as long as it stays the same; null: it is over.</summary>
    void Problem(string? problem);

    /// <summary>Stays in the status, and is said once.</summary>
    void Note(StatusNote note);

    /// <summary>Of a whole backup or restore: what is not among them any more, and would be if it were still so, is over.</summary>
    void NotesOf(BackupNotes notes);

    void LeaseOf(LeaseText? other);
}

/// <param name="Store">Open from now on.</param>
/// <param name="Remote">Ours to write to.</param>
/// <param name="RemoteCommit">Where its branch is.</param>
/// <param name="IsRemoteKnown">False: the gate opens without its word, and before anything is pushed it has to be asked.</param>
/// <param name="Restored">Null: nothing had to be.</param>
public sealed record BootResult(BackupStore Store, IBackupRemote Remote, string? RemoteCommit, bool IsRemoteKnown, RestoredState? Restored);

/// <summary>
/// From the start to the open gate, on a thread of its own: looks at disk and remote, has <see cref="BootPlan"/> decide, acts. Whatever fails is said and tried again, from
/// the beginning: nothing that it does needs what it did before.
/// </summary>
public sealed class BootJob(BackupParts parts, IJobReport report, string? openedUnder, string? ownInit, CancellationToken cancel)
{
    private static readonly TimeSpan BackoffFirst = TimeSpan.FromSeconds(1), BackoffMax = TimeSpan.FromSeconds(60), LeasePause = TimeSpan.FromSeconds(60);

    private readonly long _began = Stopwatch.GetTimestamp();
    private BackupStore? _store;
    private IBackupRemote? _remote;
    private string? _examinedFor;
    private string? _failure;

    /// <summary>Of the fetch that is under way, or was cut.</summary>
    private TransferProgress? _fetched;

    /// <exception cref="OperationCanceledException">It was told to end.</exception>
    public BootResult Execute()
    {
        TimeSpan pause = BackoffFirst;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                BootResult result = Attempt();
                report.Problem(null);
                return result;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                Close();
                throw;
            }
            catch (HeldByOtherException held)
            {
                report.Problem(null); // The remote has answered.
                report.Stage(Stages.WaitingForLease, held.Message);
                pause = parts.Options.LeaseTime < LeasePause ? parts.Options.LeaseTime : LeasePause;
            }
            catch (Exception exception) when (exception is RemoteException or GitException or ManifestException or SyscallException or IOException or InvalidDataException or UnauthorizedAccessException or OperationCanceledException)
            {
                bool isUnreachable = exception is RemoteException;
                _failure = exception is GitException or ManifestException or InvalidDataException ? exception.Message : null;
                report.Stage(isUnreachable ? Stages.Unreachable : Stages.Failing, $"{exception.Message}{FetchedSoFar()}; what requires the backup waits until this works, which is tried again at least every {BackoffMax.TotalSeconds:0} s");
                report.Problem(exception.Message);
                if (exception is RemoteException { RetryAfter: { } asked } && asked > pause)
                    pause = asked;
            }

            if (cancel.WaitHandle.WaitOne(pause))
                continue;
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, BackoffMax.Ticks));
        }
    }

    /// <summary>Git keeps nothing of a fetch that was cut: it has to be said, or a slow line looks like none.</summary>
    private string FetchedSoFar()
    {
        if (_fetched is not { } fetched)
            return "";
        _fetched = null;
        return $" ({StatusText.Of("it had come so far", StatusText.Of(fetched, TimeSpan.Zero))}; the next attempt begins anew)";
    }

    private BootResult Attempt()
    {
        report.Stage(Stages.Starting, "opening the local store");
        _store ??= OpenStore();
        if (_failure is { } failure)
            Examine(failure);
        _failure = null;
        _remote ??= parts.MakeRemote(_store, parts.Instance());
        report.Stage(Stages.Looking, $"looking at {_remote.Name}");
        string? remoteCommit;
        try
        {
            remoteCommit = TakeBranch();
        }
        catch (RemoteException exception) when (parts.Options.Unreachable == UnreachablePolicy.Start && exception.Problem is RemoteProblem.Unreachable or RemoteProblem.Limited
            && Stopwatch.GetElapsedTime(_began) >= parts.Options.UnreachableLimit)
        {
            return Act(Facts(null, isRemoteKnown: false), null, isRemoteKnown: false);
        }

        using LeaseKeeper keeper = new(_remote, parts.Options.LeaseTime); // From here on the branch is ours, and a restore may take long.
        return Act(Facts(remoteCommit, isRemoteKnown: true), remoteCommit, isRemoteKnown: true);
    }

    /// <returns>Where the branch is, now that it is ours to write.</returns>
    private string? TakeBranch()
    {
        RemoteLook look = _remote!.Look(cancel);
        bool waited = false;
        LeaseOutcome outcome = _remote.TakeLease(
            other =>
            {
                waited = true;
                report.Problem(null);
                report.LeaseOf(other);
                report.Stage(Stages.WaitingForLease, $"the branch is that of {Describe(other)}; asking whether it still lives, which takes up to {parts.Options.LeaseTime.TotalSeconds:0} s");
            },
            cancel);
        if (outcome is LeaseOutcome.HeldByOther { Lease: var owner })
        {
            report.LeaseOf(owner);
            throw new HeldByOtherException($"the branch is that of {Describe(owner)}, which lives: nothing is restored or backed up here until it has ended");
        }

        report.LeaseOf(null);
        return waited ? _remote.Look(cancel).Commit : look.Commit;
    }

    private BootFacts Facts(string? remoteCommit, bool isRemoteKnown)
    {
        string? local = _store!.Head();
        HistoryRelation relation = local is not null && remoteCommit is not null && local != remoteCommit ? _remote!.Relate(local, remoteCommit, cancel) : HistoryRelation.Same;
        return new BootFacts(
            local, remoteCommit, isRemoteKnown, _store.Acknowledged() is not null, relation,
            IsIntact: local is null ? RestoreRun.Unfinished(parts.Settings) is null : DiskCheck.IsIntact(parts.Settings, _store, local),
            IsInUse: openedUnder is not null && openedUnder == ownInit);
    }

    private BootResult Act(BootFacts facts, string? remoteCommit, bool isRemoteKnown)
    {
        BootPlan plan = BootPlan.For(facts);
        if (plan.Note is { } note)
            report.Note(new StatusNote("boot", null, note));
        if (remoteCommit is not null && (plan.Restore == BootRestore.Remote || plan.History is LocalHistory.Joined or LocalHistory.Adopted))
        {
            report.Stage(Stages.Fetching, $"fetching from {_remote!.Name}");
            _remote.Fetch(remoteCommit, wholeHistory: false, transfer =>
            {
                _fetched = transfer;
                report.Progress(elapsed => StatusText.Of(transfer, elapsed));
            }, cancel);
            _fetched = null;
        }

        switch (plan.History)
        {
            case LocalHistory.Adopted:
                _remote!.Adopt(remoteCommit!);
                break;
            case LocalHistory.Joined when facts.Local is { } local:
                _remote!.Adopt(_store!.Join(local, remoteCommit!, parts.Options.Author));
                break;
            case LocalHistory.Joined:
                _store!.SetHead(remoteCommit!);
                break;
            case LocalHistory.PushedAside:
                PushAside(facts);
                break;
        }

        RestoredState? restored = plan.Restore switch
        {
            BootRestore.Local => Restore(facts.Local!),
            BootRestore.Remote => RestoreRemote(remoteCommit!),
            _ => null,
        };
        if (plan.Restore == BootRestore.Nothing)
            TakeOverLinks(mayCopy: !facts.IsInUse);
        return new BootResult(_store!, _remote!, remoteCommit, isRemoteKnown, restored);
    }

    /// <summary>Live files that no backup has become one first; what the remote has already needs no branch.</summary>
    private void PushAside(BootFacts facts)
    {
        string last = facts.Local!;
        VisibilityCheck visibility = new(parts);
        if (facts.IsIntact)
        {
            report.Stage(Stages.BackingUp, "keeping what only this disk has");
            last = BackupRun.Execute(parts.Settings with { LargeFiles = visibility.LargeFiles(cancel) }, _store!, DateTimeOffset.UtcNow, cancel).Commit ?? last;
        }

        if (last == facts.Local && facts.Relation == HistoryRelation.RemoteIsAhead)
            return;

        string time = DateTimeOffset.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string host = new([.. Environment.MachineName.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '-')]);
        visibility.Require(cancel);
        string branch = _remote!.PushAside(last, $"init/diverged/{host}-{time}", cancel);
        report.Note(new StatusNote("boot", null, $"what only this disk had is kept at the remote as branch {branch}"));
    }

    private RestoredState RestoreRemote(string commit)
    {
        // The branch first: a restore that is cut off is taken up again from what the store says.
        _store!.SetHead(commit);
        _store!.SetAcknowledged(commit);
        return Restore(commit);
    }

    private RestoredState Restore(string commit)
    {
        report.Stage(Stages.Restoring, "restoring");
        long began = Stopwatch.GetTimestamp();
        RestoreResult result = RestoreRun.Execute(parts.Settings, _store!, new RestoreRequest(commit, null, []), DateTimeOffset.UtcNow, progress =>
        {
            cancel.ThrowIfCancellationRequested();
            report.Progress(elapsed => StatusText.Of(progress, elapsed));
        }, cancel);
        report.NotesOf(result.Notes);
        if (!result.IsComplete)
        {
            BackupNote first = result.Notes.Kept.FirstOrDefault(note => note.Kind is NoteKind.NotRestored or NoteKind.DatabaseDamaged) ?? result.Notes.Kept[0];
            throw new GitException($"cannot restore all of {commit[..12]}: {first}");
        }

        return new RestoredState(commit, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), result.Entries, result.Written, result.Bytes, Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 2));
    }

    /// <summary>The original moved the files into its repository and left links. A restore sees to it by itself.</summary>
    private void TakeOverLinks(bool mayCopy)
    {
        BackupNotes notes = new();
        SymlinkLayout.Migrate(parts.Settings, mayCopy, notes);
        foreach (BackupNote note in notes.Kept)
            report.Note(new StatusNote(note.Kind.ToString(), note.Path.ToString(), note.Text));
    }

    /// <summary>A store that cannot be read is put aside, not repaired: the remote has what was acknowledged.</summary>
    private BackupStore OpenStore()
    {
        BackupStore store = BackupStore.Open(parts.Settings.StorePath, parts.Settings.Branch);
        try
        {
            string? problem = StoreCheck.FindProblem(store);
            if (problem is null && store.Head() is { } head)
                _ = store.IsReadable(head, out problem);
            if (problem is not null)
                PutAside(store, problem);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>After a failure that may be the store's. Once for each: with all contents, which only a restore reads, it takes minutes.</summary>
    private void Examine(string failure)
    {
        if (_store is null || failure == _examinedFor)
            return;
        _examinedFor = failure;
        report.Stage(Stages.Starting, $"examining the local store, because: {failure}");
        if (StoreCheck.FindProblemThoroughly(_store, withContents: true, cancel) is { } problem)
            PutAside(_store, problem);
    }

    private void PutAside(BackupStore store, string problem)
    {
        string aside = store.PutAside(DateTimeOffset.UtcNow);
        report.Note(new StatusNote("boot", null, $"the local store is damaged ({problem}); it is kept as {aside}, and a new one is made from what the remote has"));
    }

    private void Close()
    {
        _store?.Dispose();
        _store = null;
        _remote = null;
    }

    private static string Describe(LeaseText lease) => $"{lease.Host} (instance {lease.Instance[..Math.Min(8, lease.Instance.Length)]})";

#pragma warning disable CA1032, MA0056, CA1064 // Goes no further than this class.
    private sealed class HeldByOtherException(string message) : Exception(message);
#pragma warning restore CA1032, MA0056, CA1064
}
