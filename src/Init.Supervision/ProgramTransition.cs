using Init.Base;

namespace Init.Supervision;

/// <summary>One step of <see cref="ProgramMachine"/> in the making: the state as it becomes, and the effects in their order.</summary>
internal sealed class ProgramTransition(ProgramState before, ProgramPolicy policy, Instant now, ProgramSurroundings world)
{
    private readonly List<ProgramEffect> _effects = [];
    private ProgramState _state = before;

    public (ProgramState Next, IReadOnlyList<ProgramEffect> Effects) Result => (_state, _effects);

    // --- Starting -----------------------------------------------------------------------------------------------------

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
        Enter(ProgramPhase.Running);
        if (policy.Readiness is null)
            SetReady(true);
        if (policy.Hooks.AfterStart)
            StartHook(HookKind.AfterStart);

        ArmHealth();
    }

    // --- Readiness, health, watchdog ----------------------------------------------------------------------------------

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

    // --- Deadlines ----------------------------------------------------------------------------------------------------

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

            case (ProgramPhase.Backoff, _):
                Restart();
                break;

            case (ProgramPhase.Stopping, ProgramStep.AfterStopHook):
                CancelHook();
                _effects.Add(Announce(new ProgramNotice.HookFailed(HookKind.AfterStop, HookOverdue())));
                FinishStop();
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

    // --- Ending by itself ---------------------------------------------------------------------------------------------

    public void NoteExit(ExitStatus status)
    {
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

        bool recovered = _state.RunningSince is { } since && now - since >= policy.Backoff.ResetAfter;
        int attempt = recovered ? 1 : _state.Attempt + 1;
        if (policy.Backoff.Attempts is { } most && attempt > most)
        {
            _state = _state with { Attempt = attempt };
            Enter(ProgramPhase.Fatal, $"{_state.Problem}; gave up after {most} restarts");
            return;
        }

        TimeSpan delay = Backoff.DelayBefore(policy.Backoff, attempt, hadBeenRunning, world.Chance);
        Instant due = now + delay;
        if (_state.TriedAt is { } tried && tried + ProgramMachine.TryInterval > due)
            due = tried + ProgramMachine.TryInterval;

        _state = _state with { Attempt = attempt };
        Enter(ProgramPhase.Backoff, _state.Problem, deadline: due);
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

    // --- Stopping -----------------------------------------------------------------------------------------------------

    public void RequestStop(StopReason reason)
    {
        if (IsFinal(reason))
            NoteUnwanted(reason);

        switch (_state.Phase)
        {
            case ProgramPhase.Backoff when reason is StopReason.Restart:
                _state = _state with { Attempt = 0 };
                StartOrWait();
                break;

            case ProgramPhase.Backoff when reason is StopReason.Dependency:
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
        if (_state.Phase is ProgramPhase.Waiting or ProgramPhase.Backoff)
            Enter(ProgramPhase.Stopped);
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
        _effects.Add(new ProgramEffect.Signal(signal, policy.Stop.Group));
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

    // --- Hooks, probes, announcements ---------------------------------------------------------------------------------

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
