using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Architecture.Tests;

/// <summary>Holds the table of docs/ARCHITECTURE.md: references go down only, and PID 1 loads nothing that has threads or a reaper of its own.</summary>
public sealed class DirectionTests
{
    private static readonly Dictionary<string, int> Ranks = new()
    {
        ["Init.Base"] = 0,
        ["Init.Linux"] = 1,
        ["Init.Supervision"] = 1,
        ["Init.Control"] = 1,
        ["Init.XmlRpc"] = 1,
        ["Init.Config"] = 2,
        ["Init.Routing"] = 2,
        ["Init.Engine"] = 3,
        ["Init.Admin"] = 4,
        ["Init.Backup"] = 5,
        ["Init.Chat"] = 5,
        ["Init.Panel"] = 5,
        ["Init.Gateway"] = 6,
        ["Init"] = 7,
    };

    /// <summary>What none of PID 1's own projects may use, and why.</summary>
    private static readonly (string Pattern, string Why)[] Forbidden =
    [
        (@"\bSystem\.Diagnostics\.Process\b|\bnew Process\(|\bProcess\.Start\(", "it reaps children behind the back of the one reaper"),
        (@"\bTask\.Run\b|\bThreadPool\b|\basync\b", "it starts threads of the pool, which wake up when idle"),
        (@"\bConsole\.", "it installs signal handlers of its own"),
        (@"\bThread\.Sleep\b", "the main thread never sleeps but in epoll"),
    ];

    private static readonly string[] InsidePid1 = ["Init.Base", "Init.Linux", "Init.Supervision", "Init.Engine"];

    public static TheoryData<string> Projects => [.. ProjectNames];

    private static IEnumerable<string> ProjectNames =>
        Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path));

    private static string Root { get; } = FindRoot();

    private static string Source => Path.Combine(Root, "src");

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_WhenItReferencesOthers_ReferencesLowerRanksOnly(string project)
    {
        Assert.True(Ranks.TryGetValue(project, out int rank), $"{project} has no rank: add it to this table and to docs/ARCHITECTURE.md");
        foreach (string reference in ReferencesOf(project))
        {
            Assert.True(Ranks.TryGetValue(reference, out int other), $"{project} references {reference}, which has no rank");
            Assert.True(other < rank, $"{project} (rank {rank}) must not reference {reference} (rank {other})");
        }
    }

    [Fact]
    public void Table_WhenComparedWithTheTree_NamesEveryProjectThatExists() =>
        Assert.Equal(Ranks.Keys.Order(), ProjectNames.Order());

    [Fact]
    public void Core_WhenItsReferencesAreRead_NeedsNothingButTheBase() => Assert.Equal(["Init.Base"], ReferencesOf("Init.Supervision"));

    [Fact]
    public void ProjectsOfPid1_WhenTheirSourcesAreRead_UseNothingThatIsForbiddenThere()
    {
        var found =
            from project in InsidePid1
            from file in Directory.EnumerateFiles(Path.Combine(Source, project), "*.cs", SearchOption.AllDirectories)
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where !line.Text.TrimStart().StartsWith("//", StringComparison.Ordinal)
            from rule in Forbidden
            where Regex.IsMatch(line.Text, rule.Pattern, RegexOptions.NonBacktracking) && !(MaySleep(file) && rule.Pattern.Contains("Sleep"))
            select $"{Path.GetRelativePath(Root, file)}:{line.Number}: {line.Text.Trim()} ({rule.Why})";

        Assert.Empty(found);
    }

    /// <summary>The log thread may: it paces floods, and nobody waits for it.</summary>
    private static bool MaySleep(string file) => file.StartsWith(Path.Combine(Source, "Init.Engine", "Logging") + "/", StringComparison.Ordinal);

    private static List<string> ReferencesOf(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Source, project, project + ".csproj"));
        return [.. file.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))];
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")) && Directory.Exists(Path.Combine(folder.FullName, "src")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"cannot find the repository above {AppContext.BaseDirectory}");
    }
}
