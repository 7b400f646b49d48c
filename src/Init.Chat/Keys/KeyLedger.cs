using Init.Base;

namespace Init.Chat.Keys;

/// <summary>Why a key may not do it now.</summary>
/// <param name="Code">For programs: "rate_limit_exceeded" (soon it may again) or "insufficient_quota" (not before the next day or month).</param>
/// <param name="Message">For people; no secret is in it.</param>
/// <param name="RetryAfter">When it is worth trying again.</param>
public sealed record KeyRefusal(string Code, string Message, TimeSpan RetryAfter);

/// <summary>Sums that a day and its month have begun with.</summary>
/// <param name="Day">UTC.</param>
/// <param name="DayTokens">Of that day.</param>
/// <param name="DayCostMicros">Likewise.</param>
/// <param name="MonthCostMicros">Of its month, that day included.</param>
public readonly record struct KeyUsage(DateOnly Day, long DayTokens, long DayCostMicros, long MonthCostMicros);

/// <summary>
/// What a key has used, against what it may. Rates are buckets that fill evenly; days and months are sums. A call is let in on an estimate, which is taken back when its request ends; what it really took is booked when the call ends, so
/// calls under way at the same time may exceed a budget by what they take themselves, and no further. Several threads may call it; time comes in with each call.
/// </summary>
public sealed class KeyLedger
{
    private readonly Lock _lock = new();
    private ApiKeyLimits _limits = ApiKeyLimits.None;
    private Bucket _requests;
    private Bucket _tokens;
    private KeyUsage _used;

    /// <summary>Tokens of calls under way, as estimated.</summary>
    private long _open;

    public KeyLedger(ApiKeyLimits limits, Instant now)
    {
        _requests.Begin(limits.RequestsPerMinute ?? 0, now);
        _tokens.Begin(limits.TokensPerMinute ?? 0, now);
        _limits = limits;
    }

    public KeyUsage Used(DateOnly today)
    {
        lock (_lock)
        {
            Turn(today);
            return _used;
        }
    }

    /// <summary>Other limits from now on; what was used stays used.</summary>
    public void Change(ApiKeyLimits limits, Instant now)
    {
        lock (_lock)
        {
            _requests.Change(_limits.RequestsPerMinute ?? 0, limits.RequestsPerMinute ?? 0, now);
            _tokens.Change(_limits.TokensPerMinute ?? 0, limits.TokensPerMinute ?? 0, now);
            _limits = limits;
        }
    }

    /// <summary>Counts a request.</summary>
    /// <returns>Null: it may go on.</returns>
    public KeyRefusal? TakeRequest(Instant now)
    {
        lock (_lock)
        {
            if (_limits.RequestsPerMinute is not { } rate)
                return null;
            TimeSpan wait = _requests.Take(1, rate, now);
            return wait == TimeSpan.Zero ? null : new KeyRefusal("rate_limit_exceeded", $"this key may make {rate} requests a minute", wait);
        }
    }

    /// <summary>Lets a call of a model begin, and sets <paramref name="estimate"/> aside until <see cref="EndCall"/>.</summary>
    /// <param name="estimate">Tokens of the prompt, roughly; at least 0.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="wall">The wall clock.</param>
    /// <returns>Null: it may go on.</returns>
    public KeyRefusal? BeginCall(long estimate, Instant now, DateTimeOffset wall)
    {
        lock (_lock)
        {
            Turn(DateOnly.FromDateTime(wall.UtcDateTime));
            if (_limits.TokensPerDay is { } perDay && _used.DayTokens + _open >= perDay)
                return new KeyRefusal("insufficient_quota", $"this key may use {perDay} tokens a day (UTC), and has", UntilTomorrow(wall));
            if (_limits.BudgetPerDay is { } day && _used.DayCostMicros >= day * 1_000_000)
                return new KeyRefusal("insufficient_quota", "this key's budget of the day (UTC) is used up", UntilTomorrow(wall));
            if (_limits.BudgetPerMonth is { } month && _used.MonthCostMicros >= month * 1_000_000)
                return new KeyRefusal("insufficient_quota", "this key's budget of the month (UTC) is used up", UntilNextMonth(wall));
            if (_limits.TokensPerMinute is { } rate && _tokens.Take(estimate, rate, now) is var wait && wait > TimeSpan.Zero)
                return new KeyRefusal("rate_limit_exceeded", $"this key may use {rate} tokens a minute", wait);
            _open += estimate;
            return null;
        }
    }

    /// <param name="estimate">What <see cref="BeginCall"/> has set aside.</param>
    public void EndCall(long estimate)
    {
        lock (_lock)
        {
            _open -= estimate;
            if (_limits.TokensPerMinute is { } rate)
                _tokens.Give(estimate, rate);
        }
    }

    /// <summary>A call has ended and took this. Once for each.</summary>
    public void Book(long tokens, long costMicros, DateOnly today)
    {
        lock (_lock)
        {
            Turn(today);
            _used = _used with { DayTokens = _used.DayTokens + tokens, DayCostMicros = _used.DayCostMicros + costMicros, MonthCostMicros = _used.MonthCostMicros + costMicros };
            if (_limits.TokensPerMinute is { } rate)
                _tokens.Give(-tokens, rate);
        }
    }

    /// <summary>What the store knows of this day, other processes' calls included. Calls that it does not know yet are not forgotten for it.</summary>
    public void Learn(KeyUsage stored)
    {
        lock (_lock)
        {
            Turn(stored.Day);
            if (_used.Day != stored.Day)
                return;
            _used = new KeyUsage(
                stored.Day, Math.Max(_used.DayTokens, stored.DayTokens), Math.Max(_used.DayCostMicros, stored.DayCostMicros), Math.Max(_used.MonthCostMicros, stored.MonthCostMicros));
        }
    }

    /// <summary>A new day begins with nothing. A wall clock that goes back changes nothing.</summary>
    private void Turn(DateOnly today)
    {
        if (today <= _used.Day)
            return;
        bool isSameMonth = today.Year == _used.Day.Year && today.Month == _used.Day.Month;
        _used = new KeyUsage(today, 0, 0, isSameMonth ? _used.MonthCostMicros : 0);
    }

    private static TimeSpan UntilTomorrow(DateTimeOffset wall) => wall.UtcDateTime.Date.AddDays(1) - wall.UtcDateTime;

    private static TimeSpan UntilNextMonth(DateTimeOffset wall) => new DateTime(wall.UtcDateTime.Year, wall.UtcDateTime.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1) - wall.UtcDateTime;

    /// <summary>Holds what may be taken in a minute, and fills again evenly. It may be overdrawn by what is known only later.</summary>
    private struct Bucket
    {
        private double _level;
        private Instant _at;

        public void Begin(long perMinute, Instant now) => (_level, _at) = (perMinute, now);

        /// <summary>What was missing in the bucket is missing in the new one.</summary>
        public void Change(long before, long perMinute, Instant now)
        {
            if (before == 0)
            {
                Begin(perMinute, now);
                return;
            }

            Fill(before, now);
            _level = Math.Min(perMinute, perMinute - (before - _level));
        }

        /// <returns>Zero: it was taken. Otherwise how long until it can be.</returns>
        public TimeSpan Take(long amount, long perMinute, Instant now)
        {
            Fill(perMinute, now);
            double needed = Math.Clamp(amount, 1, perMinute); // What is larger than the bucket waits until it is full.
            if (_level < needed)
                return TimeSpan.FromMinutes((needed - _level) / perMinute) + TimeSpan.FromMilliseconds(1);
            _level -= amount;
            return TimeSpan.Zero;
        }

        public void Give(long amount, long perMinute) => _level = Math.Min(perMinute, _level + amount);

        private void Fill(long perMinute, Instant now)
        {
            if (now <= _at)
                return;
            _level = Math.Min(perMinute, _level + ((now - _at).TotalMinutes * perMinute));
            _at = now;
        }
    }
}
