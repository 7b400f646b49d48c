using Init.Linux;

namespace Init.Engine.Children;

/// <summary>Why a command could not be run, in supervisord's words, which its clients and people's scripts look for.</summary>
public static class SpawnErrorText
{
    private const int AnyExecuteBit = 0b001_001_001;

    public static string NotFound(string command) => $"can't find command {Quote(command)}";

    public static string IsDirectory(string path) => $"command at {Quote(path)} is a directory";

    public static string NotExecutable(string path, string? directory)
    {
        string resolved = directory is null ? path : Path.Combine(directory, path);
        return Files.StatusOf(resolved) is { } status && (status.Mode & AnyExecuteBit) != 0
            ? $"no permission to run command {Quote(path)}"
            : $"command at {Quote(path)} is not executable";
    }

    /// <summary>No descriptor, or no process, to be had.</summary>
    public static string? OfErrno(string process, int errno) => errno switch
    {
        Errno.EMFILE or Errno.ENFILE => $"too many open files to spawn '{process}'",
        Errno.EAGAIN => $"Too many processes in process table to spawn '{process}'",
        Errno.ENOMEM => $"unknown error during fork for '{process}': ENOMEM",
        _ => null,
    };

    /// <summary>As Python's repr() writes a string.</summary>
    private static string Quote(string text)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
        return quote == '\'' ? $"'{escaped.Replace("'", "\\'", StringComparison.Ordinal)}'" : $"\"{escaped}\"";
    }
}
