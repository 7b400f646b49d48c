using Init.Base;

namespace Init.Supervision;

/// <content>A stop, from the request to the last descendant.</content>
internal sealed partial class ProgramTransition
{
    public void RequestStop(StopReason reason)
    {
        if (IsFinal(reason))
            NoteUnwanted(reason);

        switch (_state.Phase)
        {
            case ProgramPhase.Backoff or ProgramPhase.Exited when reason is StopReason.Restart && ProgramMachine.IsAwaitingRestart(_state):
                _state = _state with { Attempt = 0 };
                StartOrWait();
                break;

            case ProgramPhase.Backoff or ProgramPhase.Exited when reason is StopReason.Dependency && ProgramMachine.IsAwaitingRestart(_state):
                Enter(ProgramPhase.Waiting);
                break;

            case ProgramPhase.Starting or ProgramPhase.Running:
                BeginStop(reason);
                break;

            case ProgramPhase.Stopping when IsFinal(reason) || (!IsFinal(_state.StopReason) && reason is StopReason.Restart):
                _state = _state with { StopReason = reason };
                break;

            default:
                break; // Down already, or on its way.
        }
    }

    public void NoteUnwanted(StopReason reason)
    {
        _state = _state with { Wanted = false, StoppedByUser = _state.StoppedByUser || reason == StopReason.User };
        if (_state.Phase == ProgramPhase.Backoff && reason == StopReason.Shutdown && policy.Backoff.OnlyFailedStarts)
            Enter(ProgramPhase.Fatal, _state.Problem); // supervisord gives it up; listeners of events may count on it.
        else if (_state.Phase is ProgramPhase.Waiting or ProgramPhase.Backoff)
            Enter(ProgramPhase.Stopped);
        else if (ProgramMachine.IsAwaitingRestart(_state))
            _state = _state with { Deadline = null, Problem = null }; // It stays EXITED, and that is no failure: nobody wants it any more.
    }

    /// <summary>Not followed by a start.</summary>
    private static bool IsFinal(StopReason reason) => reason is StopReason.User or StopReason.Shutdown or StopReason.Removed;

    public void HastenStop()
    {
        switch (_state.Phase, _state.Step)
        {
            case (ProgramPhase.Stopping, ProgramStep.AfterStopHook):
                CancelHook();
                FinishStop();
                break;
            case (ProgramPhase.Stopping, not ProgramStep.Killed):
                Kill();
                break;
            default:
                break;
        }
    }

    public void NoteSwept()
    {
        // A program that got no further than its before-start hook has not ended.
        bool hadProcess = _state.SpawnedAt is { } spawned && _state.TriedAt is { } tried && spawned >= tried;
        if (policy.Hooks.AfterStop && hadProcess)
        {
            _state = _state with { Step = ProgramStep.AfterStopHook, Deadline = now + policy.Hooks.Timeout };
            StartHook(HookKind.AfterStop);
        }
        else
            FinishStop();
    }

    private void BeginStop(StopReason reason)
    {
        bool spawned = _state.Pid is not null;
        CancelHook();
        CancelProbes();
        SetReady(false);
        bool hookOnly = _state.Step == ProgramStep.BeforeStartHook;
        _state = _state with { StopReason = reason, FinalSignalSent = false };
        Enter(ProgramPhase.Stopping, reason is StopReason.NotReady or StopReason.Unhealthy or StopReason.Watchdog or StopReason.HookOverdue ? _state.Problem : null);
        if (hookOnly)
            SweepHook();
        else if (spawned)
            SendStop();
        else
            _state = _state with { Step = ProgramStep.Signalled }; // Spawned or SpawnFailed is on its way, and decides.
    }

    private void SendStop()
    {
        _state = _state with { Deadline = now + policy.Stop.Grace };
        if (policy.Stop.HasCommand)
        {
            _state = _state with { Step = ProgramStep.StopCommand };
            StartHook(HookKind.Stop);
        }
        else
            SendStopSignal();
    }

    private void SendStopSignal()
    {
        _state = _state with { Step = ProgramStep.Signalled };
        _effects.Add(new ProgramEffect.Signal(policy.Stop.Signal, policy.Stop.Group));
    }

    private void Kill()
    {
        bool sweeping = _state.Step == ProgramStep.Sweeping;
        if (_state.Hook == HookKind.Stop)
            CancelHook();
        int signal = _state.FinalSignalSent ? ProgramMachine.Kill : policy.Stop.FinalSignal;
        _state = _state with { Deadline = now + ProgramMachine.KillRepeat, Step = sweeping ? ProgramStep.Sweeping : ProgramStep.Killed };
        if (sweeping)
            SweepWith(signal);
        else if (_state.Pid is not null)
            SendFinal(signal);
    }

    /// <summary>The main process is gone: end what it left behind, with the patience that is left, or at once if that is used up.</summary>
    private void Sweep()
    {
        if (!policy.Stop.Group)
        {
            NoteSwept();
            return;
        }

        bool patient = _state.Step is not ProgramStep.Killed;
        Instant deadline = patient ? _state.Deadline ?? now + policy.Stop.Grace : now + ProgramMachine.KillRepeat;
        _state = _state with { Step = ProgramStep.Sweeping, Deadline = deadline };
        if (patient)
            _effects.Add(new ProgramEffect.Sweep(policy.Stop.Signal));
        else
            SweepWith(policy.Stop.FinalSignal);
    }

    private void SweepWith(int finalSignal)
    {
        _state = _state with { FinalSignalSent = true };
        _effects.Add(new ProgramEffect.Sweep(finalSignal));
    }

    private void SendFinal(int signal)
    {
        _state = _state with { FinalSignalSent = true };
        _effects.Add(new ProgramEffect.Signal(signal, policy.Stop.Group || policy.Stop.FinalGroup));
    }

    /// <summary>
    /// The before-start hook was killed; what it has left behind goes too. The answer is waited for also when there is no group to sweep:
    /// the end of the killed hook may be on its way already, comes before the answer, and must not be taken for that of the next one.
    /// </summary>
    private void SweepHook()
    {
        _state = _state with { Step = ProgramStep.Sweeping, Deadline = now + policy.Stop.Grace };
        _effects.Add(new ProgramEffect.Sweep(policy.Stop.Signal));
    }

    private void FinishStop()
    {
        StopReason reason = _state.StopReason;
        _state = _state with { StopReason = StopReason.None };
        if (!_state.Wanted)
        {
            Enter(ProgramPhase.Stopped);
            return;
        }

        switch (reason)
        {
            case StopReason.Exited:
                DecideAfterExit();
                break;
            case StopReason.NotReady or StopReason.Unhealthy or StopReason.Watchdog when policy.Restart == RestartMode.Never:
                Enter(ProgramPhase.Fatal, $"{_state.Problem}; it is never restarted");
                break;
            case StopReason.HookOverdue:
                Retry(hadBeenRunning: false);
                break;
            case StopReason.NotReady or StopReason.Unhealthy or StopReason.Watchdog:
                Retry(hadBeenRunning: reason != StopReason.NotReady);
                break;
            default:
                _state = _state with { Attempt = 0, RunningSince = null };
                StartOrWait();
                break;
        }
    }
}
