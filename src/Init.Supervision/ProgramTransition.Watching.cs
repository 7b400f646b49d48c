using Init.Base;

namespace Init.Supervision;

/// <content>Readiness, health, watchdog.</content>
internal sealed partial class ProgramTransition
{
    private void ArmReadiness()
    {
        bool limited = _state.Phase == ProgramPhase.Starting && policy.Readiness is { Source: ReadinessSource.Polled or ReadinessSource.Told };
        Instant? due = policy.Readiness switch
        {
            { Source: ReadinessSource.Polled } => now,
            { Source: ReadinessSource.Delay } delay => (_state.SpawnedAt ?? now) + delay.Interval,
            _ => null,
        };
        _state = _state with
        {
            ReadyDeadline = limited && policy.Readiness?.Timeout is { } limit ? now + limit : null,
            ReadyProbe = ProbeState.Idle with { DueAt = due },
        };
    }

    public void NoteReady()
    {
        if (_state.Ready || policy.Readiness is null || _state.Phase is not (ProgramPhase.Starting or ProgramPhase.Running))
            return;

        CancelProbe(ProbeRole.Readiness);
        _state = _state with { ReadyDeadline = null };
        SetReady(true);
        RunIfSettled();
    }

    public void EndProbe(ProgramEvent.ProbeEnded probe)
    {
        ProbeState sent = probe.Role == ProbeRole.Readiness ? _state.ReadyProbe : _state.HealthProbe;
        if (!sent.UnderWay)
            return; // Cancelled meanwhile: its result says nothing about the process that lives now.

        if (probe.Role == ProbeRole.Readiness)
            EndReadinessProbe(probe, sent, policy.Readiness);
        else if (policy.Health is { } health)
            EndHealthProbe(probe, sent, health);
        else
            _state = _state with { HealthProbe = ProbeState.Idle };
    }

    public void FeedWatchdog() => _state = _state with { WatchdogDeadline = policy.Watchdog is { } period ? now + period : null };

    public void TriggerWatchdog() => FailRunning(StopReason.Watchdog, "it asked for its watchdog to act");

    private void EndReadinessProbe(ProgramEvent.ProbeEnded probe, ProbeState sent, ReadinessPolicy? readiness)
    {
        if (probe.Success || readiness is null)
        {
            _state = _state with { ReadyProbe = ProbeState.Idle with { Detail = probe.Detail } };
            if (probe.Success)
                NoteReady();
            return;
        }

        _state = _state with { ReadyProbe = new ProbeState(now + readiness.Interval, UnderWay: false, sent.Failures + 1, probe.Detail) };
    }

    private void EndHealthProbe(ProgramEvent.ProbeEnded probe, ProbeState sent, HealthPolicy health)
    {
        int failures = probe.Success ? 0 : sent.Failures + 1;
        _state = _state with { HealthProbe = new ProbeState(now + health.Interval, UnderWay: false, failures, probe.Detail) };
        if (probe.Success)
        {
            SetHealth(HealthState.Healthy, probe.Detail);
            return;
        }

        if (failures < health.Failures)
            return;

        SetHealth(HealthState.Unhealthy, probe.Detail);
        if (health.Action == HealthAction.Restart)
            FailRunning(StopReason.Unhealthy, $"unhealthy: {probe.Detail ?? "the probe failed"}");
    }

    private void FailRunning(StopReason reason, string problem)
    {
        _state = _state with { Problem = problem };
        BeginStop(reason);
    }
}
