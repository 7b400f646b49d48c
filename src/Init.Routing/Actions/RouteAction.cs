using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Actions;

/// <summary>What is to be done with a request.</summary>
public abstract record RouteAction
{
    private RouteAction()
    {
    }

    /// <summary>Send it on.</summary>
    /// <param name="Rule">Null: the default backend, and no headers of a rule.</param>
    /// <param name="Backends">To choose from; null: <paramref name="Default"/>.</param>
    /// <param name="Default">Null when the rule has backends of its own.</param>
    /// <param name="PathAndQuery">Of the request, in its own encoding, and without the prefix when that is to be stripped.</param>
    public sealed record Forward(RouteRule? Rule, BackendPool? Backends, BackendUrl? Default, string PathAndQuery) : RouteAction
    {
        /// <summary>The URL as text, to be sent as it is: a <see cref="Uri"/> would decode and resolve what the client wrote.</summary>
        public string UrlAt(BackendUrl backend)
        {
            ArgumentNullException.ThrowIfNull(backend);
            return $"{backend.Origin}{backend.BasePath}{PathAndQuery}";
        }
    }

    /// <param name="Rule">That says so.</param>
    /// <param name="Status">301, 302, 307 or 308.</param>
    /// <param name="Location">A path of this host, or the host the rule names; safe as a header's value.</param>
    public sealed record Redirect(RouteRule Rule, int Status, string Location) : RouteAction;

    /// <param name="Status">400, 403 or 404.</param>
    /// <param name="Reason">For people.</param>
    public sealed record Respond(int Status, string Reason) : RouteAction;

    /// <param name="table">That decided.</param>
    /// <param name="request">The request.</param>
    /// <param name="decision">Of <see cref="RouteTable.Match"/>.</param>
    public static RouteAction For(RouteTable table, in RouteRequest request, in RouteDecision decision)
    {
        ArgumentNullException.ThrowIfNull(table);
        RequestPath.Split(request.Target, out ReadOnlySpan<char> path, out ReadOnlySpan<char> query);
        return decision switch
        {
            { Outcome: RouteOutcome.BadPath } => new Respond(400, "the path of the request is not valid"),
            { Outcome: RouteOutcome.Denied } => new Respond(403, "this address may not use it"),
            { Rule: { Rule.Action: RuleAction.Redirect } rule } => new Redirect(rule.Rule, rule.Rule.RedirectStatus, LocationOf(rule, path, query)),
            { Rule: { Backends: { } pool } rule } => new Forward(rule.Rule, pool, null, PathOf(request.Target, rule, path, query, decision.ByScope)),
            { Rule: var rule } when table.DefaultBackend is { } backend =>
                new Forward(rule?.Rule, null, backend, PathOf(request.Target, rule, path, query, decision.ByScope)),
            _ => new Respond(404, "no rule takes it, and there is no default backend"),
        };
    }

    private static string LocationOf(CompiledRule rule, ReadOnlySpan<char> path, ReadOnlySpan<char> query) =>
        rule.Rule.RedirectTo is { } to
            ? RedirectTarget.Build(to, [], query)
            : RedirectTarget.Build(rule.Rule.RedirectToPrefix!, RequestPath.RawBehind(path, rule.PathPrefix!.Length), query);

    private static string PathOf(string target, CompiledRule? rule, ReadOnlySpan<char> path, ReadOnlySpan<char> query, bool byScope)
    {
        if (rule is not { Rule.StripPrefix: true } || byScope)
            return target.Length == path.Length + query.Length ? target : $"{path}{query}";

        ReadOnlySpan<char> rest = RequestPath.RawBehind(path, rule.PathPrefix!.Length);
        return rest.StartsWith("/") ? $"{rest}{query}" : $"/{rest}{query}";
    }
}
