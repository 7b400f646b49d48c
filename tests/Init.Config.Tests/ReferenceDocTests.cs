using System.Text.RegularExpressions;

namespace Init.Config.Tests;

/// <summary>docs/reference/supervisor.toml.md names every key that exists, none that does not, and how each is applied.</summary>
public class ReferenceDocTests
{
    private static readonly string Text = File.ReadAllText(FindDoc());

    private static readonly Regex Row = new(@"^\| `(?<key>[a-z_.]+)` \|.*\| (?<applies>live|restart|Init) \|$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);
    private static readonly Regex QuotedWord = new("\"(?<key>[a-z_]+)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <summary>Key and last column of every row of a table of keys, with the heading above it.</summary>
    private static readonly (string Heading, string Key, string Applies)[] Rows = [.. ReadRows()];

    [Fact]
    public void EveryComparedField_HasARowThatSaysHowItIsApplied()
    {
        Dictionary<string, string> program = Rows.Where(row => IsProgram(row.Heading)).ToDictionary(row => row.Key, row => row.Applies);

        Assert.All(ProgramField.All, field =>
        {
            Assert.True(program.TryGetValue(field.Name, out string? applies), $"{field.Name} is not documented");
            Assert.Equal(field.Apply == ApplyBy.Live ? "live" : "restart", applies);
        });
    }

    [Fact]
    public void EveryDocumentedKey_IsKnown()
    {
        Assert.True(Rows.Length > 70, $"only {Rows.Length} rows were found");
        Assert.All(Rows, row =>
        {
            string[] parts = row.Key.Split('.');
            string table = row.Heading switch { "`[init]`" => "init", "`[gateway]`" => "gateway", "`[gateway.proxy]`" => "gateway.proxy", "`[gateway.panel]`" => "gateway.panel", "`[backup]`" => "backup", "`[chat]`" => "chat", "`[chat.parameters]`" => "chat.parameters", "`[chat.rendering]`" => "chat.rendering", "`[group.NAME]`" => "group.x", "`[on_event.NAME]`" => "on_event.x", "`[event_listener.NAME]`" => "event_listener.x", _ => "program.x" };
            string line = parts.Length == 1 ? $"{parts[0]} = []" : $"{parts[0]} = {{ {parts[1]} = [] }}";
            MemoryFiles files = new() { Texts = { ["/app/s.toml"] = $"[{table}]\n{line}\n" } };

            ConfigResult result = ConfigLoader.Load("s.toml", files, new Dictionary<string, string>());

            Assert.DoesNotContain(result.Problems, problem => problem.Message == "unknown key");
        });
    }

    [Fact]
    public void EveryKeyThatTheLoaderSuggests_IsDocumented()
    {
        // A table with an unknown key tells all of its keys when they are few.
        foreach (string table in new[] { "stop", "backoff", "hooks", "reload", "limits", "stdout" })
        {
            MemoryFiles files = new() { Texts = { ["/app/s.toml"] = $"[program.x]\ncommand = \"x\"\n{table} = {{ qqqqqqqqqq = 1 }}\n" } };
            string hint = ConfigLoader.Load("s.toml", files, new Dictionary<string, string>()).Problems.Single().Hint!;

            foreach (Match key in QuotedWord.Matches(hint))
                Assert.Contains(Rows, row => row.Key == $"{table}.{key.Groups["key"].Value}");
        }
    }

    [Fact]
    public void EveryEventAndRole_IsDocumented()
    {
        Assert.All(KnownNames.Events, name => Assert.Contains($"`{name}`", Text, StringComparison.Ordinal));
        Assert.All(KnownNames.Builtins, name => Assert.Contains($"`\"{name}\"`", Text, StringComparison.Ordinal));
    }

    [Fact]
    public void TheExample_Loads()
    {
        string example = Text.Split("```toml\n")[1].Split("```")[0];
        MemoryFiles files = new() { Texts = { ["/app/s.toml"] = example } };

        Assert.Empty(ConfigLoader.Load("s.toml", files, new Dictionary<string, string>()).Problems);
    }

    private static bool IsProgram(string heading) => heading is not ("`[init]`" or "`[gateway]`" or "`[gateway.proxy]`" or "`[gateway.panel]`" or "`[backup]`" or "`[chat]`" or "`[chat.parameters]`" or "`[chat.rendering]`" or "`[group.NAME]`" or "`[on_event.NAME]`" or "`[event_listener.NAME]`");

    private static IEnumerable<(string, string, string)> ReadRows()
    {
        string heading = "";
        foreach (string line in Text.Split('\n'))
        {
            if (line.StartsWith('#'))
                heading = line.TrimStart('#', ' ');

            Match row = Row.Match(line);
            if (row.Success)
                yield return (heading, row.Groups["key"].Value, row.Groups["applies"].Value);
        }
    }

    private static string FindDoc()
    {
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string candidate = Path.Combine(at, "docs", "reference", "supervisor.toml.md");
            if (File.Exists(candidate))
                return candidate;
        }

        throw new FileNotFoundException("docs/reference/supervisor.toml.md is not above " + AppContext.BaseDirectory);
    }
}
