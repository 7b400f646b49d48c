using Init.Config.Reports;

namespace Init.Config.Tests.Supervisord;

/// <summary>
/// Supervisord/Cases/NAME/supervisord.conf gives expected.txt beside it: every problem, or the configuration with its warnings. Run with
/// INIT_UPDATE_CASES=1 to write the results down as the new expectation, and read the diff.
/// </summary>
public class SupervisordCaseTests
{
    public static TheoryData<string> Names => [.. SupervisordFolders.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Case_WhenLoaded_GivesWhatIsExpected(string name)
    {
        string folder = Path.Combine(SupervisordFolders.Cases, name);
        ConfigResult result = ConfigLoader.Load("supervisord.conf", new CaseFiles(folder), SupervisordFolders.Environment);

        string said = CheckReport.Problems(result.Problems) + (result.Config is null ? "" : CheckReport.Problems(result.Config.Warnings) + CheckReport.Explain(result.Config));
        Assert.DoesNotContain("s3cret", said, StringComparison.Ordinal);

        string actual = result.Config is null
            ? CheckReport.Problems(result.Problems) + CheckReport.Count(result.Problems.Length) + "\n"
            : ConfigPrinter.Print(result.Config, SupervisordFolders.Environment);
        string expectedPath = Path.Combine(folder, "expected.txt");
        if (System.Environment.GetEnvironmentVariable("INIT_UPDATE_CASES") == "1")
            File.WriteAllText(expectedPath, actual);

        Assert.True(File.Exists(expectedPath), $"{expectedPath} is missing; the result is:\n{actual}");
        Assert.Equal(File.ReadAllText(expectedPath), actual);
    }
}
