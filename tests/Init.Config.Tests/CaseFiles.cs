using System.Collections.Immutable;

namespace Init.Config.Tests;

/// <summary>A folder on disk seen as <c>/app</c>, so that results do not depend on where the tests run.</summary>
internal sealed class CaseFiles(string folder) : IConfigFiles
{
    public const string Root = "/app";

    private readonly SystemConfigFiles _real = new();

    public string UserId => "1000";

    public string FullPath(string path) => Path.GetFullPath(path, Root);

    public ConfigFile Read(string path, int sizeMax) => path switch
    {
        "/etc/passwd" => Content("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\nuser:x:1000:1000::/home/user:/bin/sh\n"),
        "/etc/group" => Content("root:x:0:\nnogroup:x:65534:\nuser:x:1000:\n"),
        "/proc/sys/kernel/hostname" => Content("host\n"),
        _ => IsInside(path) ? _real.Read(ToReal(path), sizeMax) : new ConfigFile.Missing(),
    };

    public bool IsDirectory(string path) => path is "/" or "/tmp" or "/dev" or "/var/log" or Root || (IsInside(path) && Directory.Exists(ToReal(path)));

    public ImmutableArray<string> Glob(string directory, string pattern, int countMax) =>
        [.. _real.Glob(ToReal(directory), pattern, countMax).Select(path => Root + path[folder.Length..])];

    public bool HasTimeZone(string name) => name is "UTC" or "Europe/Berlin";

    private static ConfigFile.Content Content(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    private static bool IsInside(string path) => path.StartsWith(Root + "/", StringComparison.Ordinal);

    private string ToReal(string path) => folder + path[Root.Length..];
}

/// <summary>Files in memory, for tests that make up their own.</summary>
internal sealed class MemoryFiles : IConfigFiles
{
    public Dictionary<string, string> Texts { get; } = [];

    public string UserId => "1000";

    public string FullPath(string path) => Path.GetFullPath(path, CaseFiles.Root);

    public ConfigFile Read(string path, int sizeMax) => Texts.TryGetValue(path, out string? text)
        ? new ConfigFile.Content(System.Text.Encoding.UTF8.GetBytes(text))
        : new ConfigFile.Missing();

    public bool IsDirectory(string path) => !path.Contains("missing", StringComparison.Ordinal);

    public ImmutableArray<string> Glob(string directory, string pattern, int countMax) =>
        [.. Texts.Keys.Where(path => Path.GetDirectoryName(path) == Path.GetDirectoryName(Path.GetFullPath(pattern, directory)) &&
            Config.Reading.GlobPattern.Matches(Path.GetFileName(pattern), Path.GetFileName(path))).Order(StringComparer.Ordinal).Take(countMax)];

    public bool HasTimeZone(string name) => true;
}
