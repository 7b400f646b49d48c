using System.Text.RegularExpressions;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests;

/// <summary>
/// Cases/NAME/supervisor.toml is run as PID 1, and what Init says of itself must be Cases/NAME/expected.txt: all lines, without time stamps and pids.
/// A line "received SIGTERM: …" in it is the tests' doing: the signal is sent when the lines before have come.
/// </summary>
public sealed partial class CaseTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Cases");

    public static TheoryData<string> Names => [.. Directory.GetDirectories(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case(string name)
    {
        string[] expected = File.ReadAllLines(Path.Combine(Folder, name, "expected.txt"));
        using InitUnderTest init = InitUnderTest.Start(File.ReadAllText(Path.Combine(Folder, name, "supervisor.toml")));

        int term = Array.FindIndex(expected, line => line.StartsWith("received SIGTERM", StringComparison.Ordinal));
        if (term >= 0)
        {
            init.WaitUntil(() => SaidBy(init).Count >= term, $"{term} lines");
            init.Signal(Signals.SIGTERM);
        }

        ExitStatus status = init.WaitForExit();
        Assert.Equal(expected, SaidBy(init));
        Assert.EndsWith($"exit code {status.Code}", expected[^1], StringComparison.Ordinal);
    }

    /// <summary>Without the line of the start, which has the version and a path.</summary>
    private static List<string> SaidBy(InitUnderTest init) =>
        [.. init.Lines.Select(line => OwnLine().Match(line)).Where(match => match.Success).Select(match => Pid().Replace(match.Groups["said"].Value, "(pid)")).Where(line => !line.StartsWith("Init ", StringComparison.Ordinal))];

    [GeneratedRegex(@"^\S+ init \| (?<said>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnLine();

    [GeneratedRegex(@"\(pid \d+\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pid();
}
