using Init.Backup.Remote;

namespace Init.Backup.Service;

/// <summary>What is known at boot, when the remote has answered or has been given up for now.</summary>
/// <param name="Local">The last backup of the local store; null: there is none, or the store could not be read.</param>
/// <param name="Remote">The branch at the remote; null: there is no such branch, although the remote answered.</param>
/// <param name="IsRemoteKnown">False: the remote has not answered, and <see cref="Remote"/> says nothing.</param>
/// <param name="WasAcknowledged">Whether the remote has had a backup of ours before.</param>
/// <param name="Relation">Of the two commits; of no meaning when one is missing.</param>
/// <param name="IsIntact">The disk has what <see cref="Local"/> has, or newer; see <see cref="DiskCheck"/>.</param>
/// <param name="IsInUse">Programs behind the gate have been started since this Init was: nothing is put under their feet.</param>
public sealed record BootFacts(string? Local, string? Remote, bool IsRemoteKnown, bool WasAcknowledged, HistoryRelation Relation, bool IsIntact, bool IsInUse);

/// <summary>What is to be restored before the gate opens.</summary>
public enum BootRestore
{
    Nothing,
    Local,
    Remote,
}

/// <summary>What becomes of a local history that is not the remote's.</summary>
public enum LocalHistory
{
    /// <summary>It is the remote's, or its continuation.</summary>
    Continued,

    /// <summary>The remote has the same files with another history, which becomes ours.</summary>
    Adopted,

    /// <summary>
    /// What it has and the remote has not goes to a branch of its own at the remote, with the live files that no backup has; then ours is where the remote is.
    /// </summary>
    PushedAside,

    /// <summary>The live files go on, as the successor of both: the remote's history and ours.</summary>
    Joined,
}

/// <param name="Restore">What.</param>
/// <param name="History">Before that.</param>
/// <param name="Note">What people should hear of; null when all is as it should be.</param>
public sealed record BootPlan(BootRestore Restore, LocalHistory History, string? Note)
{
    /// <summary>What is done for these facts. Nothing at the remote is ever overwritten, and nothing on disk that no backup has.</summary>
    public static BootPlan For(BootFacts facts) => facts switch
    {
        // The policy says to go on without the remote. What the local store has is better than nothing.
        { IsRemoteKnown: false, Local: not null, IsIntact: false, IsInUse: false } => new(BootRestore.Local, LocalHistory.Continued, WithoutRemote),
        { IsRemoteKnown: false } => new(BootRestore.Nothing, LocalHistory.Continued, WithoutRemote),

        { Remote: null, Local: null } => new(BootRestore.Nothing, LocalHistory.Continued, null),
        { Remote: null } => new(Lacking(facts), LocalHistory.Continued, facts.WasAcknowledged ? "the remote had backups of this disk and has none any more; the local history is sent again" : null),

        { Local: null, IsInUse: true } => new(BootRestore.Nothing, LocalHistory.Joined, "the local history was lost while programs run; their files go on as they are, after the remote's last backup"),
        { Local: null } => new(BootRestore.Remote, LocalHistory.Continued, null),

        { Relation: HistoryRelation.Same or HistoryRelation.RemoteIsBehind } => new(Lacking(facts), LocalHistory.Continued, null),
        { Relation: HistoryRelation.SameFiles } => new(Lacking(facts), LocalHistory.Adopted, null),

        { IsInUse: true } => new(BootRestore.Nothing, LocalHistory.Joined, "the remote went on while programs run here; both histories are kept, and the files here go on"),
        { Relation: HistoryRelation.RemoteIsAhead } => new(BootRestore.Remote, LocalHistory.PushedAside, null),
        _ => new(BootRestore.Remote, LocalHistory.PushedAside, "the remote's history is not that of this disk; what only this disk had is kept as a branch of its own"),
    };

    private const string WithoutRemote = "the remote could not be reached; started with what the disk has";

    private static BootRestore Lacking(BootFacts facts) => facts.IsIntact || facts.IsInUse ? BootRestore.Nothing : BootRestore.Local;
}
