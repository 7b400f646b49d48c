namespace Init.Backup.Remote;

/// <summary>How our last commit and the remote's stand to each other.</summary>
public enum HistoryRelation
{
    Same,

    /// <summary>The remote's is part of ours: it can be pushed to.</summary>
    RemoteIsBehind,

    /// <summary>Ours is part of the remote's: somebody went on from it.</summary>
    RemoteIsAhead,

    /// <summary>Both went on from a common commit.</summary>
    Diverged,

    /// <summary>They have nothing in common: the remote was rewritten by a person.</summary>
    Unrelated,

    /// <summary>Another history of the same files: a compaction that was cut off before it was noted here. <see cref="IBackupRemote.Adopt"/> is all there is to do.</summary>
    SameFiles,
}
