namespace Init.Supervision;

/// <content>From a wish to RUNNING.</content>
internal sealed partial class ProgramTransition
{
    public void RequestStart(bool installed)
    {
        switch (_state.Phase)
        {
            case ProgramPhase.Stopped or ProgramPhase.Exited or ProgramPhase.Fatal or ProgramPhase.Absent:
                _state = _state with { Wanted = true, StoppedByUser = false, Attempt = 0, Problem = null, SpawnFailureCode = null };
                SetReady(false); // A one-shot's success was that of its last run.
                if (!installed)
                    Enter(ProgramPhase.Absent, "its command is not installed");
                else
                    StartOrWait();
                break;

            case ProgramPhase.Backoff:
                // Asked for by a person who has, one hopes, mended it: no more waiting, and the count starts anew.
                _state = _state with { Wanted = true, StoppedByUser = false, Attempt = 0 };
                StartOrWait();
                break;

            case ProgramPhase.Stopping:
                // It goes down first, and comes up when it is down.
                _state = _state with { Wanted = true, StoppedByUser = false, StopReason = StopReason.Restart };
                break;

            default:
                _state = _state with { Wanted = true, StoppedByUser = false };
                break; // Waiting, starting or running already.
        }
    }

    public void BeginStart()
    {
        _state = _state with
        {
            StopReason = StopReason.None,
            TriedAt = now,
            RunningSince = null,
            GraceOver = false,
            Problem = null,
            SpawnFailureCode = null,
            Health = HealthState.Unknown,
        };
        SetReady(false);
        if (policy.Hooks.BeforeStart)
        {
            Enter(ProgramPhase.Starting, step: ProgramStep.BeforeStartHook, deadline: now + policy.Hooks.Timeout);
            StartHook(HookKind.BeforeStart);
        }
        else
        {
            Enter(ProgramPhase.Starting, step: ProgramStep.Settling);
            _effects.Add(new ProgramEffect.Spawn());
        }
    }

    public void NoteSpawned(int pid)
    {
        _state = _state with { Pid = pid, SpawnedAt = now };
        if (_state.Phase != ProgramPhase.Starting)
        {
            // The stop came between the wish and the fact: it holds for the process that has just appeared.
            if (_state is { Phase: ProgramPhase.Stopping, Step: ProgramStep.Killed })
                Kill();
            else if (_state.Phase == ProgramPhase.Stopping)
                SendStop();
            return;
        }

        ArmReadiness();
        _state = _state with { Deadline = now + policy.StartGrace };
        if (policy.StartGrace <= TimeSpan.Zero)
            EndGrace();
    }

    public void NoteSpawnFailed(ProgramEvent.SpawnFailed failure)
    {
        _state = _state with { Pid = null, Problem = failure.Why, SpawnFailureCode = failure.ExitCode };

        // A set-up that fails after the spawn may find the program RUNNING already, when its grace is short.
        CancelHook();
        CancelProbes();
        SetReady(false);
        if (_state.Phase == ProgramPhase.Stopping)
            FinishStop();
        else if (_state.Phase is ProgramPhase.Starting or ProgramPhase.Running)
        {
            if (failure.NotInstalled && policy.Optional && _state.Wanted)
                Enter(ProgramPhase.Absent, "its command is not installed");
            else
                Retry(hadBeenRunning: false);
        }
    }

    private void StartOrWait()
    {
        if (world.GateOpen)
            BeginStart();
        else
            Enter(ProgramPhase.Waiting);
    }

    private void EndGrace()
    {
        _state = _state with { GraceOver = true, Deadline = null };
        RunIfSettled();
    }

    /// <summary>RUNNING = alive for the grace time, and ready if readiness is probed; a one-shot that is ready by its end need not be.</summary>
    private void RunIfSettled()
    {
        bool mustBeReady = policy.Readiness is not null and not { Source: ReadinessSource.Exit };
        if (_state.Phase != ProgramPhase.Starting || !_state.GraceOver || (mustBeReady && !_state.Ready))
            return;

        _state = _state with { RunningSince = now, ReadyDeadline = null };
        if (policy.Backoff.OnlyFailedStarts)
            _state = _state with { Attempt = 0 };
        Enter(ProgramPhase.Running);
        if (policy.Readiness is null)
            SetReady(true);
        if (policy.Hooks.AfterStart)
            StartHook(HookKind.AfterStart);

        ArmHealth();
    }
}
