using static Init.Supervision.Tests.SystemRig;

namespace Init.Supervision.Tests;

public sealed class DependencyGraphTests
{
    private static (string, IReadOnlyList<string>) Node(string name, params string[] needs) => (name, needs);

    [Fact]
    public void StartOrder_WhenNothingDepends_IsTheOrderOfTheConfiguration() =>
        Assert.Equal(["c", "a", "b"], new DependencyGraph([Program("c"), Program("a"), Program("b")]).StartOrder.ToArray());

    [Fact]
    public void StartOrder_WhenSomeDepend_PutsWhatTheyNeedFirst() =>
        Assert.Equal(["b", "c", "a"], new DependencyGraph([Program("a", "c"), Program("b"), Program("c") with { After = ["b"] }]).StartOrder.ToArray());

    [Fact]
    public void Dependants_WhenReplicasAreRequired_DependOnEach()
    {
        var graph = new DependencyGraph([Program("w:0"), Program("w:1"), Program("app", "w!")]);

        Assert.Equal(["w:0", "w:1"], graph.RequiredBy("app"));
        Assert.Equal(["app"], graph.DependantsOf("w:1"));
        Assert.Equal(["app"], graph.RestartedWith("w:0"));
    }

    [Fact]
    public void Graph_WhenThereIsACycle_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new DependencyGraph([Program("a", "b"), Program("b", "a")]));

    [Fact]
    public void FindCycle_WhenThereIsNone_FindsNone()
    {
        Assert.Null(DependencyGraph.FindCycle([Node("a", "b", "c"), Node("b", "c"), Node("c")]));
        Assert.Null(DependencyGraph.FindCycle([Node("a", "unknown")]));
    }

    [Fact]
    public void FindCycle_WhenAProgramNeedsItself_NamesItTwice() => Assert.Equal(["a", "a"], DependencyGraph.FindCycle([Node("a", "a")])!.Value.ToArray());

    [Fact]
    public void FindCycle_WhenTwoNeedEachOther_NamesTheWayRound() =>
        Assert.Equal(["a", "b", "a"], DependencyGraph.FindCycle([Node("a", "b"), Node("b", "a")])!.Value.ToArray());

    [Fact]
    public void FindCycle_WhenTheCycleIsFurtherOn_LeavesOutTheWayThere() =>
        Assert.Equal(["b", "c", "b"], DependencyGraph.FindCycle([Node("a", "x", "b"), Node("x"), Node("b", "c"), Node("c", "b")])!.Value.ToArray());

    [Fact]
    public void FindCycle_WhenAChainIsVeryLong_NeitherOverflowsNorTakesLong()
    {
        const int Length = 10_000;
        (string, IReadOnlyList<string>)[] chain = [.. Enumerable.Range(0, Length).Select(i => Node($"p{i}", $"p{i + 1}"))];
        Assert.Null(DependencyGraph.FindCycle(chain));

        chain[^1] = Node($"p{Length - 1}", "p0");

        Assert.Equal(Length + 1, DependencyGraph.FindCycle(chain)!.Value.Length);
    }

    [Fact]
    public void FindCycle_WhenManyWaysLeadToTheSame_VisitsEachOnce()
    {
        // Every layer needs both of the next: 2^40 ways, 80 programs.
        (string, IReadOnlyList<string>)[] layers =
            [.. Enumerable.Range(0, 40).SelectMany(i => new[] { Node($"l{i}", $"l{i + 1}", $"r{i + 1}"), Node($"r{i}", $"l{i + 1}", $"r{i + 1}") })];

        Assert.Null(DependencyGraph.FindCycle(layers));
    }
}
