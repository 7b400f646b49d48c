using System.Collections.Immutable;
using Init.Routing.Rules;

namespace Init.Routing.Matching;

/// <summary>One line of the effective order. A rule with an app_scope has two: for its prefix, and for what its pages ask for elsewhere.</summary>
internal readonly record struct RouteEntry(CompiledRule Rule, bool ByScope);

public enum RouteOutcome
{
    /// <summary>The rule says what to do.</summary>
    Rule,

    /// <summary>No rule matched.</summary>
    Default,

    /// <summary>A rule matched, and the client's address may not use it.</summary>
    Denied,

    /// <summary>The request target is not a path, or not a valid one.</summary>
    BadPath,
}

/// <param name="Outcome">What was decided.</param>
/// <param name="Rule">Null unless a rule matched.</param>
/// <param name="ByScope">The rule matched because of the application that asks, not by its path.</param>
public readonly record struct RouteDecision(RouteOutcome Outcome, CompiledRule? Rule, bool ByScope);

/// <summary>
/// A configuration made ready for matching: an immutable snapshot. Whoever changes the rules makes a new one and swaps the reference; requests under way keep theirs.
/// </summary>
/// <remarks>
/// The effective order is total and does not depend on the request: priority, then the length of the path condition, then of referer_substr, then the place in the
/// list. A request takes the first entry that matches; the indexes only spare looking at those that cannot.
/// </remarks>
public sealed class RouteTable
{
    private const int NoRank = int.MaxValue;

    /// <summary>Paths up to a third of it need nothing from the heap, also when they have to be decoded.</summary>
    private const int StackCharsMax = 768;

    private readonly RouteEntry[] _entries;
    private readonly PathIndex _anyHost;
    private readonly Dictionary<string, PathIndex>.AlternateLookup<ReadOnlySpan<char>> _byHost;
    private readonly bool _hasHosts;
    private readonly int[] _scopeRanks;
    private readonly bool _usesReferer;

    public RouteTable(RouteConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Configuration = configuration;
        if (configuration.DefaultBackend is { } url && BackendUrl.TryParse(url, out BackendUrl? parsed) is null)
            DefaultBackend = parsed;

        Rules = [.. configuration.Rules.Select((rule, index) => new CompiledRule(rule, index))];
        _entries =
        [
            .. Rules.Where(rule => rule.Rule.Enabled)
                .SelectMany(rule => rule.Rule.AppScope is null ? [new RouteEntry(rule, false)] : new[] { new RouteEntry(rule, false), new RouteEntry(rule, true) })
                .OrderByDescending(entry => entry.Rule.Rule.Priority)
                .ThenByDescending(entry => entry.ByScope ? 0 : entry.Rule.PathLength)
                .ThenByDescending(entry => entry.Rule.RefererLength)
                .ThenBy(entry => entry.Rule.Index),
        ];

        int[] ranks = [.. Enumerable.Range(0, _entries.Length)];
        _scopeRanks = [.. ranks.Where(rank => _entries[rank].ByScope)];
        _anyHost = new PathIndex(_entries, ranks.Where(rank => _entries[rank].Rule.Host is null));
        Dictionary<string, PathIndex> byHost = ranks.Where(rank => _entries[rank].Rule.Host is not null)
            .GroupBy(rank => _entries[rank].Rule.Host!, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => new PathIndex(_entries, group), StringComparer.OrdinalIgnoreCase);
        _usesReferer = _entries.Any(entry => entry.Rule.Rule.Match is { RefererSubstring: not null } or { RefererRegex: not null });
        _hasHosts = byHost.Count > 0;
        _byHost = byHost.GetAlternateLookup<ReadOnlySpan<char>>();
        Scopes = new AppScopes(Rules.Where(rule => rule.Rule is { Enabled: true, AppScope: not null }));
    }

    public RouteConfiguration Configuration { get; }

    /// <summary>In the order of the list, also those that are not enabled.</summary>
    public ImmutableArray<CompiledRule> Rules { get; }

    /// <summary>Null when there is none.</summary>
    public BackendUrl? DefaultBackend { get; }

    public AppScopes Scopes { get; }

    internal ReadOnlySpan<RouteEntry> Entries => _entries;

    /// <summary>Takes no memory from the heap, unless the path is long and has to be decoded, or a pattern is tried for the first time.</summary>
    public RouteDecision Match(in RouteRequest request)
    {
        RequestPath.Split(request.Target, out ReadOnlySpan<char> raw, out _);
        int scratchChars = RequestPath.IsPlain(raw) ? 0 : raw.Length * RequestPath.ExpansionMax;
        Span<char> scratch = scratchChars == 0 ? [] : scratchChars <= StackCharsMax ? stackalloc char[StackCharsMax] : new char[scratchChars];
        if (!RequestPath.TryNormalize(raw, scratch, out ReadOnlySpan<char> path))
            return new RouteDecision(RouteOutcome.BadPath, null, ByScope: false);

        RequestFacts facts = new(request, path, scope: null, _usesReferer);
        int best = NoRank;
        if (_hasHosts && _byHost.TryGetValue(facts.Host, out PathIndex? ofHost))
            ofHost.Search(_entries, facts, ref best);
        _anyHost.Search(_entries, facts, ref best);

        // Who asks is only looked at when it can change the answer.
        if (_scopeRanks.Length > 0 && _scopeRanks[0] < best && Scopes.Asking(request, path) is { } scope)
            SearchScope(new RequestFacts(request, path, scope, _usesReferer), ref best);
        if (best == NoRank)
            return new RouteDecision(RouteOutcome.Default, null, ByScope: false);

        RouteEntry entry = _entries[best];
        return new RouteDecision(entry.Rule.Admits(request.Client) ? RouteOutcome.Rule : RouteOutcome.Denied, entry.Rule, entry.ByScope);
    }

    private void SearchScope(in RequestFacts facts, ref int best)
    {
        foreach (int rank in _scopeRanks)
        {
            if (rank >= best)
                return;

            if (_entries[rank].Rule.FirstFailure(facts, byScope: true) is null)
            {
                best = rank;
                return;
            }
        }
    }
}
