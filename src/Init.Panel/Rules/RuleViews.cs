using System.Globalization;
using System.Net;
using System.Text.Json;
using Init.Base;
using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Rules;

/// <summary>What can be known about the rules: their order, their history, what they would do and what they have done.</summary>
internal static class RuleViews
{
    public static Task EffectiveAsync(RulesCall call)
    {
        IEnumerable<EffectiveEntry> entries = EffectiveOrder.Of(call.InForce.Table)
            .Select(line => new EffectiveEntry(line.Rank, line.Rule.Id, line.Index, line.ByScope, line.Rule.Priority, line.PathLength, line.RefererLength, line.Summary));
        return call.AnswerAsync(new EffectiveReply(call.InForce.State.Revision, [.. entries]), RulesJson.Readable.EffectiveReply);
    }

    public static Task HistoryAsync(RulesCall call)
    {
        RouteState state = call.InForce.State;
        return call.AnswerAsync(new HistoryReply(state.Revision, [.. state.History.Reverse().Select(entry => Body(entry, diff: null))]), RulesJson.Readable.HistoryReply);
    }

    public static Task HistoryEntryAsync(RulesCall call)
    {
        string text = (string?)call.Context.Request.RouteValues["revision"] ?? "";
        HistoryEntry? entry = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long revision)
            ? call.InForce.State.History.FirstOrDefault(entry => entry.Revision == revision)
            : null;
        return entry is null
            ? call.RefuseAsync(StatusCodes.Status404NotFound, "there is no such revision in the history")
            : call.AnswerAsync(Body(entry, Body(entry.Diff)), RulesJson.Readable.HistoryEntryBody);
    }

    public static async Task DryRunAsync(RulesCall call)
    {
        if (await call.BodyAsync(RulesJson.Readable.DryRunBody) is not { } body)
            return;

        if (!TrySplit(body, out string target, out string host))
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "url is a path that begins with \"/\", or a URL that begins with http:// or https://");
            return;
        }

        IPAddress? client = call.Context.Features.Get<PanelClient>()?.Address ?? call.Context.Connection.RemoteIpAddress;
        if (body.Client is { } text && !IPAddress.TryParse(text, out client))
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "client is an address");
            return;
        }

        RouteRequest request = new(target, host, body.Method, new HeaderList(body.Headers ?? []), client is null ? null : NetworkText.Plain(client));
        DryRunReport report = DryRun.Explain(call.InForce.Table, request);
        bool isOwn = report.Path is { } path && PanelPipeline.IsOurs(path);
        await call.AnswerAsync(isOwn ? OwnReply(report) : Body(report), RulesJson.Readable.DryRunReply, call.InForce.State);
    }

    public static async Task StatisticsAsync(RulesCall call)
    {
        RouteStatistics statistics = call.Services.Statistics;
        IReadOnlyList<BackendSight> backends = await call.Services.Backends();
        IEnumerable<string?> ids = call.InForce.State.Configuration.Rules.Select(string? (rule) => rule.Id).Append(null);
        StatisticsReply reply = new(
            statistics.Since.ToUnixTimeMilliseconds(),
            [.. ids.Select(id => Body(statistics.Of(id)))],
            [.. backends.Select(backend => new BackendBody(backend.Url, backend.Healthy, backend.Program, backend.State))]);
        await call.AnswerAsync(reply, RulesJson.Readable.StatisticsReply, call.InForce.State);
    }

    private static bool TrySplit(DryRunBody body, out string target, out string host)
    {
        target = body.Url;
        host = body.Host ?? "";
        if (target.StartsWith('/'))
            return true;

        int scheme = target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : target.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : 0;
        if (scheme == 0)
            return false;

        int end = target.AsSpan(scheme).IndexOfAny('/', '?', '#');
        host = end < 0 ? target[scheme..] : target[scheme..(scheme + end)];
        string rest = end < 0 ? "" : target[(scheme + end)..];
        target = rest.StartsWith('/') ? rest : "/" + rest;
        return true;
    }

    /// <summary>Such a path goes to no rule, whatever they say.</summary>
    private static DryRunReply OwnReply(DryRunReport report) => new()
    {
        Outcome = "own",
        Rule = null,
        ByScope = false,
        Action = "respond",
        Upstream = [],
        Path = report.Path,
        AskingScope = null,
        Trials = [],
    };

    private static DryRunReply Body(DryRunReport report) => new()
    {
        Outcome = Name(report.Decision.Outcome),
        Rule = report.Decision.Rule?.Rule.Id,
        ByScope = report.Decision.ByScope,
        Action = report.Action switch
        {
            RouteAction.Forward => "proxy",
            RouteAction.Redirect => "redirect",
            _ => "respond",
        },
        Status = report.Action switch
        {
            RouteAction.Redirect redirect => redirect.Status,
            RouteAction.Respond respond => respond.Status,
            _ => null,
        },
        Location = (report.Action as RouteAction.Redirect)?.Location,
        Upstream = report.UpstreamUrls,
        SetHeaders = report.Action is RouteAction.Forward { Rule.SetHeaders: { IsEmpty: false } headers } ? [.. headers.Select(header => new HeaderBody(header.Name, header.Value))] : null,
        Path = report.Path,
        AskingScope = report.AskingScope,
        Trials = [.. report.Trials.Select(trial => new TrialBody(trial.Rule.Id, trial.Index, trial.ByScope, Name(trial.Outcome), trial.Failed is { } failed ? KeyOf(failed) : null, trial.Why))],
    };

    private static HistoryEntryBody Body(HistoryEntry entry, DiffBody? diff) => new(entry.Revision, entry.At.ToUnixTimeMilliseconds(), entry.Who, entry.What, diff);

    private static DiffBody Body(ConfigurationDiff diff) => new(
        diff.DefaultBackend is { } backend ? new DefaultBackendDiff(backend.Before, backend.After) : null,
        [.. diff.Rules.Select(change => new RuleDiff(
            change.Id, change.IndexBefore, change.Before is { } before ? new RuleBody(before) : null, change.After is { } after ? new RuleBody(after) : null))],
        diff.OrderBefore.IsEmpty ? null : diff.OrderBefore);

    private static RuleStatisticsBody Body(RuleStatistics rule) => new(
        rule.RuleId,
        rule.Requests,
        rule.Failures,
        rule.LastRequestAt?.ToUnixTimeMilliseconds(),
        rule.LastFailure is { } failure ? new FailureBody(failure.At.ToUnixTimeMilliseconds(), failure.Status, failure.Detail) : null);

    private static string KeyOf(RuleCondition condition) => condition switch
    {
        RuleCondition.Path => "path_equal",
        RuleCondition.Header => "headers",
        RuleCondition.RefererSubstring => "referer_substr",
        _ => Name(condition),
    };

    private static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private sealed class HeaderList(IReadOnlyList<HeaderBody> headers) : IRequestHeaders
    {
        public int Count(string name) => headers.Count(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

        public string Value(string name, int index) => headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ElementAt(index).Value;
    }
}
