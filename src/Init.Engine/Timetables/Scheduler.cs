using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Timetables;

/// <summary>
/// Says when a scheduled instance is due. One timer on the wall clock and one on the loop, each set for the earliest time only, and neither set
/// when nothing is scheduled.
/// </summary>
public sealed class Scheduler : IDisposable
{
    private readonly TimetablePlan _plan = new();
    private readonly EventLoop _loop;
    private readonly TimeProvider _clock;
    private readonly Func<string, DateTimeOffset?> _lastRun;
    private readonly Action<string> _due;
    private readonly Func<Action, IWallTimer> _createWallTimer;
    private IWallTimer? _wallTimer;
    private LoopTimer? _loopTimer;

    /// <param name="loop">Everything happens on its thread.</param>
    /// <param name="clock">The wall clock.</param>
    /// <param name="lastRun">
    /// When an instance was started last, before this process began; null = not known. With it, <c>every</c> goes on at its pace over a restart.
    /// </param>
    /// <param name="due">The instance's time has come. Never called from within a method of this class.</param>
    public Scheduler(EventLoop loop, TimeProvider clock, Func<string, DateTimeOffset?> lastRun, Action<string> due)
        : this(loop, clock, lastRun, due, fired => new KernelWallTimer(new WallClockTimer(loop, fired)))
    {
    }

    internal Scheduler(
        EventLoop loop, TimeProvider clock, Func<string, DateTimeOffset?> lastRun, Action<string> due, Func<Action, IWallTimer> createWallTimer)
    {
        _loop = loop;
        _clock = clock;
        _lastRun = lastRun;
        _due = due;
        _createWallTimer = createWallTimer;
    }

    /// <summary>
    /// From now on these are the scheduled instances; one whose timetable has not changed keeps its next run. Returns what could not be done
    /// as asked, for people.
    /// </summary>
    public ImmutableArray<string> Configure(IEnumerable<(string Instance, Timetable Timetable)> timetables)
    {
        List<string> problems = [];
        _plan.Configure(timetables, Read(), _lastRun, problems);
        try
        {
            Arm();
        }
        catch (SyscallException problem)
        {
            problems.Add($"{problem.Message}: programs do not run on schedule");
        }

        return [.. problems];
    }

    /// <summary>When it is due next, by the wall clock as it is now; null when it is not scheduled.</summary>
    public DateTimeOffset? NextRun(string instance) => _plan.NextRun(instance, Read());

    /// <summary>The instance has been started, by its timetable or by anybody: <c>every</c> counts from here.</summary>
    public void Started(string instance)
    {
        _plan.Started(instance, Read());
        Arm();
    }

    public void Dispose()
    {
        _wallTimer?.Dispose();
        _loopTimer?.Cancel();
    }

    private ClockReading Read() => new(_clock.GetUtcNow(), MonotonicClock.Now);

    private void Look()
    {
        List<string> due = _plan.TakeDue(Read());
        Arm();
        foreach (string instance in due)
            _due(instance);
    }

    private void Arm()
    {
        if (_plan.NextMonotonic != (_loopTimer is { IsPending: true } ? _loopTimer.Due : Instant.Never))
        {
            _loopTimer?.Cancel();
            _loopTimer = _plan.NextMonotonic == Instant.Never ? null : _loop.At(_plan.NextMonotonic, Look);
        }

        if (_plan.NextWall is not null)
            _wallTimer ??= _createWallTimer(Look);
        _wallTimer?.Set(_plan.NextWall);
    }

    private sealed class KernelWallTimer(WallClockTimer timer) : IWallTimer
    {
        public void Set(DateTimeOffset? due) => timer.Set(due);

        public void Dispose() => timer.Dispose();
    }
}

/// <summary>What <see cref="WallClockTimer"/> does; the tests set their own clock.</summary>
internal interface IWallTimer : IDisposable
{
    void Set(DateTimeOffset? due);
}
