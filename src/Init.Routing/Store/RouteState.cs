using System.Collections.Immutable;
using Init.Routing.Rules;

namespace Init.Routing.Store;

/// <param name="Revision">That it led to.</param>
/// <param name="At">Wall-clock time.</param>
/// <param name="Who">A name or an address, of up to <see cref="RouteState.WhoMax"/> characters.</param>
/// <param name="What">For people: "replaced rule \"x\"".</param>
/// <param name="Diff">What changed.</param>
public sealed record HistoryEntry(long Revision, DateTimeOffset At, string Who, string What, ConfigurationDiff Diff);

/// <param name="Configuration">The rules.</param>
/// <param name="Revision">Goes up by one with each change; the ETag.</param>
/// <param name="History">The last changes, oldest first, without a gap up to <paramref name="Revision"/>.</param>
public sealed record RouteState(RouteConfiguration Configuration, long Revision, ImmutableArray<HistoryEntry> History)
{
    public const int HistoryMax = 100;

    /// <summary>Bytes that the history may have in the file. The oldest changes go first, and one that is larger cannot be undone.</summary>
    public const int HistoryBytesMax = 1024 * 1024;

    public const int WhoMax = 128;

    /// <summary>What a gateway without a file starts with.</summary>
    public static RouteState Fresh { get; } = new(DefaultRules.Configuration, 1, []);

    /// <summary>As HTTP has it, with its quotes.</summary>
    public string ETag => $"\"{Revision}\"";

    /// <summary>The configuration as it was; null when the history does not reach so far.</summary>
    public RouteConfiguration? At(long revision)
    {
        if (revision > Revision || revision < Revision - History.Length)
            return null;

        RouteConfiguration configuration = Configuration;
        for (int i = History.Length - 1; i >= 0 && History[i].Revision > revision; i--)
            configuration = History[i].Diff.Revert(configuration);
        return configuration;
    }

    /// <summary>The ids of the rules there are, and of those that an undo can bring back.</summary>
    public ImmutableHashSet<string> KnownIds() =>
        [.. Configuration.Rules.Select(rule => rule.Id), .. History.SelectMany(entry => entry.Diff.Rules).Select(change => change.Id)];

    /// <summary>The state after a change; the same state when nothing is different.</summary>
    internal RouteState With(RouteConfiguration configuration, string who, DateTimeOffset at, string what)
    {
        ConfigurationDiff diff = ConfigurationDiff.Between(Configuration, configuration);
        if (diff.IsEmpty)
            return this;

        string name = new([.. who.Where(c => !char.IsControl(c)).Take(WhoMax)]);
        ImmutableArray<HistoryEntry> history = [.. History.TakeLast(HistoryMax - 1), new HistoryEntry(Revision + 1, at.ToUniversalTime(), name, what, diff)];
        return new RouteState(configuration, Revision + 1, Bounded(history));
    }

    private static ImmutableArray<HistoryEntry> Bounded(ImmutableArray<HistoryEntry> history)
    {
        int bytes = 0;
        int first = history.Length;
        while (first > 0 && (bytes += RouteStateJson.BytesOf(history[first - 1])) <= HistoryBytesMax)
            first--;
        return history[first..];
    }
}
