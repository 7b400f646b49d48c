using Init.Backup.Manifest;
using Init.Linux;

namespace Init.Backup.Restore;

public enum RestoreAction
{
    /// <summary>It is what is to be there.</summary>
    Keep,

    /// <summary>Nothing is there, or what is there is in an earlier backup, too.</summary>
    Write,

    /// <summary>Something is there that no backup has: it gets another name first.</summary>
    SetAsideAndWrite,
}

/// <summary>What is at a path now.</summary>
/// <param name="Kind">Null when there is nothing.</param>
/// <param name="KnownSha256">Of a file that is as the last backup saw it, what that has; else null.</param>
public readonly record struct LiveLook(FileKind? Kind, string? KnownSha256);

/// <summary>What becomes of what is in the place of a file that is to be restored. Nothing is lost that is not in a backup.</summary>
public static class RestoreDecision
{
    /// <param name="readSha256">Reads the live file; asked only when nothing else tells.</param>
    public static RestoreAction OfFile(ManifestEntry wanted, LiveLook live, Func<string> readSha256) =>
        live switch
        {
            { Kind: null } => RestoreAction.Write,
            { Kind: not FileKind.Regular } => RestoreAction.SetAsideAndWrite,
            { KnownSha256: { } known } => known == wanted.Sha256 ? RestoreAction.Keep : RestoreAction.Write,
            _ => readSha256() == wanted.Sha256 ? RestoreAction.Keep : RestoreAction.SetAsideAndWrite,
        };

    /// <param name="target">Of the live link; null when it is none.</param>
    public static RestoreAction OfLink(ManifestEntry wanted, LiveLook live, string? target) =>
        live.Kind is null ? RestoreAction.Write : target == wanted.Target ? RestoreAction.Keep : RestoreAction.SetAsideAndWrite;

    public static RestoreAction OfDirectory(LiveLook live) =>
        live.Kind switch { null => RestoreAction.Write, FileKind.Directory => RestoreAction.Keep, _ => RestoreAction.SetAsideAndWrite };
}
