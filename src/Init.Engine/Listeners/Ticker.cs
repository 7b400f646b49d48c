using Init.Linux;

namespace Init.Engine.Listeners;

/// <summary>
/// Raises TICK_5, TICK_60 and TICK_3600 when the wall clock passes a multiple of their period. The timer runs only for the ticks that somebody wants, so that an
/// idle Init without such listeners never wakes up.
/// </summary>
public sealed class Ticker : IDisposable
{
    private static readonly (string Type, long Seconds)[] Periods = [(EventTypes.Tick5, 5), (EventTypes.Tick60, 60), (EventTypes.Tick3600, 3600)];

    private readonly EventLoop _loop;
    private readonly TimeProvider _clock;
    private readonly SupervisordEvents _events;

    /// <summary>The multiple that was passed last, by period; only for those that are wanted.</summary>
    private readonly Dictionary<long, long> _last = [];
    private WallClockTimer? _timer;

    public Ticker(EventLoop loop, TimeProvider clock, SupervisordEvents events) => (_loop, _clock, _events) = (loop, clock, events);

    /// <summary>Looks anew at who wants what.</summary>
    public void Update()
    {
        long now = Now;
        foreach (var (type, seconds) in Periods)
        {
            if (!_events.IsWanted(type))
                _last.Remove(seconds);
            else
                _last.TryAdd(seconds, now - (now % seconds));
        }

        SetTimer(now);
    }

    public void Dispose() => _timer?.Dispose();

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    private void Fire()
    {
        long now = Now;
        foreach (var (type, seconds) in Periods)
        {
            // A clock that was set backwards makes a tick as well, as in supervisord.
            long passed = now - (now % seconds);
            if (!_last.TryGetValue(seconds, out long last) || last == passed)
                continue;

            _last[seconds] = passed;
            _events.Raise(SupervisordEvent.Tick(type, passed));
        }

        SetTimer(now);
    }

    private void SetTimer(long now)
    {
        if (_last.Count == 0)
        {
            _timer?.Set(null);
            return;
        }

        long shortest = _last.Keys.Min(); // Each period is a multiple of the shorter ones.
        _timer ??= new WallClockTimer(_loop, Fire);
        _timer.Set(DateTimeOffset.FromUnixTimeSeconds(now - (now % shortest) + shortest));
    }
}
