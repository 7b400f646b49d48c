using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.Tests.Service;

/// <summary>A bare repository at a path, by plain git, which fails or belongs to somebody else when a test says so.</summary>
internal sealed class FakeRemote(BackupStore store, FakeRemote.Place place) : IBackupRemote
{
    /// <summary>What outlives the role.</summary>
    internal sealed class Place(string path)
    {
        public string Path => path;

        /// <summary>Asked before each call; throws what the call is to throw.</summary>
        public volatile Action<string> Before = _ => { };

        public LeaseText? Owner { get; set; }

        public List<string> Calls { get; } = [];

        public string? Head(string branch = "main") => new GitRunner(path).Run(GitRunner.ShortTime, [1], "rev-parse", "--verify", "--quiet", $"refs/heads/{branch}");

        public void Make() => TestFolder.Run("git", "init", "--quiet", "--bare", path);
    }

    public string Name => place.Path;

    public RemoteLook Look(CancellationToken cancel)
    {
        Called("look", cancel);
        return new RemoteLook(place.Head(store.Branch), place.Owner);
    }

    public void Fetch(string commit, bool wholeHistory, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        Called("fetch", cancel);
        string[] whole = wholeHistory && store.IsShallow ? ["--unshallow"] : [];
        store.Git.Run(GitRunner.ShortTime, [], ["fetch", "--quiet", .. whole, place.Path, $"+{commit}:refs/init/fetched"]);
    }

    public void Push(string commit, string? expectedRemote, Action<TransferProgress>? progress, CancellationToken cancel)
    {
        Called("push", cancel);
        if (place.Head(store.Branch) != expectedRemote || (expectedRemote is not null && !(store.Has(expectedRemote) && store.IsAncestor(expectedRemote, commit))))
            throw new RemoteException(RemoteProblem.Moved, "cannot push: the branch is elsewhere");
        store.Git.Run(GitRunner.ShortTime, [], "push", "--quiet", place.Path, $"{commit}:refs/heads/{store.Branch}");
        store.SetAcknowledged(commit);
    }

    public string PushAside(string commit, string branch, CancellationToken cancel)
    {
        Called("push-aside", cancel);
        store.Git.Run(GitRunner.ShortTime, [], "push", "--quiet", place.Path, $"{commit}:refs/heads/{branch}");
        return branch;
    }

    public LeaseOutcome TakeLease(Action<LeaseText>? waiting, CancellationToken cancel)
    {
        Called("take-lease", cancel);
        if (place.Owner is not { } owner)
            return new LeaseOutcome.Held();
        waiting?.Invoke(owner);
        return new LeaseOutcome.HeldByOther(owner);
    }

    public LeaseOutcome AnswerChallenge(CancellationToken cancel)
    {
        Called("answer", cancel);
        return place.Owner is { } owner ? new LeaseOutcome.HeldByOther(owner) : new LeaseOutcome.Held();
    }

    public void AnswerWhileBusy(CancellationToken cancel) => Called("answer while busy", cancel);

    public void ReleaseLease(CancellationToken cancel) => Called("release", cancel);

    public HistoryRelation Relate(string local, string remote, CancellationToken cancel)
    {
        Called("relate", cancel);
        store.Git.Run(GitRunner.ShortTime, [], "fetch", "--quiet", place.Path, $"+{remote}:refs/init/fetched");
        return store.IsAncestor(remote, local) ? HistoryRelation.RemoteIsBehind : store.IsAncestor(local, remote) ? HistoryRelation.RemoteIsAhead : HistoryRelation.Diverged;
    }

    public void Adopt(string commit) => store.SetHead(commit);

    private void Called(string call, CancellationToken cancel)
    {
        lock (place.Calls)
            place.Calls.Add(call);
        place.Before(call);
        cancel.ThrowIfCancellationRequested();
    }
}
