using System.Diagnostics;
using Init.Backup.Scan;
using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>
/// A git repository over HTTP or at a path. Nothing there is ever overwritten: a branch moves forward from where we know it to be, in one atomic push with our lease, and
/// what was pushed is read back before it counts.
/// </summary>
/// <param name="indexPath">The index of the last backup, which names its commit: kept when the same files get another commit.</param>
public sealed class GitRemote(BackupStore store, RemoteAddress address, string instance, RemoteLimits limits, string indexPath) : IBackupRemote
{
    private const string ZeroId = "0000000000000000000000000000000000000000";

    /// <summary>The git at the other side of a path; what is configured by the environment does not reach it. Over HTTP these are of no meaning.</summary>
    internal const string PathSender = "git -c safe.directory=* -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack";

    /// <summary>As durable as at home, and nothing that goes on in the background.</summary>
    private const string PathReceiver = "git -c safe.directory=* -c core.fsync=all -c transfer.unpackLimit=1 -c receive.autogc=false receive-pack";

    private readonly NetworkGit _network = new(store.Git.Repository, address);
    private readonly LeaseCommits _leases = new(store.Git, instance);

    /// <summary>Pushes of a lease that lost against somebody else's, in a row. With the pauses between them that takes ten seconds.</summary>
    private const int LostMax = 15;

    /// <summary>The lease that the remote has from us; null: none. Read by <see cref="AnswerWhileBusy"/> on another thread.</summary>
    private volatile string? _lease;

    /// <summary>What we have tried to put in its place, without hearing whether it is there.</summary>
    private volatile string? _leaseSent;

    /// <summary>What the remote had when the last push was read back: spares asking again. When it is out of date, the next push is refused, as it should be.</summary>
    private RemoteRefs? _readBack;

    public string Name => address.Url;

    /// <summary>Of a repository that we look after ourselves; null: it is at a server.</summary>
    public string? Path => address.IsPath ? address.Url : null;

    private GitRunner Git => store.Git;

    private string BranchRef => $"refs/heads/{store.Branch}";

    private string LeaseRef => $"refs/init/lease/{store.Branch}";

    private string ChallengeRef => $"refs/init/challenge/{store.Branch}";

    public RemoteLook Look(CancellationToken cancel)
    {
        RemoteRefs refs = ReadRefs(cancel);
        return new RemoteLook(refs.Branch, refs.Lease is { } lease ? LeaseTextOf(lease, cancel) : null);
    }

    public void Fetch(string commit, bool wholeHistory, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        if (Has(commit) && !(wholeHistory && store.IsShallow))
            return;

        List<string> arguments = ["fetch", "--no-tags", "--no-write-fetch-head", "--progress", "--upload-pack=" + PathSender];
        if (wholeHistory && store.IsShallow)
            arguments.Add("--unshallow");
        else if (!wholeHistory && (store.Head() is not { } head || Relate(head, commit, cancel) is not (HistoryRelation.RemoteIsAhead or HistoryRelation.Diverged)))
            arguments.Add("--depth=1"); // Nothing of it is here: the parents would only keep programs waiting.
        bool isDone = false;
        try
        {
            Check($"fetch from {Name}", _network.Run(limits.Silence, progress, cancel, [.. arguments, "{remote}", $"+{commit}:refs/init/fetched"]));
            isDone = true;
        }
        finally
        {
            if (!isDone)
                store.RemoveHalfPacks();
        }
    }

    public void Push(string commit, string? expectedRemote, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        if (expectedRemote is not null && (!Has(expectedRemote) || !IsAncestor(expectedRemote, commit)))
            throw new RemoteException(RemoteProblem.Moved, $"cannot push to {Name}: {expectedRemote} there is not part of what is to be pushed");

        if (expectedRemote is null && store.IsShallow && store.Head() == commit)
        {
            // The remote has lost what is before our first commit, and we never had it.
            commit = CommitRewriter.Chain(Git, RunLocal("rev-list", "--reverse", "--first-parent", commit).Split('\n'), cancel);
            Adopt(commit);
        }

        try
        {
            PushBranch(commit, expectedRemote, progress, cancel);
        }
        catch (RemoteException exception) when (exception.Problem is RemoteProblem.SecretFound or RemoteProblem.TooLarge && Squash(commit, expectedRemote) is { } squashed)
        {
            // The file may be excluded by now, and only in between: without the commits that never got there, it is not in what is pushed.
            PushBranch(squashed, expectedRemote, progress, cancel);
            commit = squashed;
            Adopt(commit);
        }

        RunLocal("update-ref", "refs/init/acknowledged", commit);
    }

    public string PushAside(string commit, string branch, CancellationToken cancel)
    {
        string name = branch;
        for (int again = 2; ; again++)
        {
            try
            {
                Send(["--force-with-lease=refs/heads/" + name + ":", "{remote}", $"{commit}:refs/heads/{name}"], null, cancel);
                return name;
            }
            catch (RemoteException exception) when (exception.Problem == RemoteProblem.Moved && again <= 10)
            {
                name = $"{branch}-{again}";
            }
            catch (RemoteException exception) when (exception.Problem == RemoteProblem.Failed && exception.Message.Contains("shallow update not allowed", StringComparison.Ordinal))
            {
                commit = CommitRewriter.WithParents(Git, commit, []); // What was before it is neither here nor there.
            }
        }
    }

    public LeaseOutcome TakeLease(Action<LeaseText>? waiting, CancellationToken cancel)
    {
        // Null: nobody has been asked yet. Else the lease as it was then, the question, and when it could be seen.
        string? seen = null;
        string? challenge = null;
        long askedAt = 0;
        int lost = 0;
        while (true)
        {
            RemoteRefs refs = ReadRefs(cancel);
            LeaseText? text = refs.Lease is { } lease ? LeaseTextOf(lease, cancel) : null;
            if (text is null || text.Instance == instance)
            {
                if (TryPush(() => ReplaceLease(refs, cancel)))
                    return new LeaseOutcome.Held();
                WaitForOthers(ref lost, cancel);
                continue;
            }

            if (seen is null)
            {
                // The owner may just have answered somebody else's: then ours fails, and its new lease is seen first.
                challenge = _leases.Next();
                if (!TryPush(() => Send([$"--force-with-lease={ChallengeRef}:{refs.Challenge}", "{remote}", $"{challenge}:{ChallengeRef}"], null, cancel)))
                {
                    WaitForOthers(ref lost, cancel);
                    continue;
                }

                seen = refs.Lease;
                askedAt = Stopwatch.GetTimestamp(); // Not before the owner can see it.
                waiting?.Invoke(text);
                waiting = null;
            }
            else if (refs.Lease != seen)
            {
                return Withdraw(challenge!, text, cancel); // It has been renewed, or another newcomer was faster.
            }
            else if (refs.Challenge is null)
            {
                return new LeaseOutcome.HeldByOther(text); // Taken away, and the lease is as it was: the owner lives and is busy.
            }
            else if (refs.Challenge != challenge)
            {
                // Another newcomer asks. The owner may have answered us before it did: from here on we wait with that one.
                challenge = refs.Challenge;
                askedAt = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(askedAt) >= limits.LeaseTime)
            {
                if (TryPush(() => ReplaceLease(refs, cancel)))
                    return new LeaseOutcome.Held();
                WaitForOthers(ref lost, cancel);
                continue;
            }

            Wait(limits.LeaseLookEvery, cancel);
        }
    }

    public LeaseOutcome AnswerChallenge(CancellationToken cancel)
    {
        int lost = 0;
        while (true)
        {
            RemoteRefs refs = ReadRefs(cancel);
            LeaseText? text = refs.Lease is { } lease ? LeaseTextOf(lease, cancel) : null;
            if (text is not null && text.Instance != instance)
            {
                _lease = null;
                return new LeaseOutcome.HeldByOther(text);
            }

            _lease = refs.Lease;
            if ((refs.Lease is not null && refs.Challenge is null) || TryPush(() => ReplaceLease(refs, cancel)))
                return new LeaseOutcome.Held();
            WaitForOthers(ref lost, cancel);
        }
    }

    public void AnswerWhileBusy(CancellationToken cancel)
    {
        RemoteRefs refs = ReadRefs(cancel);
        if (refs is { Lease: { } lease, Challenge: { } challenge } && (lease == _lease || lease == _leaseSent))
            _ = TryPush(() => Send([$"--force-with-lease={ChallengeRef}:{challenge}", "{remote}", $":{ChallengeRef}"], null, cancel));
    }

    public void ReleaseLease(CancellationToken cancel)
    {
        if (_lease is null)
            return;
        try
        {
            Settle(cancel);
            Send([$"--force-with-lease={LeaseRef}:{_lease}", "{remote}", $":{LeaseRef}"], null, cancel);
        }
        catch (RemoteException exception) when (exception.Problem == RemoteProblem.Moved)
        {
            // Then it is not ours.
        }

        _lease = null;
    }

    public HistoryRelation Relate(string local, string remote, CancellationToken cancel) => Ancestry.Relate(this, store, local, remote, cancel);

    public void Adopt(string commit)
    {
        string? before = store.Head();
        RunLocal("update-ref", BranchRef, commit);
        if (before is not null)
            IndexFile.Rename(indexPath, before, commit);
    }

    /// <summary>Moves the branch to a history that does not hold what is there, if that is exactly what we know, and we have the lease.</summary>
    internal void ReplaceHistory(string commit, string expectedRemote, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        PushBranch(commit, expectedRemote, progress, cancel);
        RunLocal("update-ref", "refs/init/acknowledged", commit);
    }

    internal NetworkGit Network => _network;

    internal RemoteLimits Limits => limits;

    internal NetworkAnswer Check(string doing, NetworkAnswer answer) =>
        answer.ExitCode == 0 && answer.SilentFor is null ? answer : throw RemoteDiagnosis.Of(doing, answer, DateTimeOffset.UtcNow);

    internal bool Has(string commit) => Git.Run(GitRunner.ShortTime, [1, 128], "cat-file", "-e", commit + "^{commit}") is not null;

    internal bool IsAncestor(string ancestor, string commit) => Git.Run(GitRunner.ShortTime, [1], "merge-base", "--is-ancestor", ancestor, commit) is not null;

    internal string RunLocal(params string[] arguments) => Git.Run(GitRunner.ShortTime, [], arguments)!;

    private void PushBranch(string commit, string? expectedRemote, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        if (_lease is null)
            throw new RemoteException(RemoteProblem.Moved, $"cannot push to {Name}: the branch is not ours to write; its lease is to be taken first");

        RemoteRefs refs = _readBack is { } last && last.Branch == expectedRemote && last.Lease == _lease ? last : Settle(cancel);
        _readBack = null;
        PushParts parts = new(Git, store.Branch, limits.PushBytesMax, cancel);
        foreach (string part in parts.Make(commit, refs.All))
            Send(parts, [$"--force-with-lease={part}", $"--force-with-lease={LeaseRef}:{_lease}", "{remote}", $"{part}:{part}", $"{_lease}:{LeaseRef}"], progress, cancel);

        string lease = _leases.Next();
        _leaseSent = lease;
        string[] spent = [.. parts.Names.Concat(parts.LeftBy(refs.All)).Distinct().Select(part => ":" + part)];
        string[] arguments =
        [
            $"--force-with-lease={BranchRef}:{expectedRemote}", $"--force-with-lease={LeaseRef}:{_lease}", "{remote}",
            $"{commit}:{BranchRef}", $"{lease}:{LeaseRef}", .. spent,
        ];
        RemoteException? failure = null;
        try
        {
            Send(parts, arguments, progress, cancel);
        }
        catch (RemoteException exception) when (exception.Problem is RemoteProblem.Unreachable or RemoteProblem.Failed or RemoteProblem.Moved)
        {
            failure = exception; // Whether it was done is what the remote says now; an answer may have been lost.
        }

        try
        {
            refs = Settle(cancel);
        }
        catch (RemoteException exception) when (failure is not null)
        {
            // "Moved" can be what a request was told that was sent twice, and had been done at the first time.
            throw failure.Problem == RemoteProblem.Moved ? exception : failure;
        }

        if (refs.Branch != commit)
            throw failure ?? new RemoteException(RemoteProblem.Moved, $"cannot push to {Name}: read back, {store.Branch} is at {refs.Branch ?? "nothing"} and not at {commit}");
        if (spent.Length > 0)
            parts.Remove();
        _readBack = refs;
    }

    /// <summary>Reads the references; if a lease of ours was under way, it is known now.</summary>
    /// <exception cref="RemoteException">The lease is not ours any more.</exception>
    private RemoteRefs Settle(CancellationToken cancel)
    {
        RemoteRefs refs = ReadRefs(cancel);
        if (refs.Lease is not null && refs.Lease == _leaseSent)
            _lease = _leaseSent;
        if (refs.Lease == _lease)
            return refs;

        LeaseText? text = refs.Lease is null ? null : LeaseTextOf(refs.Lease, cancel);
        if (text?.Instance == instance)
        {
            _lease = refs.Lease; // An earlier one of ours that we have lost count of.
            return refs;
        }

        _lease = null;
        throw new RemoteException(RemoteProblem.Moved, $"cannot push to {Name}: the branch {store.Branch} is {(text is null ? "nobody's" : $"held by {text.Host} now")}, and not ours any more");
    }

    private void ReplaceLease(RemoteRefs refs, CancellationToken cancel)
    {
        string lease = _leases.Next(refs.Lease is { } last ? LeaseTextOf(last, cancel).Counter : 0);
        _leaseSent = lease;
        List<string> arguments = [$"--force-with-lease={LeaseRef}:{refs.Lease}", "{remote}", $"{lease}:{LeaseRef}"];
        if (refs.Challenge is not null)
        {
            arguments.Insert(0, $"--force-with-lease={ChallengeRef}:{refs.Challenge}");
            arguments.Add(":" + ChallengeRef);
        }

        Send(arguments, null, cancel);
        _lease = lease;
    }

    /// <returns>False: somebody else was faster.</returns>
    private static bool TryPush(Action push)
    {
        try
        {
            push();
            return true;
        }
        catch (RemoteException exception) when (exception.Problem == RemoteProblem.Moved)
        {
            return false;
        }
    }

    /// <summary>
    /// After a push that failed because somebody else was faster: another look decides. A lock that a killed git has left in a repository at a path looks the same, until it is
    /// old enough to be removed by such a look.
    /// </summary>
    /// <exception cref="RemoteException">It has happened too often.</exception>
    private void WaitForOthers(ref int lost, CancellationToken cancel)
    {
        if (++lost == LostMax)
        {
            throw new RemoteException(
                RemoteProblem.Failed, $"cannot take the lease at {Name}: it was changed by others {LostMax} times in a row, or a git that was killed has left a lock there; look for {LeaseRef} and {ChallengeRef} there, and for their .lock files");
        }

        Wait(TimeSpan.FromMilliseconds(100 * lost), cancel);
    }

    /// <summary>Answered by a backup, the challenge is still there, and would be answered once more.</summary>
    private LeaseOutcome Withdraw(string challenge, LeaseText holder, CancellationToken cancel)
    {
        try
        {
            Send([$"--force-with-lease={ChallengeRef}:{challenge}", "{remote}", $":{ChallengeRef}"], null, cancel);
        }
        catch (RemoteException)
        {
            // The owner has done it, or will.
        }

        return new LeaseOutcome.HeldByOther(holder);
    }

    /// <summary>One commit with these files instead of all that the remote does not have; null when there is but one.</summary>
    private string? Squash(string commit, string? expectedRemote)
    {
        if (store.Head() != commit)
            return null;
        string count = expectedRemote is null ? RunLocal("rev-list", "--count", commit) : RunLocal("rev-list", "--count", commit, "^" + expectedRemote);
        return count is "0" or "1" ? null : CommitRewriter.WithParents(Git, commit, expectedRemote is null ? [] : [expectedRemote]);
    }

    private void Send(IReadOnlyList<string> arguments, Action<TransferProgress>? progress, CancellationToken cancel) => Send(null, arguments, progress, cancel);

    /// <summary>One atomic push.</summary>
    private void Send(PushParts? parts, IReadOnlyList<string> arguments, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        NetworkGit network = parts?.ShallowFile is { } shallowFile ? _network.WithShallowFile(shallowFile) : _network;
        string[] deltas = parts is { LooksForDeltas: false } ? ["-c", "pack.window=0"] : [];
        Check($"push to {Name}", network.Run(limits.Silence, progress, cancel, [.. deltas, "push", "--porcelain", "--progress", "--atomic", "--no-verify", "--no-follow-tags", "--receive-pack=" + PathReceiver, .. arguments]));
    }

    private RemoteRefs ReadRefs(CancellationToken cancel)
    {
        string doing = $"look at {Name}";
        if (address.IsPath && !File.Exists(System.IO.Path.Combine(address.Url, "HEAD")))
            throw new RemoteException(RemoteProblem.NotFound, $"cannot {doing}: there is no bare git repository; make it with git init --bare, or mount what it is on");
        if (address.IsPath)
            PathLocks.RemoveStale(address.Url, DateTime.UtcNow); // With each look: one that was left just now is still to grow old.
        NetworkAnswer answer = Check(doing, _network.Run(limits.AnswerTime, null, cancel, "ls-remote", "--quiet", "--upload-pack=" + PathSender, "{remote}", BranchRef, LeaseRef, ChallengeRef, PushParts.PatternOf(store.Branch)));
        Dictionary<string, string> all = [];
        foreach (string line in answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split('\t') is [{ Length: 40 } id, var name] && id != ZeroId)
                all[name] = id;
        }

        return new RemoteRefs(all.GetValueOrDefault(BranchRef), all.GetValueOrDefault(LeaseRef), all.GetValueOrDefault(ChallengeRef), all);
    }

    private LeaseText LeaseTextOf(string commit, CancellationToken cancel)
    {
        if (!Has(commit))
            Check($"read the lease at {Name}", _network.Run(limits.AnswerTime, null, cancel, "fetch", "--no-tags", "--no-write-fetch-head", "--upload-pack=" + PathSender, "{remote}", $"+{LeaseRef}:refs/init/lease-seen"));
        return _leases.Read(commit);
    }

    private static void Wait(TimeSpan time, CancellationToken cancel)
    {
        if (cancel.WaitHandle.WaitOne(time))
            throw new OperationCanceledException(cancel);
    }

    private sealed record RemoteRefs(string? Branch, string? Lease, string? Challenge, IReadOnlyDictionary<string, string> All);
}
