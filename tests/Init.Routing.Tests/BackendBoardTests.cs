using System.Collections.Immutable;
using System.Text;
using Init.Base;
using Init.Routing.Actions;
using Init.Routing.Json;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>What is known of backends, and what edits make of it.</summary>
public sealed class BackendBoardTests
{
    private readonly List<string> _changes = [];
    private Instant _now = new(1_000_000_000);

    [Fact]
    public void State_AfterAnEdit_IsThatOfTheSameRuleAndUrl()
    {
        BackendBoard board = Board();
        Fail(board, Table("""{"id":"a","backends":[{"url":"http://x:1"},{"url":"http://x:2"}]},{"id":"b","backend":"http://x:1"}"""), index: 0, times: 3);

        RouteTable edited = Table("""{"id":"a","priority":7,"backends":[{"url":"http://x:2"},{"url":"http://x:1"}]},{"id":"b","backend":"http://x:1"}""");
        board.Adopt(edited);

        Assert.Equal(["http://x:2 a True", "http://x:1 a False", "http://x:1 b True"], Report(board, edited));
        Assert.Equal(["http://x:1 a down"], _changes);
    }

    [Fact]
    public void State_OfABackendThatWasGone_IsNew()
    {
        BackendBoard board = Board();
        RouteTable table = Table("""{"id":"a","backend":"http://x:1"}""");
        Fail(board, table, index: 0, times: 3);

        board.Adopt(Table(""));
        RouteTable again = Table("""{"id":"a","backend":"http://x:1"}""");
        board.Adopt(again);

        Assert.Equal(["http://x:1 a True"], Report(board, again));
    }

    [Fact]
    public void State_WhenProbesAreTakenAway_IsTriedAgainAfterItsTime()
    {
        BackendBoard board = Board();
        Fail(board, Table("""{"id":"a","backend":"http://x:1","health":{"path":"/","failures":1}}"""), index: 0, times: 1);

        RouteTable edited = Table("""{"id":"a","backend":"http://x:1","health":{"retry_after":"5s"}}""");
        board.Adopt(edited);
        BackendState state = board.Of(edited.Rules[0].Rule, edited.Rules[0].Backends!)[0];

        Assert.False(state.IsUsable);
        _now += TimeSpan.FromSeconds(5);
        Assert.True(state.IsUsable);
        state.Note(BackendOutcome.RequestAnswered);
        Assert.False(state.IsDown);
        Assert.Equal(["http://x:1 a down", "http://x:1 a up"], _changes);
    }

    [Fact]
    public void Program_IsWhatTheRuleSays_OrKnownByThePortOfThisMachine()
    {
        BackendPrograms programs = new(ImmutableDictionary<int, string>.Empty.Add(1, "one"));
        RouteTable table = Table("""{"id":"a","backends":[{"url":"http://127.0.0.1:1"},{"url":"http://[::1]:1/x"},{"url":"http://localhost:2"},{"url":"http://other:1"},{"url":"h2c://127.0.0.1:1"}]},{"id":"b","program":"two","backend":"http://127.0.0.1:1"}""");

        Assert.Equal(["one", "one", null, null, "one", "two"], Board().Report(table, programs).Select(report => report.Program));
    }

    private BackendBoard Board() => new(() => _now, (key, isDown) => _changes.Add($"{key.Url} {key.RuleId} {(isDown ? "down" : "up")}"));

    private static void Fail(BackendBoard board, RouteTable table, int index, int times)
    {
        for (int i = 0; i < times; i++)
            board.Of(table.Rules[0].Rule, table.Rules[0].Backends!)[index].Note(BackendOutcome.RequestFailed);
    }

    private static IEnumerable<string> Report(BackendBoard board, RouteTable table) =>
        board.Report(table, BackendPrograms.None).Select(report => $"{report.Url} {report.RuleId} {report.IsHealthy}");

    private static RouteTable Table(string rules)
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(Encoding.UTF8.GetBytes($$"""{"rules":[{{rules}}]}"""), RouteConfiguration.Empty);
        Assert.Empty(problems);
        return new RouteTable(configuration!);
    }
}
