using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Init.Base;

namespace Init.Panel.SignIn;

/// <summary>
/// Whose attempt it is: attempts of one lane slow down the next ones of the same lane. A stranger's lane is his address; who has signed in before with this browser has one
/// that no stranger can fill.
/// </summary>
/// <param name="Key">One of a kind.</param>
/// <param name="IsStranger">Counts among those that share one budget.</param>
internal readonly record struct AttemptLane(string Key, bool IsStranger)
{
    /// <summary>Of IPv6 the /64: whoever has one address has all of that network.</summary>
    /// <param name="address">Null: by a unix socket.</param>
    public static AttemptLane OfAddress(IPAddress? address)
    {
        if (address is null)
            return new AttemptLane("unix", IsStranger: true);

        IPAddress plain = NetworkText.Plain(address);
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
            return new AttemptLane(plain.ToString(), IsStranger: true);

        byte[] bytes = plain.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new AttemptLane(new IPAddress(bytes) + "/64", IsStranger: true);
    }

    /// <summary>A browser in which somebody has signed in before.</summary>
    public static AttemptLane OfDevice(string id) => new("device " + id, IsStranger: false);

    /// <summary>Somebody who has signed in, and is asked for the password once more.</summary>
    public static AttemptLane OfCaller(string id) => new("caller " + id, IsStranger: false);
}

/// <summary>
/// Decides whether a password may be tried at all. Pure but for the tables it keeps: time comes in with each call, and the caller holds a lock. An attempt counts as failed from
/// the moment it begins, so that many at once are no way around the delay; success takes that back.
/// </summary>
/// <remarks>docs/decisions/0018-sign-in.md says why it is made like this.</remarks>
internal sealed class SignInThrottle
{
    /// <summary>After the first failure, doubled with each further one.</summary>
    public static readonly TimeSpan DelayMin = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan DelayMax = TimeSpan.FromMinutes(5);

    /// <summary>So long without an attempt, and a lane's failures are forgotten.</summary>
    public static readonly TimeSpan Peace = TimeSpan.FromMinutes(15);

    /// <summary>Failures of all strangers together: as many at once, and this many a minute.</summary>
    public const int StrangersPerMinute = 60;

    /// <summary>When that is used up: one attempt of an address without failures in this time.</summary>
    public static readonly TimeSpan SlowLane = TimeSpan.FromSeconds(5);

    /// <summary>Beyond it, the lane with the fewest failures makes room, of those the oldest.</summary>
    public const int LanesMax = 10_000;

    private static readonly TimeSpan BudgetPerAttempt = TimeSpan.FromMinutes(1) / StrangersPerMinute;

    private readonly Dictionary<string, Failures> _lanes = [];

    /// <summary>The budget of strangers as a point in time: each attempt moves it on, and it must not get more than a minute ahead (GCRA, a leaky bucket).</summary>
    private Instant? _budget;

    private Instant? _nextSlow;

    public int Count => _lanes.Count;

    /// <summary>Whether <see cref="Begin"/> would let it begin, without counting anything.</summary>
    public TimeSpan DelayOf(AttemptLane lane, Instant now)
    {
        bool hasFailed = TryGet(lane, now, out Failures? failures);
        if (hasFailed && failures!.Until > now)
            return failures.Until - now;
        if (!lane.IsStranger || BudgetDelay(now) is var budget && budget == TimeSpan.Zero)
            return TimeSpan.Zero;
        if (hasFailed)
            return budget;

        return _nextSlow is { } next && next > now ? TimeSpan.FromTicks(Math.Min((next - now).Ticks, budget.Ticks)) : TimeSpan.Zero;
    }

    /// <returns>Zero: try the password, and tell how it was. Otherwise how long to wait.</returns>
    public TimeSpan Begin(AttemptLane lane, Instant now)
    {
        TimeSpan delay = DelayOf(lane, now);
        if (delay > TimeSpan.Zero)
            return delay;

        if (lane.IsStranger)
        {
            if (BudgetDelay(now) == TimeSpan.Zero)
                _budget = Later(_budget, now) + BudgetPerAttempt;
            else
                _nextSlow = now + SlowLane;
        }

        if (!TryGet(lane, now, out Failures? failures))
        {
            if (_lanes.Count >= LanesMax)
                MakeRoom(now);
            _lanes[lane.Key] = failures = new Failures();
        }

        failures.Count++;
        failures.Last = now;
        failures.Until = now + DelayAfter(failures.Count);
        return TimeSpan.Zero;
    }

    /// <summary>The attempt that had begun was wrong, which is known only now: the delay is from now on.</summary>
    public void Fail(AttemptLane lane, Instant now)
    {
        if (!TryGet(lane, now, out Failures? failures))
            return;

        failures.Last = now;
        failures.Until = now + DelayAfter(failures.Count);
    }

    /// <summary>The attempt that had begun was the owner's: what it counted is taken back, and the failures of its lane are forgotten.</summary>
    public void Succeed(AttemptLane lane)
    {
        if (_lanes.Remove(lane.Key) && lane.IsStranger && _budget is { } budget)
            _budget = new Instant(budget.Nanoseconds - (BudgetPerAttempt.Ticks * 100));
    }

    public static TimeSpan DelayAfter(int failures)
    {
        TimeSpan delay = DelayMin;
        for (int i = 1; i < failures && delay < DelayMax; i++)
            delay *= 2;
        return delay < DelayMax ? delay : DelayMax;
    }

    private static Instant Later(Instant? one, Instant other) => one is { } value && value > other ? value : other;

    private TimeSpan BudgetDelay(Instant now)
    {
        TimeSpan ahead = Later(_budget, now) - now;
        TimeSpan allowed = TimeSpan.FromMinutes(1) - BudgetPerAttempt;
        return ahead > allowed ? ahead - allowed : TimeSpan.Zero;
    }

    private bool TryGet(AttemptLane lane, Instant now, [NotNullWhen(true)] out Failures? failures)
    {
        if (!_lanes.TryGetValue(lane.Key, out failures))
            return false;
        if (!IsForgotten(failures, now))
            return true;

        _ = _lanes.Remove(lane.Key);
        failures = null;
        return false;
    }

    private static bool IsForgotten(Failures failures, Instant now) => now - failures.Last >= Peace;

    /// <summary>The budget lets some hundred lanes come to be within the time that they are remembered, so this is rare.</summary>
    private void MakeRoom(Instant now)
    {
        foreach (var (key, failures) in _lanes)
        {
            if (IsForgotten(failures, now))
                _ = _lanes.Remove(key); // Removing is allowed while a dictionary is gone through.
        }

        if (_lanes.Count >= LanesMax)
            _ = _lanes.Remove(_lanes.MinBy(lane => (lane.Value.Count, lane.Value.Last)).Key);
    }

    private sealed class Failures
    {
        public int Count { get; set; }

        public Instant Last { get; set; }

        public Instant Until { get; set; }
    }
}
