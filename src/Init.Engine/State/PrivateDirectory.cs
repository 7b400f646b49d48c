using Init.Linux;

namespace Init.Engine.State;

/// <summary>
/// A state directory whose name everybody can guess, in a place where everybody may write (/tmp): made for us alone, or refused when somebody else was there
/// first, who could swap the files under our hands.
/// </summary>
public static class PrivateDirectory
{
    /// <summary>Everybody may write, and nobody may remove what is another's (the sticky bit, chmod(1)): what /tmp is.</summary>
    private const int Shared = 0b001_000_000_010;

    private const int OursOnly = 0b111_000_000;

    /// <summary>Makes the directory if it is missing and stands in such a place. Null when it can be used; else why not, for people.</summary>
    public static string? ProblemOf(string path)
    {
        string parent = Path.GetDirectoryName(path) ?? "/";
        if (Files.StatusOf(parent) is not { } place || (place.Mode & Shared) != Shared)
            return null;

        _ = Files.MakeDirectory(path, OursOnly); // EEXIST: looked at now. Anything else is said when it is used.
        return Files.StatusOf(path, followLink: false) switch
        {
            null => null,
            { Kind: not FileKind.Directory } => $"{path} is no directory, and anybody may have put it there (set [init] state_dir to a directory of your own)",
            { } found when found.Uid != Processes.GetUid() =>
                $"directory {path} belongs to user {found.Uid}, who could change what is in it (set [init] state_dir to a directory of your own)",
            _ => null,
        };
    }
}
