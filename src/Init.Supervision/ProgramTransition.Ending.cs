using Init.Base;

namespace Init.Supervision;

/// <content>A process that ends by itself, and what follows.</content>
internal sealed partial class ProgramTransition
{
    public void NoteExit(ExitStatus status)
    {
        // The grace was over before the end: that this pass heard of the end first makes it no failed start.
        if (policy.EarlyExitFails && _state is { Phase: ProgramPhase.Starting, GraceOver: false, Deadline: { } due } && due <= now)
            EndGrace();

        bool success = IsSuccess(status);
        bool stopping = _state.Phase == ProgramPhase.Stopping;

        // A one-shot that ends because it is told to has not done its work, whatever its exit code says.
        bool readyByExit = success && !stopping && policy.Readiness?.Source == ReadinessSource.Exit;
        _effects.Add(Announce(new ProgramNotice.ProcessEnded(status, Expected: stopping || success)));
        _state = _state with { Pid = null, LastExit = status };
        CancelProbes();
        SetReady(readyByExit);

        if (stopping)
        {
            if (_state.Hook == HookKind.Stop)
                CancelHook();
            Sweep();
            return;
        }

        CancelHook();
        if (policy.Stop.Group)
            _effects.Add(new ProgramEffect.KillLeftovers());
        if (policy.Hooks.AfterStop)
        {
            Enter(ProgramPhase.Stopping, step: ProgramStep.AfterStopHook, deadline: now + policy.Hooks.Timeout);
            _state = _state with { StopReason = StopReason.Exited };
            StartHook(HookKind.AfterStop);
            return;
        }

        DecideAfterExit();
    }

    private bool IsSuccess(ExitStatus status) => !status.WasSignalled && policy.SuccessExitCodes.Contains(status.Code);

    private void DecideAfterExit()
    {
        ExitStatus status = _state.LastExit ?? ExitStatus.Exited(0);
        bool success = IsSuccess(status);
        bool hadBeenRunning = _state.RunningSince is not null;
        if (!_state.Wanted)
        {
            // It was faster than the stop that was about to be asked of it.
            Enter(ProgramPhase.Stopped, status.ToString());
            return;
        }

        if (policy.EarlyExitFails && !_state.GraceOver)
        {
            _state = _state with { Problem = Describe(status, hadBeenRunning: false) };
            Retry(hadBeenRunning: false);
            return;
        }

        bool betweenRuns = success && (policy.Restart == RestartMode.OnFailure || policy.Scheduled);
        if (policy.Restart == RestartMode.Never || betweenRuns)
        {
            _state = _state with { Problem = success ? null : Describe(status, hadBeenRunning: true) };
            if (success)
                _state = _state with { Attempt = 0 };
            Enter(ProgramPhase.Exited, status.ToString());
            return;
        }

        _state = _state with { Problem = Describe(status, hadBeenRunning) };
        Retry(hadBeenRunning);
    }

    private static string Describe(ExitStatus status, bool hadBeenRunning) =>
        hadBeenRunning ? $"ended: {status}" : $"ended too early: {status}";

    /// <summary>The failure has been dealt with: try again later, or at once, or never.</summary>
    private void Retry(bool hadBeenRunning)
    {
        if (!_state.Wanted)
        {
            Enter(ProgramPhase.Stopped);
            return;
        }

        if (hadBeenRunning && policy.Backoff.OnlyFailedStarts)
        {
            _state = _state with { Attempt = 0 };
            AwaitRestart(ProgramPhase.Exited, TimeSpan.Zero);
            return;
        }

        bool recovered = _state.RunningSince is { } since && now - since >= policy.Backoff.ResetAfter;
        int attempt = recovered ? 1 : _state.Attempt + 1;
        if (policy.Backoff.Attempts is { } most && attempt > most)
        {
            _state = _state with { Attempt = attempt };
            if (policy.Backoff.OnlyFailedStarts)
                Enter(ProgramPhase.Backoff, _state.Problem);
            Enter(ProgramPhase.Fatal, $"{_state.Problem}; gave up after {most} restarts");
            return;
        }

        _state = _state with { Attempt = attempt };
        AwaitRestart(ProgramPhase.Backoff, Backoff.DelayBefore(policy.Backoff, attempt, hadBeenRunning, world.Chance));
    }

    private void AwaitRestart(ProgramPhase phase, TimeSpan delay)
    {
        Instant due = now + delay;
        if (_state.TriedAt is { } tried && tried + ProgramMachine.TryInterval > due)
            due = tried + ProgramMachine.TryInterval;

        Enter(phase, _state.Problem, deadline: due);
        if (due <= now)
            Restart();
    }

    private void Restart()
    {
        string? problem = _state.Problem;
        _state = _state with { Restarts = _state.Restarts + 1 };
        BeginStart();
        _state = _state with { Problem = problem };
    }
}
