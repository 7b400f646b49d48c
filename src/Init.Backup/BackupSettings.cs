using Init.Backup.Large;
using Init.Backup.Names;
using Init.Backup.Scan;

namespace Init.Backup;

/// <summary>What is backed up, and where Init keeps its own.</summary>
/// <param name="Base">Absolute; live paths are relative to it.</param>
/// <param name="StateDirectory">For the store, the index and scratch files; below none of the targets.</param>
/// <param name="Author">As git has it: "name &lt;mail&gt;".</param>
/// <param name="CrossMounts">Whether file systems mounted below a target belong to it.</param>
public sealed record BackupSettings(
    string Base, IReadOnlyList<BytePath> Targets, string StateDirectory, string Branch = "main", string Author = "init-backup <backup@init>", bool CrossMounts = false)
{
    public GlobSet Excluded { get; init; } = GlobSet.None;

    /// <summary>Targets whose absence is meant: what the last backup has of them is deleted. Of others that are gone as a whole, or empty, it stays.</summary>
    public IReadOnlySet<BytePath> GivenUp { get; init; } = new HashSet<BytePath>();

    /// <summary>Bytes from which on a file is never one blob: it is stored outside of the repository, or as chunks.</summary>
    public long LargeThreshold { get; init; } = BackupLimits.LargeFileBytes;

    /// <summary>Where large files are stored; null when the remote has no place but the repository.</summary>
    public ILargeFiles? LargeFiles { get; init; }

    /// <summary>Where the original of this backup kept its repository on disk, with links to it in the places of the targets.</summary>
    public string OriginalDirectory { get; init; } = "/home/user/.astrbot-backup";

    public string StorePath => Path.Combine(StateDirectory, "store.git");

    public string IndexPath => Path.Combine(StateDirectory, "index");

    /// <summary>Names the commit of a restore that has begun and not ended.</summary>
    public string RestoringPath => Path.Combine(StateDirectory, "restoring");

    /// <summary>Files that are of no use after their maker has ended, but for <see cref="FetchedPath"/>.</summary>
    public string ScratchPath => Path.Combine(StateDirectory, "scratch");

    /// <summary>How far large files have come: a download that was cut goes on from there.</summary>
    public string FetchedPath => Path.Combine(ScratchPath, "large");

    /// <summary>What a proof restores, until it is compared.</summary>
    public string ProofPath => Path.Combine(StateDirectory, "proof");

    /// <exception cref="InvalidOperationException">What Init keeps would be backed up by itself, or a path is relative to nobody knows what.</exception>
    public void Check()
    {
        if (!Path.IsPathRooted(Base) || !Path.IsPathRooted(StateDirectory))
            throw new InvalidOperationException($"cannot use base \"{Base}\" with state directory \"{StateDirectory}\": write absolute paths");

        string below = Path.GetFullPath(Base).TrimEnd('/') + "/";
        string state = Path.GetFullPath(StateDirectory).TrimEnd('/') + "/";
        foreach (BytePath target in Targets)
        {
            string path = below + target + (target.IsRoot ? "" : "/");
            if (state.StartsWith(path, StringComparison.Ordinal) || path.StartsWith(state, StringComparison.Ordinal))
                throw new InvalidOperationException($"cannot back up \"{path}\": the state directory \"{state}\" is in it, or it in that, and each backup would change the next; move one of them");
        }
    }
}
