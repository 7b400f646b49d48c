using System.Text.Json;
using Init.Base;
using Init.Config.Toml;
using Xunit.Abstractions;

namespace Init.Config.Tests.Toml;

/// <summary>The public cases of toml-test for TOML 1.0.0, when they are beside the repository. Our own always run.</summary>
public sealed class TomlPublicSuiteTests(ITestOutputHelper output)
{
    /// <summary>The suite has 210 and 499; fewer means that the list was not read.</summary>
    private const int ValidMin = 200, InvalidMin = 450;

    [PublicSuiteFact]
    public void Reader_OnValidPublicCases_ReadsWhatTheSuiteExpects()
    {
        List<string> cases = [.. TomlFiles.PublicCases("valid")];
        List<string> failures = [];
        foreach (string path in cases)
        {
            string file = Path.Combine(TomlFiles.PublicSuite!, path);
            (TomlTable? table, List<ConfigProblem> problems) = TomlFiles.Read(File.ReadAllBytes(file), path);
            using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(file, ".json")));
            string? failure = problems.Count > 0 ? problems[0].ToString() : TaggedJsonComparer.Difference(table!, expected.RootElement);
            if (failure is not null)
                failures.Add($"{path}: {failure}");
        }

        output.WriteLine($"{cases.Count - failures.Count} of {cases.Count} valid cases pass");
        Assert.True(cases.Count >= ValidMin, $"only {cases.Count} valid cases found");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [PublicSuiteFact]
    public void Reader_OnInvalidPublicCases_RefusesEach()
    {
        List<string> cases = [.. TomlFiles.PublicCases("invalid")];
        List<string> accepted = [.. cases.Where(path => TomlFiles.Read(File.ReadAllBytes(Path.Combine(TomlFiles.PublicSuite!, path))).Problems.Count == 0)];

        output.WriteLine($"{cases.Count - accepted.Count} of {cases.Count} invalid cases are refused");
        Assert.True(cases.Count >= InvalidMin, $"only {cases.Count} invalid cases found");
        Assert.True(accepted.Count == 0, "accepted:\n" + string.Join('\n', accepted));
    }

    /// <summary>Says in the test report that the public cases are missing, instead of passing without them.</summary>
    private sealed class PublicSuiteFactAttribute : FactAttribute
    {
        public PublicSuiteFactAttribute()
        {
            if (TomlFiles.PublicSuite is null)
                Skip = "the public toml-test cases are not at ../shared/toml-test";
        }
    }
}
