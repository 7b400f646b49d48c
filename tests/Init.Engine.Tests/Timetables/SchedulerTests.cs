using Init.Base;
using Init.Config;
using Init.Engine.Timetables;
using Init.Linux;

namespace Init.Engine.Tests.Timetables;

public sealed class SchedulerTests : LoopTest
{
    private static readonly Timetable.Cron Hourly = new("0 * * * *", "UTC");

    private readonly FakeClock _clock = new();
    private readonly List<string> _due = [];
    private readonly List<FakeWallTimer> _timers = [];

    [Fact]
    public void Configure_WhenNothingIsScheduled_SetsNoTimer()
    {
        using Scheduler scheduler = Create();
        scheduler.Configure([("backup", Hourly), ("tick", new Timetable.Every(TimeSpan.FromMilliseconds(20)))]);
        scheduler.Configure([]);

        Assert.Null(Assert.Single(_timers).Due);
        long before = Loop.WakeUps;
        Loop.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(100));
        Assert.Equal(before + 1, Loop.WakeUps); // For our own deadline, and for nothing else.
        Assert.Empty(_due);
    }

    [Fact]
    public void Due_WhenTheWallTimerFires_IsToldAndTheTimerIsSetAnew()
    {
        using Scheduler scheduler = Create();
        Assert.Empty(scheduler.Configure([("b", Hourly), ("a", Hourly), ("c", new Timetable.Cron("30 * * * *", "UTC"))]));
        FakeWallTimer timer = Assert.Single(_timers);
        Assert.Equal(_clock.Now.AddMinutes(20), timer.Due);
        Assert.Equal(timer.Due, scheduler.NextRun("c"));

        _clock.Now = _clock.Now.AddMinutes(50);
        timer.Fire();
        Assert.Equal(["a", "b", "c"], _due);
        Assert.Equal(_clock.Now.AddMinutes(30), timer.Due);
    }

    [Fact]
    public void Due_WhenTheClockIsSetBack_WaitsForTheNewTime()
    {
        using Scheduler scheduler = Create();
        scheduler.Configure([("backup", Hourly)]);
        _clock.Now = _clock.Now.AddHours(-5);
        _timers[0].Fire();
        Assert.Empty(_due);
        Assert.Equal(_clock.Now.AddMinutes(50), _timers[0].Due);
    }

    [Fact]
    public void Due_WhenThePeriodIsOver_IsToldAgainAndAgain()
    {
        using Scheduler scheduler = Create();
        Instant start = MonotonicClock.Now;
        scheduler.Configure([("tick", new Timetable.Every(TimeSpan.FromMilliseconds(20)))]);
        RunUntil(() => _due.Count == 5, "it is due five times");
        Assert.True(MonotonicClock.Now - start >= TimeSpan.FromMilliseconds(100));
        Assert.Empty(_timers);
    }

    [Fact]
    public void Started_WhenTold_MovesTheNextRunOfEvery()
    {
        using Scheduler scheduler = Create();
        scheduler.Configure([("tick", new Timetable.Every(TimeSpan.FromHours(1)))]);
        RunFor(TimeSpan.FromMilliseconds(20));
        scheduler.Started("tick");
        Assert.True(scheduler.NextRun("tick") > _clock.Now.AddHours(1).AddMilliseconds(-10));
    }

    [Fact]
    public void Configure_WhenThereIsNoTimerToBeHad_SaysSo()
    {
        using Scheduler scheduler = new(
            Loop, _clock, _ => null, _due.Add, _ => throw new SyscallException("create", "wall-clock timer", Errno.EMFILE));
        string problem = Assert.Single(scheduler.Configure([("backup", Hourly)]));
        Assert.StartsWith("cannot create wall-clock timer: ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void WallClockTimer_WhenTheTimeComes_FiresOnceAndNotEarly()
    {
        List<DateTimeOffset> fired = [];
        using WallClockTimer timer = new(Loop, () => fired.Add(DateTimeOffset.UtcNow));
        DateTimeOffset due = DateTimeOffset.UtcNow.AddMilliseconds(60);
        timer.Set(DateTimeOffset.UtcNow.AddHours(1));
        timer.Set(due);
        RunUntil(() => fired.Count > 0, "the timer fires");
        Assert.InRange(fired[0], due, due.AddSeconds(1));

        RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Single(fired);
    }

    [Fact]
    public void WallClockTimer_WhenThePastIsAskedFor_FiresAtOnce()
    {
        int fired = 0;
        using WallClockTimer timer = new(Loop, () => fired++);
        foreach (DateTimeOffset past in new[] { DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UnixEpoch, DateTimeOffset.MinValue })
        {
            fired = 0;
            timer.Set(past);
            RunUntil(() => fired > 0, "the timer fires");
        }
    }

    [Fact]
    public void WallClockTimer_WhenUnset_DoesNotWakeAnybody()
    {
        using WallClockTimer timer = new(Loop, () => Assert.Fail("nobody has set it"));
        timer.Set(DateTimeOffset.UtcNow.AddMilliseconds(20));
        timer.Set(null);
        long before = Loop.WakeUps;
        Loop.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(100));
        Assert.Equal(before + 1, Loop.WakeUps);
    }

    [Fact]
    public void Scheduler_WhenOnTheRealClock_RunsOnTheMinute()
    {
        // The wall clock of the plan is the kernel's, moved so that a minute begins soon; the kernel's timer is moved back by as much.
        TimeSpan shift = TimeSpan.FromMinutes(1) - TimeSpan.FromMilliseconds(100) - TimeSpan.FromTicks(DateTimeOffset.UtcNow.Ticks % TimeSpan.TicksPerMinute);
        ShiftedClock clock = new(shift);
        List<DateTimeOffset> ranAt = [];
        using Scheduler scheduler = new(
            Loop, clock, _ => null, _ => ranAt.Add(clock.GetUtcNow()), fired => new ShiftedTimer(new WallClockTimer(Loop, fired), shift));
        scheduler.Configure([("x", new Timetable.Cron("* * * * *", "UTC"))]);
        DateTimeOffset due = scheduler.NextRun("x")!.Value;

        RunUntil(() => ranAt.Count > 0, "it runs");
        Assert.InRange(ranAt[0], due, due.AddSeconds(1));
        Assert.Equal(due.AddMinutes(1), scheduler.NextRun("x"));
    }

    private Scheduler Create() => new(Loop, _clock, _ => null, _due.Add, fired =>
    {
        _timers.Add(new FakeWallTimer(fired));
        return _timers[^1];
    });

    private sealed class FakeClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 2, 3, 10, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class ShiftedClock(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + shift;
    }

    private sealed class FakeWallTimer(Action fired) : IWallTimer
    {
        public DateTimeOffset? Due { get; private set; }

        public void Set(DateTimeOffset? due) => Due = due;

        public void Fire()
        {
            Due = null;
            fired();
        }

        public void Dispose() => Due = null;
    }

    private sealed class ShiftedTimer(WallClockTimer timer, TimeSpan shift) : IWallTimer
    {
        public void Set(DateTimeOffset? due) => timer.Set(due - shift);

        public void Dispose() => timer.Dispose();
    }
}
