using System.Collections.Immutable;
using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Routing.Store;

/// <param name="Id">Of the rule.</param>
/// <param name="IndexBefore">Where it stood; null when it was not there.</param>
/// <param name="Before">Null when it was not there.</param>
/// <param name="After">Null when it is not there any more.</param>
public sealed record RuleChange(string Id, int? IndexBefore, RouteRule? Before, RouteRule? After);

public sealed record DefaultBackendChange(string? Before, string? After);

/// <summary>What one change did, with all that is needed to take it back.</summary>
/// <param name="Rules">Those that are new, gone or different.</param>
/// <param name="DefaultBackend">Null: not changed.</param>
/// <param name="OrderBefore">All ids in their order before, when that does not follow from the rest.</param>
public sealed record ConfigurationDiff(ImmutableArray<RuleChange> Rules, DefaultBackendChange? DefaultBackend, ImmutableArray<string> OrderBefore)
{
    public bool IsEmpty => Rules.IsEmpty && DefaultBackend is null && OrderBefore.IsEmpty;

    public static ConfigurationDiff Between(RouteConfiguration before, RouteConfiguration after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        Dictionary<string, RouteRule> left = after.Rules.ToDictionary(rule => rule.Id);
        var changes = ImmutableArray.CreateBuilder<RuleChange>();
        for (int i = 0; i < before.Rules.Length; i++)
        {
            RouteRule old = before.Rules[i];
            left.Remove(old.Id, out RouteRule? present);
            if (present is null || !AreSame(old, present))
                changes.Add(new RuleChange(old.Id, i, old, present));
        }

        foreach (RouteRule added in after.Rules.Where(rule => left.ContainsKey(rule.Id)))
            changes.Add(new RuleChange(added.Id, null, null, added));

        DefaultBackendChange? backend = before.DefaultBackend == after.DefaultBackend ? null : new DefaultBackendChange(before.DefaultBackend, after.DefaultBackend);
        ConfigurationDiff diff = new(changes.ToImmutable(), backend, []);
        IEnumerable<string> order = before.Rules.Select(rule => rule.Id);
        return diff.Revert(after).Rules.Select(rule => rule.Id).SequenceEqual(order) ? diff : diff with { OrderBefore = [.. order] };
    }

    /// <param name="after">What the change led to.</param>
    /// <returns>What was there before it.</returns>
    public RouteConfiguration Revert(RouteConfiguration after)
    {
        ArgumentNullException.ThrowIfNull(after);
        Dictionary<string, RuleChange> changes = Rules.ToDictionary(change => change.Id);
        List<RouteRule> rules = [];
        foreach (RouteRule rule in after.Rules)
        {
            if (!changes.TryGetValue(rule.Id, out RuleChange? change))
                rules.Add(rule);
            else if (change.Before is { } before)
                rules.Add(before);
        }

        foreach (RuleChange gone in Rules.Where(change => change.After is null).OrderBy(change => change.IndexBefore))
            rules.Insert(Math.Min(gone.IndexBefore ?? 0, rules.Count), gone.Before!);

        if (!OrderBefore.IsEmpty)
        {
            Dictionary<string, int> places = OrderBefore.Select((id, place) => (id, place)).ToDictionary(pair => pair.id, pair => pair.place);
            rules = [.. rules.OrderBy(rule => places.GetValueOrDefault(rule.Id, int.MaxValue))];
        }

        return new RouteConfiguration(DefaultBackend is null ? after.DefaultBackend : DefaultBackend.Before, [.. rules]);
    }

    private static bool AreSame(RouteRule one, RouteRule other) =>
        ReferenceEquals(one, other) || RuleWriter.ToUtf8(one).AsSpan().SequenceEqual(RuleWriter.ToUtf8(other));
}
