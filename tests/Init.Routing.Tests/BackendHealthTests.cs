using Init.Base;
using Init.Routing.Actions;
using Init.Routing.Rules;
using static Init.Routing.Actions.BackendOutcome;

namespace Init.Routing.Tests;

public sealed class BackendHealthTests
{
    private static readonly Instant T0 = new(1_000_000_000);
    private static readonly BackendHealthPolicy Passive = new() { Failures = 2, RetryAfter = TimeSpan.FromSeconds(30) };
    private static readonly BackendHealthPolicy Active = Passive with { Path = "/ok", Successes = 2 };

    [Theory]
    [InlineData("one failure is not enough", true, RequestFailed)]
    [InlineData("two are", false, RequestFailed, RequestFailed)]
    [InlineData("an answer between them starts the count anew", true, RequestFailed, RequestAnswered, RequestFailed)]
    public void Backend_WhenRequestsFailInARow_IsLeftOut(string what, bool expected, params BackendOutcome[] outcomes) => Assert.Equal((what, expected), (what, After(Passive, outcomes).IsUsable(T0)));

    [Fact]
    public void Backend_WhenItsTimeHasCome_IsTriedAndLeftOutAgainByOneFailure()
    {
        BackendHealth down = After(Passive, RequestFailed, RequestFailed);
        Instant later = T0 + Passive.RetryAfter;

        Assert.False(down.IsUsable(new Instant(later.Nanoseconds - 1)));
        Assert.True(down.IsUsable(later));
        Assert.False(down.After(RequestFailed, Passive, later).IsUsable(later));
        Assert.Equal(default, down.After(RequestAnswered, Passive, later));
    }

    [Theory]
    [InlineData("probes count as requests do", false, RequestFailed, ProbeFailed)]
    [InlineData("an answer does not bring it back", false, ProbeFailed, ProbeFailed, RequestAnswered)]
    [InlineData("one good probe is not enough", false, ProbeFailed, ProbeFailed, ProbeGood)]
    [InlineData("two are", true, ProbeFailed, ProbeFailed, ProbeGood, ProbeGood)]
    [InlineData("if they are in a row", false, ProbeFailed, ProbeFailed, ProbeGood, ProbeFailed, ProbeGood)]
    public void Backend_WhenItIsProbed_ComesBackByProbesAlone(string what, bool expected, params BackendOutcome[] outcomes)
    {
        BackendHealth health = After(Active, outcomes);

        Assert.Equal((what, expected), (what, health.IsUsable(T0 + TimeSpan.FromDays(1))));
    }

    private static BackendHealth After(BackendHealthPolicy policy, params BackendOutcome[] outcomes) =>
        outcomes.Aggregate(default(BackendHealth), (health, outcome) => health.After(outcome, policy, T0));
}
