using System.Collections.Immutable;
using Init.Routing.Rules;

namespace Init.Routing.Matching;

/// <param name="Rank">From 0: the first that matches decides.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Index">Its place in the list, from 0.</param>
/// <param name="ByScope">The line for what pages of its application ask for, not the one for its path.</param>
/// <param name="PathLength">Bytes of the path condition; an exact path is one longer.</param>
/// <param name="RefererLength">Bytes of referer_substr.</param>
/// <param name="Summary">Its conditions, for people.</param>
public sealed record EffectiveLine(int Rank, RouteRule Rule, int Index, bool ByScope, int PathLength, int RefererLength, string Summary);

/// <summary>The order in which rules are tried, to be shown.</summary>
public static class EffectiveOrder
{
    public static ImmutableArray<EffectiveLine> Of(RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var lines = ImmutableArray.CreateBuilder<EffectiveLine>(table.Entries.Length);
        foreach (RouteEntry entry in table.Entries)
        {
            CompiledRule rule = entry.Rule;
            lines.Add(new EffectiveLine(lines.Count, rule.Rule, rule.Index, entry.ByScope, entry.ByScope ? 0 : rule.PathLength, rule.RefererLength, Summary(rule.Rule, entry.ByScope)));
        }

        return lines.MoveToImmutable();
    }

    private static string Summary(RouteRule rule, bool byScope)
    {
        List<string> conditions = [];
        if (byScope)
            conditions.Add($"a page of {rule.AppScope} asks");
        else if (rule.Match.PathEqual is { } exact)
            conditions.Add($"path is {exact}");
        if (!byScope && rule.Match.PathPrefix is { } prefix)
            conditions.Add($"path begins with {prefix}");
        if (rule.Match.Host is { } host)
            conditions.Add($"host is {host}");
        if (rule.Match.Method is { } method)
            conditions.Add($"method is {method}");
        foreach (HeaderCondition header in rule.Match.Headers)
        {
            conditions.Add((header.Contains, header.Regex) switch
            {
                (null, null) => $"there is a header {header.Name}",
                ({ } part, null) => $"{header.Name} contains {part}",
                (null, { } pattern) => $"{header.Name} matches {pattern}",
                ({ } part, { } pattern) => $"{header.Name} contains {part} and matches {pattern}",
            });
        }

        if (rule.Match.RefererSubstring is { } substring)
            conditions.Add($"Referer contains {substring}");
        if (rule.Match.RefererRegex is { } regex)
            conditions.Add($"Referer matches {regex}");
        return conditions.Count == 0 ? "every request" : string.Join("; ", conditions);
    }
}
