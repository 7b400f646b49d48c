using System.Collections.Immutable;

namespace Init.Config.Tests;

/// <summary>A folder on disk seen as <c>/app</c>, so that results do not depend on where the tests run.</summary>
internal sealed class CaseFiles(string folder) : IConfigFiles
{
    public const string Root = "/app";

    private readonly SystemConfigFiles _real = new();

    public string UserId => "1000";

    public string FullPath(string path) => Path.GetFullPath(path, Root);

    public ConfigFile Read(string path, int sizeMax) => IsInside(path) ? _real.Read(ToReal(path), sizeMax) : new ConfigFile.Missing();

    public bool IsDirectory(string path) => path is "/" or "/tmp" or "/dev" or "/var/log" or Root || (IsInside(path) && Directory.Exists(ToReal(path)));

    public ImmutableArray<string> Glob(string directory, string pattern, int countMax) =>
        [.. _real.Glob(ToReal(directory), pattern, countMax).Select(path => Root + path[folder.Length..])];

    public bool HasTimeZone(string name) => name is "UTC" or "Europe/Berlin";

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
