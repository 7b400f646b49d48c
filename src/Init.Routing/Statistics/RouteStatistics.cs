using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Init.Routing.Statistics;

/// <param name="At">Wall-clock time.</param>
/// <param name="Status">What the client got.</param>
/// <param name="Detail">For people.</param>
public sealed record RouteFailure(DateTimeOffset At, int Status, string Detail);

/// <param name="RuleId">Null: the default backend.</param>
/// <param name="Requests">That it has decided.</param>
/// <param name="Failures">Of these, the ones that were answered with an error of the gateway's.</param>
/// <param name="LastRequestAt">Wall-clock time; null: never.</param>
/// <param name="LastFailure">Null: never.</param>
public sealed record RuleStatistics(string? RuleId, long Requests, long Failures, DateTimeOffset? LastRequestAt, RouteFailure? LastFailure);

/// <summary>
/// What the rules have had to do since the role began. Counted by id, so an edit of a rule keeps its numbers, and a rule that comes back after an undo has them
/// still. Any number of threads may count.
/// </summary>
public sealed class RouteStatistics(TimeProvider time)
{
    /// <summary>The default backend's: no rule has an empty id.</summary>
    private const string DefaultKey = "";

    private readonly ConcurrentDictionary<string, Counters> _counters = new(StringComparer.Ordinal);

    /// <summary>When counting began.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    public void CountRequest(string? ruleId)
    {
        Counters counters = For(ruleId);
        Interlocked.Increment(ref counters.Requests);
        Volatile.Write(ref counters.LastRequest, time.GetUtcNow().UtcTicks);
    }

    public void CountFailure(string? ruleId, int status, string detail)
    {
        Counters counters = For(ruleId);
        Interlocked.Increment(ref counters.Failures);
        counters.LastFailure = new RouteFailure(time.GetUtcNow(), status, detail);
    }

    public RuleStatistics Of(string? ruleId) => _counters.TryGetValue(ruleId ?? DefaultKey, out Counters? counters)
        ? new RuleStatistics(
            ruleId,
            Volatile.Read(ref counters.Requests),
            Volatile.Read(ref counters.Failures),
            Volatile.Read(ref counters.LastRequest) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
            counters.LastFailure)
        : new RuleStatistics(ruleId, 0, 0, null, null);

    /// <summary>Forgets the rules that are neither in force nor in the history, so that their number stays bounded.</summary>
    public void Keep(ImmutableHashSet<string> ruleIds)
    {
        ArgumentNullException.ThrowIfNull(ruleIds);
        foreach (string id in _counters.Keys)
        {
            if (id != DefaultKey && !ruleIds.Contains(id))
                _ = _counters.TryRemove(id, out _);
        }
    }

    private Counters For(string? ruleId) => _counters.GetOrAdd(ruleId ?? DefaultKey, static _ => new Counters());

    private sealed class Counters
    {
        public long Requests;
        public long Failures;
        public long LastRequest;
        public volatile RouteFailure? LastFailure;
    }
}
