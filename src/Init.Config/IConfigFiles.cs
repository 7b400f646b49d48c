using System.Collections.Immutable;

namespace Init.Config;

/// <summary>All that loading a configuration needs of the machine; everything else about it is pure.</summary>
public interface IConfigFiles
{
    /// <summary>The absolute form of a path; a relative one is taken from the current directory.</summary>
    string FullPath(string path);

    /// <summary>The whole file, if it has at most <paramref name="sizeMax"/> bytes.</summary>
    ConfigFile Read(string path, int sizeMax);

    /// <summary>True when there is such a directory.</summary>
    bool IsDirectory(string path);

    /// <summary>The files below <paramref name="directory"/> that match, absolute, in ordinal order; at most <paramref name="countMax"/>.</summary>
    ImmutableArray<string> Glob(string directory, string pattern, int countMax);

    /// <summary>True when the system's time-zone data has this zone.</summary>
    bool HasTimeZone(string name);

    /// <summary>The numeric user id we run as, as text: it makes a private fallback directory under /tmp.</summary>
    string UserId { get; }
}

/// <summary>What became of reading a file.</summary>
public abstract record ConfigFile
{
    private ConfigFile() { }

    public sealed record Content(ReadOnlyMemory<byte> Bytes) : ConfigFile;

    public sealed record Missing : ConfigFile;

    public sealed record TooLarge : ConfigFile;

    /// <param name="Reason">In words, without the path: "permission denied".</param>
    public sealed record Unreadable(string Reason) : ConfigFile;
}
