using System.Collections.Immutable;
using Init.Routing.Actions;
using Init.Routing.Rules;

namespace Init.Routing.Matching;

public enum TrialOutcome
{
    /// <summary>It decides.</summary>
    Wins,

    /// <summary>It would, if none came before it.</summary>
    AlsoMatches,
    Fails,
    Disabled,
}

/// <summary>How one line of the effective order took the request.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Index">Its place in the list, from 0.</param>
/// <param name="ByScope">The line for what pages of its application ask for, not the one for its path.</param>
/// <param name="Outcome">Whether it matched.</param>
/// <param name="Failed">The first condition that did not hold, for <see cref="TrialOutcome.Fails"/>.</param>
/// <param name="Why">For people.</param>
public sealed record RuleTrial(RouteRule Rule, int Index, bool ByScope, TrialOutcome Outcome, RuleCondition? Failed, string Why);

/// <param name="Decision">What <see cref="RouteTable.Match"/> says.</param>
/// <param name="Action">What is done.</param>
/// <param name="Path">What rules see of the path; null when it is not valid.</param>
/// <param name="AskingScope">The application that asks, or null.</param>
/// <param name="Trials">In the order in which they are tried; then those that are not enabled.</param>
/// <param name="UpstreamUrls">Where it goes: one for each backend that may be chosen.</param>
public sealed record DryRunReport(
    RouteDecision Decision, RouteAction Action, string? Path, string? AskingScope, ImmutableArray<RuleTrial> Trials, ImmutableArray<string> UpstreamUrls);

/// <summary>Says which rules a request would meet and why each matches or does not. The decision itself is the real one.</summary>
public static class DryRun
{
    public static DryRunReport Explain(RouteTable table, in RouteRequest request)
    {
        ArgumentNullException.ThrowIfNull(table);
        RouteDecision decision = table.Match(request);
        RouteAction action = RouteAction.For(table, request, decision);
        ImmutableArray<string> urls = action is RouteAction.Forward forward
            ? [.. (forward.Backends?.Urls ?? [forward.Default!]).Select(forward.UrlAt)]
            : [];

        RequestPath.Split(request.Target, out ReadOnlySpan<char> raw, out _);
        if (!RequestPath.TryNormalize(raw, new char[raw.Length * RequestPath.ExpansionMax], out ReadOnlySpan<char> path))
            return new DryRunReport(decision, action, null, null, [], urls);

        string? scope = table.Scopes.Asking(request, path);
        RequestFacts facts = new(request, path, scope, withReferer: true);
        var trials = ImmutableArray.CreateBuilder<RuleTrial>();
        bool isDecided = false;
        foreach (RouteEntry entry in table.Entries)
        {
            RuleCondition? failed = entry.Rule.FirstFailure(facts, entry.ByScope);
            TrialOutcome outcome = failed is not null ? TrialOutcome.Fails : isDecided ? TrialOutcome.AlsoMatches : TrialOutcome.Wins;
            isDecided |= failed is null;
            string why = failed is { } condition ? WhyNot(condition, entry.Rule.Rule, facts) : WhyYes(entry);
            trials.Add(new RuleTrial(entry.Rule.Rule, entry.Rule.Index, entry.ByScope, outcome, failed, why));
        }

        foreach (CompiledRule rule in table.Rules.Where(rule => !rule.Rule.Enabled))
            trials.Add(new RuleTrial(rule.Rule, rule.Index, ByScope: false, TrialOutcome.Disabled, null, "it is not enabled"));

        return new DryRunReport(decision, action, ByteText.Shown(path), scope, trials.ToImmutable(), urls);
    }

    private static string WhyYes(RouteEntry entry) => entry.ByScope ? $"a page of \"{entry.Rule.Rule.AppScope}\" asks" : "all of its conditions hold";

    private static string WhyNot(RuleCondition condition, RouteRule rule, in RequestFacts request) => condition switch
    {
        RuleCondition.Path => $"the path \"{ByteText.Shown(request.Path)}\" is not \"{rule.Match.PathEqual}\"",
        RuleCondition.PathPrefix => $"the path \"{ByteText.Shown(request.Path)}\" does not begin with \"{rule.Match.PathPrefix}\"",
        RuleCondition.Host => $"the host \"{request.Host}\"{(request.Port < 0 ? "" : $" with port {request.Port}")} is not \"{rule.Match.Host}\"",
        RuleCondition.Method => $"the method {request.Method} is not {rule.Match.Method}",
        RuleCondition.AppScope => request.Scope is null ? $"no sign that a page of \"{rule.AppScope}\" asks" : $"a page of \"{request.Scope}\" asks, not of \"{rule.AppScope}\"",
        RuleCondition.Header => WhyNotHeader(rule, request),
        RuleCondition.RefererSubstring when string.IsNullOrEmpty(request.Referer) => "there is no Referer",
        RuleCondition.RefererSubstring => $"the Referer \"{request.Referer}\" does not contain \"{rule.Match.RefererSubstring}\"",
        RuleCondition.RefererRegex when string.IsNullOrEmpty(request.Referer) => "there is no Referer",
        _ => $"the Referer \"{request.Referer}\" does not match \"{rule.Match.RefererRegex}\"",
    };

    private static string WhyNotHeader(RouteRule rule, in RequestFacts request)
    {
        foreach (HeaderCondition condition in rule.Match.Headers)
        {
            if (request.Headers.Count(condition.Name) == 0)
                return $"there is no header {condition.Name}";
        }

        return $"no value meets the conditions for {string.Join(", ", rule.Match.Headers.Select(condition => condition.Name))}";
    }
}
