using Init.Base;
using Init.Config;
using Init.Supervision.Schedules;

namespace Init.Engine.Timetables;

/// <summary>Both clocks, read together.</summary>
internal readonly record struct ClockReading(DateTimeOffset Wall, Instant Monotonic);

/// <summary>
/// When the scheduled instances run next. Pure: it is told the time and never asks for it. Cron times are points of the wall clock, which
/// may be set at any moment; <c>every</c> counts on the monotonic clock, which may not.
/// </summary>
/// <remarks>
/// When the wall clock is set forward over one or more due times, the program runs once. When it is set back, no run is repeated that
/// has been made for the same minute already; runs for other minutes are made as if nothing had happened, so that a clock that was wrong by
/// a year for a moment does not silence a program for a year.
/// </remarks>
internal sealed class TimetablePlan
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The wall-clock time at which <see cref="TakeDue"/> must be called again; null = never.</summary>
    public DateTimeOffset? NextWall { get; private set; }

    /// <summary>The same on the monotonic clock.</summary>
    public Instant NextMonotonic { get; private set; } = Instant.Never;

    /// <summary>From now on these are the scheduled instances. One whose timetable is as before keeps its next run.</summary>
    /// <param name="timetables">At most one for each instance.</param>
    /// <param name="now">The present time.</param>
    /// <param name="lastRun">The start of the last run before this process began, if it is known; asked for new instances only.</param>
    /// <param name="problems">What could not be done as asked.</param>
    public void Configure(
        IEnumerable<(string Instance, Timetable Timetable)> timetables,
        ClockReading now,
        Func<string, DateTimeOffset?> lastRun,
        ICollection<string> problems)
    {
        Dictionary<string, Entry> before = new(_entries);
        _entries.Clear();
        foreach (var (instance, timetable) in timetables)
        {
            if (before.TryGetValue(instance, out Entry? known) && known.Timetable == timetable)
                _entries[instance] = known;
            else if (CreateEntry(instance, timetable, now, lastRun, problems) is { } entry)
                _entries[instance] = entry;
        }

        FindNext();
    }

    /// <summary>The instances that are due, each once, by name. To be called when the time has come, and whenever the wall clock was set.</summary>
    public List<string> TakeDue(ClockReading now)
    {
        List<string> due = [];
        foreach (var (instance, entry) in _entries)
        {
            if (entry.TakeDue(now))
                due.Add(instance);
        }

        FindNext();
        return due;
    }

    /// <summary>The instance has been started, by its timetable or by anybody: <c>every</c> counts from here.</summary>
    public void Started(string instance, ClockReading now)
    {
        if (_entries.TryGetValue(instance, out Entry? entry))
            entry.Started(now);

        FindNext();
    }

    /// <summary>Null when the instance is not scheduled, or its time never comes.</summary>
    public DateTimeOffset? NextRun(string instance, ClockReading now) =>
        _entries.TryGetValue(instance, out Entry? entry) ? entry.NextRun(now) : null;

    private static Entry? CreateEntry(
        string instance, Timetable timetable, ClockReading now, Func<string, DateTimeOffset?> lastRun, ICollection<string> problems)
    {
        if (timetable is Timetable.Every every)
            return new EveryEntry(every, now, lastRun(instance));

        if (timetable is not Timetable.Cron cron)
            throw new ArgumentException($"unknown kind of timetable {timetable.GetType().Name}", nameof(timetable));

        if (!CronExpression.TryParse(cron.Expression, out CronExpression? expression, out string? error))
        {
            problems.Add($"cannot schedule \"{instance}\": \"{cron.Expression}\" {error}");
            return null;
        }

        // The configuration was checked with the same zone database, which may have gone since. A run at a wrong hour is better than none.
        TimeZoneInfo? zone = TimeZoneInfo.Local;
        if (cron.TimeZone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(cron.TimeZone, out zone))
        {
            problems.Add($"cannot find time zone \"{cron.TimeZone}\" of \"{instance}\": its times are taken as UTC");
            zone = TimeZoneInfo.Utc;
        }

        return new CronEntry(cron, expression, zone, now);
    }

    private void FindNext()
    {
        NextWall = null;
        NextMonotonic = Instant.Never;
        foreach (Entry entry in _entries.Values)
        {
            if (entry.NextWall is { } wall && (NextWall is null || wall < NextWall))
                NextWall = wall;
            NextMonotonic = Instant.Min(NextMonotonic, entry.NextMonotonic);
        }
    }

    private abstract class Entry(Timetable timetable)
    {
        public Timetable Timetable { get; } = timetable;

        public virtual DateTimeOffset? NextWall => null;

        public virtual Instant NextMonotonic => Instant.Never;

        public abstract bool TakeDue(ClockReading now);

        public abstract void Started(ClockReading now);

        public abstract DateTimeOffset? NextRun(ClockReading now);
    }

    private sealed class EveryEntry : Entry
    {
        private readonly TimeSpan _period;
        private Instant _due;

        public EveryEntry(Timetable.Every every, ClockReading now, DateTimeOffset? lastRun)
            : base(every)
        {
            _period = every.Period > TimeSpan.Zero
                ? every.Period
                : throw new ArgumentOutOfRangeException(nameof(every), every.Period, "must be more than zero");

            // A last run in the future is the mark of a clock that was wrong then or is wrong now; then nothing is known.
            TimeSpan passed = lastRun is { } last && last <= now.Wall ? now.Wall - last : TimeSpan.Zero;
            _due = now.Monotonic + (passed < _period ? _period - passed : TimeSpan.Zero);
        }

        public override Instant NextMonotonic => _due;

        public override bool TakeDue(ClockReading now)
        {
            if (now.Monotonic < _due)
                return false;

            // From the time it was due and not from now, or each run would be a little later than the pace; but what was missed is missed.
            _due += _period;
            if (_due <= now.Monotonic)
                _due = now.Monotonic + _period;
            return true;
        }

        public override void Started(ClockReading now) => _due = now.Monotonic + _period;

        public override DateTimeOffset? NextRun(ClockReading now)
        {
            TimeSpan left = _due - now.Monotonic;
            return left < DateTimeOffset.MaxValue - now.Wall ? now.Wall + left : null;
        }
    }

    private sealed class CronEntry : Entry
    {
        /// <summary>Beyond this the oldest is forgotten; the clock has to be set that many times, with runs in between.</summary>
        private const int StretchesMax = 16;

        private readonly CronExpression _expression;
        private readonly TimeZoneInfo _zone;

        /// <summary>
        /// Stretches of the wall clock in which each due minute has had its run; the last one is going on. More than one only after the clock was set.
        /// Due minutes after From (exclusive) up to To (inclusive) are served.
        /// </summary>
        private readonly List<(DateTimeOffset From, DateTimeOffset To)> _served = [];

        private DateTimeOffset? _next;

        public CronEntry(Timetable.Cron cron, CronExpression expression, TimeZoneInfo zone, ClockReading now)
            : base(cron)
        {
            _expression = expression;
            _zone = zone;
            BeginStretch(now.Wall);
        }

        public override DateTimeOffset? NextWall => _next;

        public override bool TakeDue(ClockReading now)
        {
            if (now.Wall < _served[^1].To)
            {
                BeginStretch(now.Wall); // The clock was set back over a run.
                return false;
            }

            if (_next is not { } due || now.Wall < due)
                return false;

            _served[^1] = _served[^1] with { To = due };
            _next = FindNext(due);
            if (_next <= now.Wall)
                BeginStretch(now.Wall); // The clock was set forward over several runs, and this one is all of them.
            return true;
        }

        /// <summary>A run that somebody asked for in between moves nothing.</summary>
        public override void Started(ClockReading now)
        {
        }

        public override DateTimeOffset? NextRun(ClockReading now) => _next;

        private void BeginStretch(DateTimeOffset at)
        {
            if (_served.Count > 0 && _served[^1].From == _served[^1].To)
                _served.RemoveAt(_served.Count - 1); // Nothing has run in it.
            else if (_served.Count == StretchesMax)
                _served.RemoveAt(0);

            _served.Add((at, at));
            _next = FindNext(at);
        }

        private DateTimeOffset? FindNext(DateTimeOffset after)
        {
            DateTimeOffset? next = _expression.Next(after, _zone);
            while (next is { } candidate)
            {
                int stretch = _served.FindIndex(served => candidate > served.From && candidate <= served.To);
                if (stretch < 0)
                    return candidate;

                next = _expression.Next(_served[stretch].To, _zone);
            }

            return null;
        }
    }
}
