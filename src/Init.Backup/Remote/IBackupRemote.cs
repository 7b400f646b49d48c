namespace Init.Backup.Remote;

/// <summary>What is at the remote now.</summary>
/// <param name="Commit">Of the branch; null: there is no such branch, although the remote answered.</param>
/// <param name="Lease">Whose the branch is; null: nobody's.</param>
public sealed record RemoteLook(string? Commit, LeaseText? Lease);

/// <summary>Who may write to the branch, as the remote has it.</summary>
/// <param name="Instance">A random id of the writer's disk.</param>
/// <param name="Host">Its name, for people.</param>
/// <param name="Counter">Grows with each renewal; clocks are never compared.</param>
public sealed record LeaseText(string Instance, string Host, long Counter);

/// <summary>Whether we may write.</summary>
public abstract record LeaseOutcome
{
    private LeaseOutcome() { }

    public sealed record Held : LeaseOutcome;

    /// <summary>Another instance has it and has shown that it lives.</summary>
    public sealed record HeldByOther(LeaseText Lease) : LeaseOutcome;
}

/// <summary>How far a fetch or a push is.</summary>
/// <param name="Stage">As git calls it: "Receiving objects".</param>
/// <param name="Objects">Done of this stage.</param>
/// <param name="ObjectsTotal">0 when it is not known.</param>
/// <param name="Bytes">Sent or received in this stage; 0 when it is not known.</param>
public readonly record struct TransferProgress(string Stage, long Objects, long ObjectsTotal, long Bytes);

/// <summary>
/// The repository that outlives this disk. Every call blocks, ends within a second of the token, and throws <see cref="RemoteException"/> when the remote does not do
/// what it is asked to. One thread uses it at a time.
/// </summary>
public interface IBackupRemote
{
    /// <summary>For people; without secrets.</summary>
    string Name { get; }

    /// <summary>A read, and nothing else.</summary>
    RemoteLook Look(CancellationToken cancel);

    /// <summary>Brings a commit of the remote into the store; no branch of ours is moved.</summary>
    /// <param name="commit">As <see cref="Look"/> gave it.</param>
    /// <param name="wholeHistory">False: this commit is enough, its parents are left out.</param>
    /// <param name="progress">Called from another thread, maybe often.</param>
    /// <param name="cancel">Ends it.</param>
    void Fetch(string commit, bool wholeHistory, Action<TransferProgress>? progress, CancellationToken cancel);

    /// <summary>
    /// Sends the commit and all before it, moves the branch and our lease in one step, reads the branch back, and notes the commit as acknowledged
    /// (<c>refs/init/acknowledged</c>). When it returns, the backup is durable at the remote.
    /// </summary>
    /// <param name="commit">Of the store.</param>
    /// <param name="expectedRemote">Where the branch is to be now; null: nowhere. Else it is <see cref="RemoteProblem.Moved"/>.</param>
    /// <param name="progress">Called from another thread, maybe often.</param>
    /// <param name="cancel">Ends it.</param>
    void Push(string commit, string? expectedRemote, Action<TransferProgress>? progress, CancellationToken cancel);

    /// <summary>Sends a commit as a branch of its own, beside ours. The name is made another one when it is taken.</summary>
    /// <returns>The branch as it is called at the remote.</returns>
    string PushAside(string commit, string branch, CancellationToken cancel);

    /// <summary>Makes the branch ours to write. When another instance has it, it is asked to show that it lives, which takes up to the lease time.</summary>
    /// <param name="waiting">Called once with whose lease it is, before waiting for its answer.</param>
    /// <param name="cancel">Ends it.</param>
    LeaseOutcome TakeLease(Action<LeaseText>? waiting, CancellationToken cancel);

    /// <summary>A look whether another instance asks if we live, and the answer to it. A read only when nobody asks.</summary>
    LeaseOutcome AnswerChallenge(CancellationToken cancel);

    /// <summary>
    /// Tells an instance that asks whether we live that we do, while another call of ours is at work: by taking its question away. Neither branch nor lease is moved, so that
    /// a push which is under way is not refused for it. Nothing when the lease is not ours, or nobody asks.
    /// </summary>
    void AnswerWhileBusy(CancellationToken cancel);

    /// <summary>Gives the lease back at a clean end. Nothing when it is not ours.</summary>
    void ReleaseLease(CancellationToken cancel);

    /// <summary>How a commit of ours and one at the remote stand to each other. Fetches commits and no files, aside.</summary>
    HistoryRelation Relate(string local, string remote, CancellationToken cancel);

    /// <summary>Makes a commit of the same files as the last one our last one: no file is touched, and none is read again.</summary>
    void Adopt(string commit);
}
