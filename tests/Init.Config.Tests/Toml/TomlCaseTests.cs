using System.Text.Json;
using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Tests.Toml;

/// <summary>Our own cases: <c>Cases/valid/NAME.toml</c> with NAME.json (tagged as in toml-test), <c>Cases/invalid/NAME.toml</c> with NAME.txt (the exact problems).</summary>
public sealed class TomlCaseTests
{
    public static TheoryData<string> Valid => Names("valid");

    public static TheoryData<string> Invalid => Names("invalid");

    [Theory]
    [MemberData(nameof(Valid))]
    public void Reader_OnValidCase_ReadsWhatIsExpected(string name)
    {
        string file = Path.Combine(TomlFiles.Cases, "valid", name);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(file + ".json"));

        (TomlTable? table, List<ConfigProblem> problems) = TomlFiles.Read(File.ReadAllBytes(file + ".toml"));

        Assert.Empty(problems);
        Assert.NotNull(table);
        Assert.Null(TaggedJsonComparer.Difference(table, expected.RootElement));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Reader_OnInvalidCase_ReportsExactlyTheExpectedProblems(string name)
    {
        string file = Path.Combine(TomlFiles.Cases, "invalid", name);

        (_, List<ConfigProblem> problems) = TomlFiles.Read(File.ReadAllBytes(file + ".toml"));

        Assert.NotEmpty(problems);
        Assert.Equal(File.ReadAllText(file + ".txt"), string.Concat(problems.Select(problem => problem + "\n")));
    }

    [Fact]
    public void Cases_AreAllThere()
    {
        Assert.True(Valid.Count >= 30, $"{Valid.Count} valid cases");
        Assert.True(Invalid.Count >= 60, $"{Invalid.Count} invalid cases");
    }

    private static TheoryData<string> Names(string folder) =>
        new(Directory.EnumerateFiles(Path.Combine(TomlFiles.Cases, folder), "*.toml")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal));
}
