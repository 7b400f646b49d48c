using Init.Base;

namespace Init.Supervision;

/// <summary>One step of <see cref="ProgramMachine"/> in the making: the state as it becomes, and the effects in their order.</summary>
internal sealed partial class ProgramTransition(ProgramState before, ProgramPolicy policy, Instant now, ProgramSurroundings world)
{
    private readonly List<ProgramEffect> _effects = [];
    private ProgramState _state = before;

    public (ProgramState Next, IReadOnlyList<ProgramEffect> Effects) Result => (_state, _effects);

    /// <summary>Handles the earliest of the deadlines; the caller comes again while another is due.</summary>
    public void ReachDeadline()
    {
        if (ProgramMachine.NextDeadline(_state) is not { } due || due > now)
            return;

        if (_state.Deadline == due)
            ReachStepDeadline();
        else if (_state.ReadyDeadline == due)
        {
            string last = _state.ReadyProbe.Detail is { } detail ? $": {detail}" : "";
            FailRunning(StopReason.NotReady, $"not ready within {Durations.Text(policy.Readiness?.Timeout ?? TimeSpan.Zero)}{last}");
        }
        else if (_state.WatchdogDeadline == due)
            FailRunning(StopReason.Watchdog, $"no watchdog message within {Durations.Text(policy.Watchdog ?? TimeSpan.Zero)}");
        else if (_state.AfterStartDeadline == due)
        {
            CancelHook();
            _effects.Add(Announce(new ProgramNotice.HookFailed(HookKind.AfterStart, HookOverdue())));
        }
        else if (_state.ReadyProbe.DueAt == due)
            StartReadinessProbe();
        else
        {
            _state = _state with { HealthProbe = _state.HealthProbe with { DueAt = null, UnderWay = true } };
            _effects.Add(new ProgramEffect.StartProbe(ProbeRole.Health));
        }
    }

    public void NotePolicyChange()
    {
        if (_state.Pid is null || _state.Phase is not (ProgramPhase.Starting or ProgramPhase.Running))
            return;

        // What it waits for to be ready may be something else now, or nothing any more. Once ready it stays so.
        if (!_state.Ready)
        {
            // A probe that is under way is cancelled only when no other follows: its result may be here already, and would be
            // taken for that of the next one.
            ProbeState sent = _state.ReadyProbe;
            bool goesOn = sent.UnderWay && policy.Readiness is { Source: ReadinessSource.Polled };
            if (!goesOn)
                CancelProbe(ProbeRole.Readiness);
            ArmReadiness();
            if (goesOn)
                _state = _state with { ReadyProbe = sent };
        }

        if (_state.Phase == ProgramPhase.Starting)
        {
            RunIfSettled();
            return;
        }

        if (policy.Readiness is null)
            SetReady(true);
        ProbeState checking = _state.HealthProbe;
        bool checksOn = checking.UnderWay && policy.Health is not null;
        if (!checksOn)
            CancelProbe(ProbeRole.Health);
        ArmHealth();
        if (checksOn)
            _state = _state with { HealthProbe = checking };
    }

    private void ArmHealth()
    {
        Instant? health = policy.Health is { } check ? now + check.InitialDelay : null;
        Instant? watchdog = policy.Watchdog is { } period ? now + period : null;
        _state = _state with { HealthProbe = ProbeState.Idle with { DueAt = health }, WatchdogDeadline = watchdog };
    }

    private void ReachStepDeadline()
    {
        switch (_state.Phase, _state.Step)
        {
            case (ProgramPhase.Starting, ProgramStep.BeforeStartHook):
                _effects.Add(Announce(new ProgramNotice.HookFailed(HookKind.BeforeStart, HookOverdue())));
                FailRunning(StopReason.HookOverdue, $"the before_start hook failed: {HookOverdue()}");
                break;

            case (ProgramPhase.Starting, _):
                EndGrace();
                break;

            case (ProgramPhase.Backoff or ProgramPhase.Exited, _):
                Restart();
                break;

            case (ProgramPhase.Stopping, ProgramStep.AfterStopHook):
                CancelHook();
                _effects.Add(Announce(new ProgramNotice.HookFailed(HookKind.AfterStop, HookOverdue())));
                FinishStop();
                break;

            case (ProgramPhase.Stopping, ProgramStep.StopCommand):
                // A command that hangs says nothing about the program, which has not been asked yet.
                CancelHook();
                _effects.Add(Announce(new ProgramNotice.HookFailed(HookKind.Stop, $"it took longer than {Durations.Text(policy.Stop.Grace)} and was killed")));
                _state = _state with { Deadline = now + policy.Stop.Grace };
                SendStopSignal();
                break;

            case (ProgramPhase.Stopping, _):
                Kill();
                break;

            default:
                _state = _state with { Deadline = null };
                break;
        }
    }

    private void StartReadinessProbe()
    {
        if (policy.Readiness is not { Source: ReadinessSource.Polled })
        {
            // The delay is over; or the probe was taken out of the configuration meanwhile.
            _state = _state with { ReadyProbe = ProbeState.Idle };
            NoteReady();
            return;
        }

        _state = _state with { ReadyProbe = _state.ReadyProbe with { DueAt = null, UnderWay = true } };
        _effects.Add(new ProgramEffect.StartProbe(ProbeRole.Readiness));
    }

    private string HookOverdue() => $"it took longer than {Durations.Text(policy.Hooks.Timeout)} and was killed";

    public void EndHook(ProgramEvent.HookEnded hook)
    {
        if (_state.Hook != hook.Hook)
            return; // Cancelled meanwhile.

        _state = _state with { Hook = null, AfterStartDeadline = null };
        if (!hook.Success)
            _effects.Add(Announce(new ProgramNotice.HookFailed(hook.Hook, hook.Detail ?? "it failed")));

        switch (hook.Hook)
        {
            case HookKind.BeforeStart when hook.Success && !_state.Wanted:
                Enter(ProgramPhase.Stopped);
                break;
            case HookKind.BeforeStart when hook.Success:
                _state = _state with { Step = ProgramStep.Settling, Deadline = null };
                _effects.Add(new ProgramEffect.Spawn());
                break;
            case HookKind.BeforeStart:
                _state = _state with { Problem = $"the before_start hook failed: {hook.Detail}" };
                Retry(hadBeenRunning: false);
                break;
            case HookKind.Stop when _state.Step == ProgramStep.StopCommand:
                SendStopSignal();
                break;
            case HookKind.AfterStop:
                FinishStop();
                break;
            default:
                break;
        }
    }

    private void StartHook(HookKind hook)
    {
        CancelHook();
        _state = _state with { Hook = hook };
        if (hook == HookKind.AfterStart)
            _state = _state with { AfterStartDeadline = now + policy.Hooks.Timeout };
        _effects.Add(new ProgramEffect.RunHook(hook));
    }

    private void CancelHook()
    {
        if (_state.Hook is null)
            return;

        _state = _state with { Hook = null, AfterStartDeadline = null };
        _effects.Add(new ProgramEffect.CancelHook());
    }

    private void CancelProbes()
    {
        CancelProbe(ProbeRole.Readiness);
        CancelProbe(ProbeRole.Health);
        _state = _state with { ReadyDeadline = null, WatchdogDeadline = null };
    }

    private void CancelProbe(ProbeRole role)
    {
        ProbeState probe = role == ProbeRole.Readiness ? _state.ReadyProbe : _state.HealthProbe;
        if (probe.UnderWay)
            _effects.Add(new ProgramEffect.CancelProbe(role));

        ProbeState idle = probe with { DueAt = null, UnderWay = false };
        _state = role == ProbeRole.Readiness ? _state with { ReadyProbe = idle } : _state with { HealthProbe = idle };
    }

    private void SetReady(bool ready)
    {
        if (_state.Ready == ready)
            return;

        _state = _state with { Ready = ready };
        _effects.Add(Announce(new ProgramNotice.ReadyChanged(ready)));
    }

    private void SetHealth(HealthState health, string? detail)
    {
        if (_state.Health == health)
            return;

        _state = _state with { Health = health };
        _effects.Add(Announce(new ProgramNotice.HealthChanged(health, detail)));
    }

    private void Enter(ProgramPhase phase, string? detail = null, ProgramStep step = ProgramStep.None, Instant? deadline = null)
    {
        ProgramPhase from = _state.Phase;
        _state = _state with { Phase = phase, Step = step, Deadline = deadline };
        if (from == phase)
            return;

        _state = _state with { ChangedAt = now };
        _effects.Add(Announce(new ProgramNotice.PhaseChanged(from, phase, detail)));
    }

    private static ProgramEffect.Announce Announce(ProgramNotice notice) => new(notice);
}
