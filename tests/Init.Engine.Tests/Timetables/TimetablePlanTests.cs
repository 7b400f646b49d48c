using Init.Base;
using Init.Config;
using Init.Engine.Timetables;
using Init.Supervision.Schedules;

namespace Init.Engine.Tests.Timetables;

public sealed class TimetablePlanTests
{
    private static readonly DateTimeOffset Boot = new(2026, 3, 2, 3, 0, 0, TimeSpan.Zero);

    private readonly TimetablePlan _plan = new();
    private readonly List<string> _problems = [];
    private ClockReading _now = new(Boot, new Instant(1_000_000_000));

    [Fact]
    public void Nothing_WhenScheduled_NeedsNoTimer()
    {
        Configure();
        Assert.Null(_plan.NextWall);
        Assert.Equal(Instant.Never, _plan.NextMonotonic);
    }

    [Fact]
    public void Cron_WhenTheTimeComes_RunsOnceAndNotEarly()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        Assert.Equal(At("04:00"), _plan.NextWall);

        Pass(TimeSpan.FromMinutes(60) - TimeSpan.FromTicks(1));
        Assert.Empty(Due());
        Pass(TimeSpan.FromTicks(1));
        Assert.Equal(["backup"], Due());
        Assert.Empty(Due());
        Assert.Equal(At("04:00").AddDays(1), _plan.NextWall);
    }

    [Fact]
    public void Cron_WhenInATimeZone_RunsByItsClock()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "Asia/Shanghai")));
        Assert.Equal(At("20:00"), _plan.NextWall?.ToUniversalTime());
    }

    [Fact]
    public void Cron_WhenTheZoneIsGone_IsTakenAsUtcAndSaysSo()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "Mars/Olympus")));
        Assert.Equal(At("04:00"), _plan.NextWall);
        Assert.Equal(["cannot find time zone \"Mars/Olympus\" of \"backup\": its times are taken as UTC"], _problems);
    }

    [Fact]
    public void Cron_WhenTheClockIsSetForwardOverSeveralRuns_RunsOnce()
    {
        Configure(("often", new Timetable.Cron("*/5 * * * *", "UTC")));
        SetClock(At("05:02"));
        Assert.Equal(["often"], Due());
        Assert.Empty(Due());
        Assert.Equal(At("05:05"), _plan.NextWall);
    }

    [Fact]
    public void Cron_WhenTheClockIsSetForwardBetweenRuns_DoesNotRun()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        SetClock(At("03:59"));
        Assert.Empty(Due());
        Assert.Equal(At("04:00"), _plan.NextWall);
    }

    [Fact]
    public void Cron_WhenTheClockIsSetBackOverARun_DoesNotRepeatIt()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        SetClock(At("04:00"));
        Assert.Equal(["backup"], Due());

        SetClock(At("03:30"));
        Assert.Empty(Due());
        Assert.Equal(At("04:00").AddDays(1), _plan.NextWall);
        SetClock(At("04:00"));
        Assert.Empty(Due());
    }

    [Fact]
    public void Cron_WhenTheClockIsSetBackByAHair_DoesNotRepeatTheRun()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        SetClock(At("04:00"));
        Assert.Equal(["backup"], Due());
        SetClock(At("04:00").AddTicks(-1));
        Assert.Empty(Due());
        Assert.Equal(At("04:00").AddDays(1), _plan.NextWall);
    }

    [Fact]
    public void Cron_WhenTheClockIsSetBackBeforeTheStart_RunsThere()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        SetClock(At("02:00").AddYears(-1));
        Assert.Empty(Due());
        Assert.Equal(At("04:00").AddYears(-1), _plan.NextWall);
    }

    /// <summary>A clock without a battery, or a slip of the administrator: a moment in another year must not silence this one.</summary>
    [Fact]
    public void Cron_WhenTheClockWasAYearAheadForAMoment_GoesOnAsBefore()
    {
        Configure(("backup", new Timetable.Cron("0 4 * * *", "UTC")));
        SetClock(At("05:00").AddYears(1));
        Assert.Equal(["backup"], Due()); // It stands for this morning's run.

        SetClock(At("03:10"));
        Assert.Empty(Due());
        Assert.Equal(At("04:00").AddDays(1), _plan.NextWall);
    }

    [Fact]
    public void Configure_WhenATimetableIsAsBefore_KeepsItsNextRun()
    {
        Timetable.Every every = new(TimeSpan.FromMinutes(10));
        Configure(("a", every), ("b", every), ("c", every));
        Pass(TimeSpan.FromMinutes(4));
        Configure(("a", new Timetable.Every(TimeSpan.FromMinutes(10))), ("b", new Timetable.Every(TimeSpan.FromMinutes(20))));

        Assert.Equal(TimeSpan.FromMinutes(6), _plan.NextRun("a", _now) - _now.Wall);
        Assert.Equal(TimeSpan.FromMinutes(20), _plan.NextRun("b", _now) - _now.Wall);
        Assert.Null(_plan.NextRun("c", _now));
    }

    [Fact]
    public void Every_WhenPassesAreLate_KeepsItsPace()
    {
        Configure(("tick", new Timetable.Every(TimeSpan.FromSeconds(10))));
        Pass(TimeSpan.FromSeconds(9.9));
        Assert.Empty(Due());
        Pass(TimeSpan.FromSeconds(0.3));
        Assert.Equal(["tick"], Due());
        Pass(TimeSpan.FromSeconds(9.8));
        Assert.Equal(["tick"], Due());
        Pass(TimeSpan.FromSeconds(45)); // The machine slept; what was missed is not made up for.
        Assert.Equal(["tick"], Due());
        Assert.Empty(Due());
        Assert.Equal(TimeSpan.FromSeconds(10), _plan.NextRun("tick", _now) - _now.Wall);
    }

    [Fact]
    public void Every_WhenTheWallClockIsSet_DoesNotCare()
    {
        Configure(("tick", new Timetable.Every(TimeSpan.FromSeconds(10))));
        SetClock(Boot.AddYears(1));
        Assert.Empty(Due());
        SetClock(Boot.AddYears(-1));
        Assert.Empty(Due());
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(["tick"], Due());
    }

    [Fact]
    public void Every_WhenStartedInBetween_CountsFromThere()
    {
        Configure(("tick", new Timetable.Every(TimeSpan.FromSeconds(10))));
        Pass(TimeSpan.FromSeconds(7));
        _plan.Started("tick", _now);
        Assert.Equal(TimeSpan.FromSeconds(10), _plan.NextMonotonic - _now.Monotonic);
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData(-4, 6)]
    [InlineData(-10, 0)]
    [InlineData(-1000, 0)]
    [InlineData(5, 10)] // In the future: one of the two clocks was wrong.
    public void Every_WhenTheLastRunIsKnown_CountsFromThere(int? lastRunMinute, int minutesLeft)
    {
        DateTimeOffset? lastRun = lastRunMinute is { } minute ? Boot.AddMinutes(minute) : null;
        _plan.Configure([("tick", new Timetable.Every(TimeSpan.FromMinutes(10)))], _now, _ => lastRun, _problems);
        Assert.Equal(TimeSpan.FromMinutes(minutesLeft), _plan.NextMonotonic - _now.Monotonic);
    }

    /// <summary>A clock that is set again and again: no minute has two runs, no run is early, and when the clock is left alone nothing is left out.</summary>
    [Fact]
    public void Cron_WhenTheClockIsSetAtRandom_RunsEachMinuteAtMostOnceAndMissesNoneInPeace()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            string expression = random.Next(3) switch { 0 => "*/7 * * * *", 1 => "13 * * * *", _ => "0,30 2-22 * * *" };
            Assert.True(CronExpression.TryParse(expression, out CronExpression? cron, out _));
            TimetablePlan plan = new();
            ClockReading now = new(Boot, new Instant(1));
            plan.Configure([("x", new Timetable.Cron(expression, "UTC"))], now, _ => null, _problems);
            HashSet<DateTimeOffset> served = [];
            int settings = 7; // Each begins at most two stretches, and 16 are remembered.
            for (int step = 0; step < 300; step++)
            {
                // Time passes up to the next run and no further, as the timer would have it; or the clock is set, which wakes us at once.
                DateTimeOffset next = plan.NextWall!.Value;
                bool isSet = settings > 0 && random.Next(40) == 0;
                settings -= isSet ? 1 : 0;
                TimeSpan by = isSet ? TimeSpan.FromSeconds(random.Next(-9000, 9000))
                    : random.Next(2) == 0 && next > now.Wall ? next - now.Wall
                    : TimeSpan.FromSeconds(random.Next(1, 400));
                DateTimeOffset before = now.Wall;
                now = now with { Wall = !isSet && now.Wall + by > next && next > now.Wall ? next : now.Wall + by };

                bool ran = plan.TakeDue(now).Count > 0;

                string where = $"seed {seed}, round {round}, step {step}: {expression}, from {before:HH:mm:ss} to {now.Wall:HH:mm:ss}, due {next:HH:mm:ss}";
                if (ran)
                {
                    Assert.True(now.Wall >= next, "early: " + where);
                    Assert.True(served.Add(next), "twice: " + where);
                }
                else
                {
                    Assert.True(now.Wall < next || isSet, "missed: " + where);
                }

                DateTimeOffset expected = cron!.Next(now.Wall, TimeZoneInfo.Utc)!.Value;
                while (served.Contains(expected))
                    expected = cron.Next(expected, TimeZoneInfo.Utc)!.Value;
                Assert.True(plan.NextWall == expected, $"next is {plan.NextWall:HH:mm:ss}, not {expected:HH:mm:ss}: {where}");
            }
        }
    }

    private static DateTimeOffset At(string time) => Boot.Date + TimeSpan.Parse(time) is var at ? new DateTimeOffset(at, TimeSpan.Zero) : default;

    private void Configure(params (string, Timetable)[] timetables) => _plan.Configure(timetables, _now, _ => null, _problems);

    private List<string> Due() => _plan.TakeDue(_now);

    private void Pass(TimeSpan time) => _now = new ClockReading(_now.Wall + time, _now.Monotonic + time);

    private void SetClock(DateTimeOffset wall) => _now = _now with { Wall = wall };
}
