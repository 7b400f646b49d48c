using Init.Routing.Actions;
using Init.Routing.Json;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>Random rules and random requests. A failure names its seed.</summary>
public sealed class RouteTableProperties
{
    private const int RuleSets = 250;
    private const int RequestsEach = 60;

    [Fact]
    public void Match_WhenComparedWithALinearScan_SaysTheSame()
    {
        Dictionary<RouteOutcome, int> seen = [];
        int byScope = 0;
        ForEach((configuration, table, request, place) =>
        {
            RouteDecision decision = table.Match(request);
            var expected = NaiveMatcher.Match(configuration, request, ScopeOf(table, request));

            Assert.True(expected == (decision.Outcome, decision.Rule?.Rule.Id, decision.ByScope), $"{place}: {request.Target}: expected {expected}, got {decision}");
            seen[decision.Outcome] = seen.GetValueOrDefault(decision.Outcome) + 1;
            byScope += decision.ByScope ? 1 : 0;
        });

        // Every kind of answer has to occur, or nothing was compared.
        Assert.Equal(4, seen.Count(outcome => outcome.Value > 100));
        Assert.True(byScope > 20, $"{byScope} by scope");
    }

    [Fact]
    public void DryRun_WhenComparedWithTheDecision_NamesTheSameRule() =>
        ForEach((_, table, request, place) =>
        {
            DryRunReport report = DryRun.Explain(table, request);

            RouteDecision decision = table.Match(request);
            RuleTrial? winner = report.Trials.SingleOrDefault(trial => trial.Outcome == TrialOutcome.Wins);
            Assert.True((decision.Rule?.Index, decision.Rule is not null && decision.ByScope) == (winner?.Index, winner?.ByScope ?? false), $"{place}: {request.Target}");
            Assert.Equal(decision, report.Decision);
            if (decision.Outcome != RouteOutcome.BadPath)
                Assert.Equal(table.Configuration.Rules.Sum(rule => rule is { Enabled: true, AppScope: not null } ? 2 : 1), report.Trials.Length);
            Assert.Equal(report.Action is RouteAction.Forward, report.UpstreamUrls.Length > 0);
        });

    [Fact]
    public void Location_WhateverTheRequest_IsAPathOrTheHostOfTheRule() =>
        ForEach((_, table, request, place) =>
        {
            if (RouteAction.For(table, request, table.Match(request)) is RouteAction.Redirect redirect)
            {
                bool isPath = redirect.Location[0] == '/' && (redirect.Location.Length == 1 || redirect.Location[1] is not ('/' or '\\'));
                Assert.True(isPath || redirect.Location.StartsWith("https://new.example/", StringComparison.Ordinal) || redirect.Location is "https://new.example", $"{place}: {redirect.Location}");
            }
        });

    [Fact]
    public void Configuration_WhenWrittenAndRead_IsTheSameBytes() =>
        ForEachSet((configuration, seed) =>
        {
            byte[] once = RuleWriter.ToUtf8(configuration);

            var (read, problems) = RuleReader.ReadConfiguration(once, RouteConfiguration.Empty);
            Assert.True(problems.IsEmpty, $"seed {seed}: {string.Join('\n', problems)}");
            Assert.Equal(once, RuleWriter.ToUtf8(read!));
        });

    private static string? ScopeOf(RouteTable table, RouteRequest request)
    {
        RequestPath.Split(request.Target, out ReadOnlySpan<char> raw, out _);
        return RequestPath.TryNormalize(raw, new char[raw.Length * RequestPath.ExpansionMax], out ReadOnlySpan<char> path) ? table.Scopes.Asking(request, path) : null;
    }

    private static void ForEach(Action<RouteConfiguration, RouteTable, RouteRequest, string> check) =>
        ForEachSet((configuration, seed) =>
        {
            string place = $"seed {seed}";
            RouteTable table = new(configuration);
            RandomRules requests = new(new Random(~seed));
            for (int i = 0; i < RequestsEach; i++)
                check(configuration, table, requests.Request(), place);
        });

    private static void ForEachSet(Action<RouteConfiguration, int> check)
    {
        int first = Random.Shared.Next(int.MaxValue - RuleSets);
        for (int seed = first; seed < first + RuleSets; seed++)
            check(new RandomRules(new Random(seed)).Configuration(rulesMax: 12), seed);
    }
}
