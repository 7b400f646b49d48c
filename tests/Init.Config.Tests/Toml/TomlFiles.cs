using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Tests.Toml;

/// <summary>Where the test cases are, and how to read one.</summary>
internal static class TomlFiles
{
    /// <summary>The directory of the repository: the nearest above the test's own that has the build properties.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Our own cases.</summary>
    public static string Cases { get; } = Path.Combine(Root, "tests", "Init.Config.Tests", "Toml", "Cases");

    /// <summary>The public cases (https://github.com/toml-lang/toml-test), or null when they are not beside the repository.</summary>
    public static string? PublicSuite { get; } = FindPublicSuite();

    /// <summary>Paths below <see cref="PublicSuite"/> of its TOML 1.0.0 cases in the folder "valid" or "invalid".</summary>
    public static IEnumerable<string> PublicCases(string folder) =>
        File.ReadLines(Path.Combine(PublicSuite!, "files-toml-1.0.0"))
            .Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal) && path.EndsWith(".toml", StringComparison.Ordinal));

    public static (TomlTable? Table, List<ConfigProblem> Problems) Read(byte[] bytes, string name = "supervisor.toml")
    {
        List<ConfigProblem> problems = [];
        return (TomlReader.Read(bytes, name, problems), problems);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Directory.Build.props")))
                return directory.FullName;
        }

        throw new DirectoryNotFoundException($"cannot find the repository above {AppContext.BaseDirectory}");
    }

    private static string? FindPublicSuite()
    {
        string path = Path.GetFullPath(Path.Combine(Root, "..", "shared", "toml-test"));
        return File.Exists(Path.Combine(path, "files-toml-1.0.0")) ? path : null;
    }
}
