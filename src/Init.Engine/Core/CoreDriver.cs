using Init.Base;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Core;

/// <summary>Who carries out what the core has decided.</summary>
public interface IEffectSink
{
    /// <summary>Must not throw for anything that the world can do, and must not call <see cref="CoreDriver.Drain"/>.</summary>
    void CarryOut(SystemEffect effect);
}

/// <summary>
/// Feeds the core and passes on its effects, strictly one event after another: what an effect brings about at once (a pid, a failed
/// spawn) is queued behind what is waiting already, so the core is never entered twice.
/// </summary>
public sealed class CoreDriver(Supervisor core, EventLoop loop)
{
    private readonly Queue<SystemEvent> _queue = new();
    private LoopTimer? _timer;
    private bool _draining;

    public Supervisor Core => core;

    public required IEffectSink Sink { get; init; }

    /// <summary>Takes an event; it is handled at the end of the loop's pass at the latest.</summary>
    public void Feed(SystemEvent happening) => _queue.Enqueue(happening);

    public void Feed(string program, ProgramEvent happening) => Feed(new SystemEvent.OfProgram(program, happening));

    /// <summary>Handles all that was fed, and what follows from it.</summary>
    public void Drain()
    {
        if (_draining)
            return;

        _draining = true;
        try
        {
            while (_queue.TryDequeue(out SystemEvent? happening))
            {
                foreach (SystemEffect effect in core.Handle(happening, MonotonicClock.Now))
                    Sink.CarryOut(effect);
            }
        }
        finally
        {
            _draining = false;
        }

        SetTimer();
    }

    private void SetTimer()
    {
        Instant? due = core.NextDeadline;
        if (_timer is { IsPending: true } && _timer.Due == due)
            return;

        _timer?.Cancel();
        _timer = due is { } at ? loop.At(at, () => Feed(new SystemEvent.DeadlineReached())) : null;
    }
}
