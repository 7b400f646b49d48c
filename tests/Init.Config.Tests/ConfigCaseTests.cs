using Init.Config.Reports;

namespace Init.Config.Tests;

/// <summary>
/// Cases/NAME/supervisor.toml (and whatever lies beside it) gives Cases/NAME/expected.txt: every problem, or the configuration and its
/// explanation. Run with INIT_UPDATE_CASES=1 to write the results down as the new expectation, and read the diff.
/// </summary>
public class ConfigCaseTests
{
    private static readonly string Folder = FindFolder();

    /// <summary>The environment every case runs in. A value that must never show up in a message contains "s3cret".</summary>
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["HOME"] = "/home/user",
        ["PATH"] = "/usr/bin:/bin",
        ["TZ"] = "UTC",
        ["EMPTY"] = "",
        ["WORKERS"] = "3",
        ["FLAGS"] = "--disable-gpu  --no-sandbox",
        ["TOKEN"] = "s3cret-token",
        ["WEBHOOK"] = "s3cret hook",
        ["NOTIFY_SOCKET"] = "/run/outer",
    };

    public static TheoryData<string> Names => [.. Directory.GetDirectories(Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Case_WhenLoaded_GivesWhatIsExpected(string name)
    {
        string folder = Path.Combine(Folder, name);
        ConfigResult result = ConfigLoader.Load("supervisor.toml", new CaseFiles(folder), Environment);

        string actual = Print(result);
        string problems = CheckReport.Problems(result.Problems) + (result.Config is null ? "" : CheckReport.Explain(result.Config));
        Assert.DoesNotContain("s3cret", problems, StringComparison.Ordinal);
        Assert.Equal(result.Config is null, result.Problems.Length > 0);

        string expectedPath = Path.Combine(folder, "expected.txt");
        if (System.Environment.GetEnvironmentVariable("INIT_UPDATE_CASES") == "1")
            File.WriteAllText(expectedPath, actual);

        Assert.True(File.Exists(expectedPath), $"{expectedPath} is missing; the result is:\n{actual}");
        Assert.Equal(File.ReadAllText(expectedPath), actual);
    }

    [Fact]
    public void Cases_AreMany() => Assert.True(Names.Count >= 60);

    private static string Print(ConfigResult result) => result.Config is null
        ? CheckReport.Problems(result.Problems) + CheckReport.Count(result.Problems.Length) + "\n"
        : ConfigPrinter.Print(result.Config, Environment) + "\n" + CheckReport.Explain(result.Config);

    private static string FindFolder()
    {
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string candidate = Path.Combine(at, "tests", "Init.Config.Tests", "Cases");
            if (Directory.Exists(candidate))
                return candidate;
        }

        throw new DirectoryNotFoundException("tests/Init.Config.Tests/Cases is not above " + AppContext.BaseDirectory);
    }
}
