using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <content>What must hold.</content>
public sealed partial class World
{
    // --- What is announced must be true ---------------------------------------------------------------------------------

    private void Note(Subject subject, ProgramNotice notice)
    {
        switch (notice)
        {
            case ProgramNotice.PhaseChanged(var from, var to, var detail):
                if (from != subject.Phase)
                    throw Broken($"{subject.Name} is said to leave {from}, and was {subject.Phase}");
                NotePhase(subject, from, to, detail);
                break;
            case ProgramNotice.ReadyChanged(var ready):
                if (ready == subject.Ready)
                    throw Broken($"{subject.Name}: readiness is announced and has not changed");
                subject.Ready = ready;
                if (ready)
                    CheckReadiness(subject);
                break;
            default:
                break;
        }
    }

    private void CheckReadiness(Subject subject)
    {
        if (subject.ReadinessChanged)
            return;

        Instant? born = (subject.Main ?? subject.Reaped)?.Born;
        bool justified = subject.Policy.Readiness switch
        {
            null => subject.Phase == ProgramPhase.Running,
            { Source: ReadinessSource.Polled } => subject.PolledReady,
            { Source: ReadinessSource.Told } => subject.ToldReady,
            { Source: ReadinessSource.Exit } => subject.EndedInSuccess,
            var delay => born is { } at && _now >= at + delay.Interval,
        };
        if (!justified)
            throw Broken($"{subject.Name} is said to be ready without cause ({subject.Policy.Readiness})");
    }

    private void NotePhase(Subject subject, ProgramPhase from, ProgramPhase to, string? detail)
    {
        subject.Phase = to;
        _lastChanged = subject;
        if (IsUp(from) && !IsUp(to) && subject.Main is not null)
            NoteGoneDown(subject);
        subject.PhaseSince = _now;
        if (subject.InRolling && (ProgramMachine.IsDown(from) || from == ProgramPhase.Stopping) && to is ProgramPhase.Starting or ProgramPhase.Waiting)
            NoteStartAsked(subject);
        switch (to)
        {
            case ProgramPhase.Starting:
                subject.SpawnFailureCode = null;
                subject.FailedForGood = false;
                if (from == ProgramPhase.Exited && subject.RestartDue)
                {
                    See("restarted at once");
                    subject.RestartDue = false;
                    break;
                }

                if (from == ProgramPhase.Backoff)
                {
                    if (WasAskedFor(subject))
                        subject.Failures = 0;
                    break;
                }

                CheckGate(subject);
                subject.RunningSince = null;
                if (from != ProgramPhase.Waiting || !subject.KeepsCount)
                    subject.Failures = 0;
                break;
            case ProgramPhase.Waiting:
                // Out of BACKOFF because what it requires is being restarted: its failures count on.
                subject.KeepsCount = from == ProgramPhase.Backoff && !WasAskedFor(subject);
                subject.FailedForGood = false;
                break;
            case ProgramPhase.Running:
                subject.RunningSince = _now;
                if (subject.Policy.Backoff.OnlyFailedStarts)
                    subject.Failures = 0;
                // One that ends after its grace, and before the core has heard of either, is RUNNING for a moment.
                FakeProcess? ended = subject.Policy.EarlyExitFails && subject.EndedAt == _now ? subject.Ended : null;
                if (subject.Main is null && subject.Reaped is null && ended is null)
                    throw Broken($"{subject.Name} is RUNNING without a process");
                if ((subject.Main ?? subject.Reaped ?? ended) is { } process && _now < process.Born + subject.GraceAtSpawn)
                    throw Broken($"{subject.Name} is RUNNING {Durations.Text(_now - process.Born)} after its spawn; its grace is {Durations.Text(subject.GraceAtSpawn)}");
                break;
            case ProgramPhase.Fatal when from == ProgramPhase.Backoff:
                subject.FailedForGood = true;
                CheckGivenUp(subject);
                break;
            case ProgramPhase.Backoff or ProgramPhase.Fatal:
                subject.FailedForGood = to == ProgramPhase.Fatal;
                NoteFailure(subject, to);
                break;
            case ProgramPhase.Stopping:
                subject.HasFault = detail is not null;
                subject.StopAsBegan = subject.Policy.Stop;
                if (subject.InRolling && _core.StateOf(subject.Name) is { StopReason: StopReason.Restart, Wanted: true })
                    NoteStartAsked(subject);
                if (detail is null) // Else it goes down for a fault of its own, which waits for nobody.
                    CheckStopOrder(subject);
                break;
            case ProgramPhase.Exited when IsRestartDue(subject, from):
                subject.RestartDue = true;
                subject.RunningSince = null;
                break;
            default:
                if (to == ProgramPhase.Exited && subject.EndedEarly && subject.Policy.EarlyExitFails)
                    throw Broken($"{subject.Name} ended within its grace and is EXITED");
                subject.FailedForGood = to == ProgramPhase.Fatal || (to == ProgramPhase.Exited && !subject.EndedWell());
                subject.RunningSince = null;
                subject.KeepsCount = false;
                break;
        }
    }

    /// <summary>It leaves BACKOFF because somebody asked, and not for a failure, which would count at least one: then the core counts anew.</summary>
    private bool WasAskedFor(Subject subject) => _core.StateOf(subject.Name).Attempt == 0;

    /// <summary>It was RUNNING, only failed starts count, and it is to be up: then nothing may keep it down.</summary>
    private static bool IsRestartDue(Subject subject, ProgramPhase from)
    {
        ProgramPolicy policy = subject.Policy;
        if (!policy.Backoff.OnlyFailedStarts || subject.RunningSince is null || policy.Restart == RestartMode.Never)
            return false;

        bool hasFault = from == ProgramPhase.Stopping && subject.HasFault;
        return hasFault || !subject.EndedWell() || (policy.Restart == RestartMode.Always && !policy.Scheduled);
    }

    /// <summary>Failed starts were counted when it entered BACKOFF.</summary>
    private void CheckGivenUp(Subject subject)
    {
        BackoffPolicy backoff = subject.Policy.Backoff;
        if (!backoff.OnlyFailedStarts)
            throw Broken($"{subject.Name} goes from BACKOFF to FATAL");
        if (!_shutdownBegan && !(subject.Failures > backoff.Attempts))
            throw Broken($"{subject.Name} is FATAL after {subject.Failures} failures in a row; it has {backoff.Attempts} restarts");
    }

    private void NoteFailure(Subject subject, ProgramPhase to)
    {
        BackoffPolicy backoff = subject.Policy.Backoff;
        bool hadBeenRunning = subject.RunningSince is not null;
        if (to == ProgramPhase.Backoff && hadBeenRunning && backoff.OnlyFailedStarts && !subject.SetUpFailed)
            throw Broken($"{subject.Name} had been RUNNING and is in BACKOFF, where only failed starts belong");
        if (subject.RunningSince is { } since && _now - since >= backoff.ResetAfter)
            subject.Failures = 0;
        subject.Failures++;
        subject.RunningSince = null;
        if (to == ProgramPhase.Fatal)
        {
            bool once = subject.Policy.Restart == RestartMode.Never;
            if (!once && backoff.Attempts is null)
                throw Broken($"{subject.Name} is FATAL, and may try for ever");
            if (!once && subject.Failures < backoff.Attempts + 1)
                throw Broken($"{subject.Name} is FATAL after {subject.Failures} failures in a row; it has {backoff.Attempts} restarts");
            return;
        }

        // As supervisord has it, FATAL is reached through BACKOFF, within one step: Check sees to that.
        if (subject.Failures > backoff.Attempts && !backoff.OnlyFailedStarts)
            throw Broken($"{subject.Name} tries again after {subject.Failures} failures in a row; it has {backoff.Attempts} restarts");

        subject.RestartIsFree = subject.Failures == 1 && hadBeenRunning && !subject.SetUpFailed;
        _failedNow.Add(subject.Name);
    }

    private void CheckGate(Subject subject)
    {
        foreach (Subject needed in RequiredBy(subject))
        {
            if (!needed.Ready || needed.Phase == ProgramPhase.Stopping)
                throw Broken($"{subject.Name} is started and {needed.Name}, which it requires, is {needed.Phase}{(needed.Ready ? "" : " and not ready")}");
        }
    }

    private void CheckStopOrder(Subject subject)
    {
        StopReason reason = _core.StateOf(subject.Name).StopReason;
        if (_orderOff || _shutdownDeadline <= _now || reason is not (StopReason.User or StopReason.Shutdown or StopReason.Restart or StopReason.Removed))
            return;
        if (subject.Main is null && subject.Reaped is null)
            return;

        if (reason == StopReason.Shutdown && _subjects.Values.All(other => !other.Removed))
            CheckShutdownOrder(subject);
        foreach (Subject dependant in DependantsOf(subject))
        {
            if (dependant.AskedDown && dependant.Main is { Alive: true })
                throw Broken($"{subject.Name} is stopped ({reason}) while {dependant.Name}, which depends on it and is to go down too, is alive");
        }
    }

    private void CheckShutdownOrder(Subject subject)
    {
        int own = ShutdownPriorityOf(subject);
        foreach (Subject other in _subjects.Values)
        {
            if (other.Main is { Alive: true } && ShutdownPriorityOf(other) > own)
                throw Broken($"{subject.Name} is asked to end while {other.Name}, of a higher shutdown priority, is alive");
        }
    }

    /// <summary>A program goes down before what it depends on, and so not later than that allows.</summary>
    private int ShutdownPriorityOf(Subject subject) =>
        _subjects.Values.Where(other => other == subject || DependantsOf(other).Contains(subject)).Max(other => other.Policy.ShutdownPriority);

    // --- Checks after each step -----------------------------------------------------------------------------------------

    private void CheckAll(SystemEvent happening)
    {
        foreach (Subject subject in _subjects.Values)
        {
            if (_core.Knows(subject.Name))
                Check(subject);
        }

        if (happening is SystemEvent.DeadlineReached && !_completed && _core.NextDeadline is { } due && due < _now)
            throw Broken($"DeadlineReached was handled at {Time(_now)} and the next deadline is in the past: {Time(due)}");
    }

    private void Check(Subject subject)
    {
        string name = subject.Name;
        ProgramState state = _core.StateOf(name);
        if (state.Phase != subject.Phase)
            throw Broken($"{name} is {state.Phase} and was announced as {subject.Phase}");
        if (state.Ready != subject.Ready)
            throw Broken($"{name}: ready is {state.Ready} and was announced as {subject.Ready}");

        FakeProcess? process = subject.Main ?? subject.Reaped;
        if (!subject.AnswerPending && state.Pid != process?.Pid)
            throw Broken($"{name}: the core believes in pid {state.Pid}, and it is {process?.Pid}");
        if (subject.Main is null && subject.Reaped is null)
            subject.AskedDown &= subject.AnswerPending;

        if (state.Hook != subject.Hook?.Kind && subject.Hook is not { Ended: true })
            throw Broken($"{name}: the core believes in hook {state.Hook}, and it is {subject.Hook?.Kind}");

        bool hasAnswerComing = subject.AnswerPending;
        switch (subject.Phase)
        {
            case ProgramPhase.Backoff:
                if (state.Deadline is not { } due)
                    throw Broken($"{name} is in BACKOFF without a deadline");
                if (_failedNow.Contains(name) && subject.Failures > subject.Policy.Backoff.Attempts)
                    throw Broken($"{name} tries again after {subject.Failures} failures in a row; it has {subject.Policy.Backoff.Attempts} restarts");
                CheckDelay(subject, state, due);
                CheckNothingRuns(subject);
                break;
            case ProgramPhase.Exited when subject.RestartDue && state.Wanted:
                CheckNothingRuns(subject);
                if (state.Deadline is not { } again)
                    throw Broken($"{name} is EXITED, is to be restarted, and never will be");
                if (again > subject.PhaseSince && again > state.TriedAt + ProgramMachine.TryInterval)
                    throw Broken($"{name} is EXITED and waits {Durations.Text(again - subject.PhaseSince)} for a restart that is due at once");
                break;
            case ProgramPhase.Starting when !hasAnswerComing && state.Deadline is null:
                // Grace over: readiness decides, with its own deadline or for as long as it takes.
                if (!state.GraceOver || state.Ready || subject.Policy.Readiness is not { } readiness)
                    throw Broken($"{name} is STARTING and nothing will ever happen to it: {state}");
                bool probing = state.ReadyProbe.UnderWay || state.ReadyProbe.DueAt is not null;
                if (readiness.Source is ReadinessSource.Polled or ReadinessSource.Delay && !probing)
                    throw Broken($"{name} is STARTING and its readiness is not looked for: {state}");
                break;
            case ProgramPhase.Stopping when !hasAnswerComing && state.Deadline is null:
                throw Broken($"{name} is STOPPING without a deadline: {state}");
            case ProgramPhase.Waiting:
                CheckNothingRuns(subject);
                if (_core.BlockersOf(name).Count == 0)
                    throw Broken($"{name} is WAITING for nobody");
                break;
            case ProgramPhase.Stopped or ProgramPhase.Exited or ProgramPhase.Fatal or ProgramPhase.Absent:
                subject.RestartDue = false;
                CheckNothingRuns(subject);
                if (subject.Phase == ProgramPhase.Stopped && subject.SweepAsked)
                    throw Broken($"{name} is STOPPED before what it left behind is gone");
                if (ProgramMachine.NextDeadline(state) is not null)
                    throw Broken($"{name} is {subject.Phase} and has a deadline: {state}");
                break;
            default:
                break;
        }

        if (subject.Hook is { Ended: false } hook && _now > hook.Limit && state.Deadline is { } deadline && deadline > _now && hook.Kind is not HookKind.AfterStart)
            throw Broken($"{name}: the {hook.Kind} hook runs beyond its limit");
    }

    private void CheckDelay(Subject subject, ProgramState state, Instant due)
    {
        if (!_failedNow.Contains(subject.Name))
            return;

        // The first restart of a program that had been RUNNING comes at once, or when the least time between two tries is over.
        Instant latest = subject.RestartIsFree ? _now : _now + subject.Policy.Backoff.Max;
        if (state.TriedAt is { } tried && tried + ProgramMachine.TryInterval > latest)
            latest = tried + ProgramMachine.TryInterval;
        if (due < _now || due > latest)
            throw Broken($"{subject.Name} waits {Durations.Text(due - _now)} in BACKOFF; at most {Durations.Text(subject.Policy.Backoff.Max)} is allowed");
    }

    private void CheckNothingRuns(Subject subject)
    {
        if (subject.Main is not null || subject.AnswerPending)
            throw Broken($"{subject.Name} is {subject.Phase} and a process of it is there");
        if (subject.Hook is not null)
            throw Broken($"{subject.Name} is {subject.Phase} and its {subject.Hook.Kind} hook runs");
        if (subject.ReadyProbe is { Ended: false } || subject.HealthProbe is { Ended: false })
            throw Broken($"{subject.Name} is {subject.Phase} and is probed");
    }
}
