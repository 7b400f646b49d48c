using Init.Base;

namespace Init.Supervision;

/// <summary>
/// The life of one program instance, as a pure function: a state and an event give the next state and what to do about it.
/// <para>
/// <c>STOPPED → [WAITING] → STARTING (hook, spawn, grace and readiness) → RUNNING → STOPPING (command, signal, kill, sweep, hook)
/// → STOPPED</c>; a failure leads to <c>BACKOFF</c> and from there to STARTING again or, when the attempts are used up, to
/// <c>FATAL</c>; an end that is not followed by a restart is <c>EXITED</c>.
/// </para>
/// <para>
/// As supervisord has it (<see cref="BackoffPolicy.OnlyFailedStarts"/>), BACKOFF is for failed starts alone, and FATAL is reached through it; the end of a program
/// that was RUNNING is EXITED, also when a restart follows, which it does as soon as <see cref="TryInterval"/> allows.
/// </para>
/// <para>
/// Invariants: there is a pid exactly from Spawned to Exited, and never a Spawn effect while there is one; a program that is not
/// wanted is never started; a process being stopped is always under a deadline until it is gone.
/// </para>
/// </summary>
public static class ProgramMachine
{
    /// <summary>SIGKILL, see signal(7).</summary>
    public const int Kill = 9;

    /// <summary>KILL is sent again at this pace to what does not die: a process in uninterruptible sleep may take it late.</summary>
    public static readonly TimeSpan KillRepeat = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The least time between two tries of one program. Without it, a program that fails at once and has no back-off configured
    /// would turn the machine into a fork loop.
    /// </summary>
    public static readonly TimeSpan TryInterval = TimeSpan.FromMilliseconds(50);

    /// <param name="state">What is true now.</param>
    /// <param name="input">What happened.</param>
    /// <param name="policy">How the program is to be treated.</param>
    /// <param name="now">The time of the event.</param>
    /// <param name="world">What the program may know of the others, and chance.</param>
    public static (ProgramState Next, IReadOnlyList<ProgramEffect> Effects) Step(
        ProgramState state, ProgramEvent input, ProgramPolicy policy, Instant now, ProgramSurroundings world)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(world);

        var step = new ProgramTransition(state, policy, now, world);
        switch (input)
        {
            case ProgramEvent.StartRequested start:
                step.RequestStart(start.Installed);
                break;
            case ProgramEvent.GateOpened when state is { Phase: ProgramPhase.Waiting, Wanted: true }:
                step.BeginStart();
                break;
            case ProgramEvent.HookEnded hook:
                step.EndHook(hook);
                break;
            case ProgramEvent.Spawned spawned when IsSpawning(state):
                step.NoteSpawned(spawned.Pid);
                break;
            case ProgramEvent.SpawnFailed failed when IsSpawning(state) || state.Pid is not null:
                step.NoteSpawnFailed(failed);
                break;
            case ProgramEvent.Exited exited when state.Pid is not null:
                step.NoteExit(exited.Status);
                break;
            case ProgramEvent.DeadlineReached:
                step.ReachDeadline();
                break;
            case ProgramEvent.ReadyTold when state.Pid is not null && policy.Readiness is { Source: ReadinessSource.Told }:
                step.NoteReady();
                break;
            case ProgramEvent.ProbeEnded probe:
                step.EndProbe(probe);
                break;
            case ProgramEvent.WatchdogFed when state.WatchdogDeadline is not null:
                step.FeedWatchdog();
                break;
            case ProgramEvent.WatchdogTriggered when state.WatchdogDeadline is not null:
                step.TriggerWatchdog();
                break;
            case ProgramEvent.StopRequested stop:
                step.RequestStop(stop.Reason);
                break;
            case ProgramEvent.StopHastened:
                step.HastenStop();
                break;
            case ProgramEvent.Swept when state.Step == ProgramStep.Sweeping:
                step.NoteSwept();
                break;
            case ProgramEvent.PolicyChanged:
                step.NotePolicyChange();
                break;
            case ProgramEvent.Unwanted unwanted:
                step.NoteUnwanted(unwanted.Reason);
                break;
            default:
                break; // Late or already satisfied: nothing changes.
        }

        return step.Result;
    }

    /// <summary>When the program needs a DeadlineReached; null = never.</summary>
    public static Instant? NextDeadline(ProgramState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Instant earliest = Instant.Never;
        Consider(state.Deadline);
        Consider(state.ReadyDeadline);
        Consider(state.WatchdogDeadline);
        Consider(state.AfterStartDeadline);
        Consider(state.ReadyProbe.DueAt);
        Consider(state.HealthProbe.DueAt);
        return earliest == Instant.Never ? null : earliest;

        void Consider(Instant? candidate)
        {
            if (candidate is { } at && at < earliest)
                earliest = at;
        }
    }

    /// <summary>Spawn was asked for, and the answer is not here yet.</summary>
    private static bool IsSpawning(ProgramState state) => state is
    {
        Pid: null,
        Phase: ProgramPhase.Starting or ProgramPhase.Stopping,
        Step: ProgramStep.Settling or ProgramStep.Signalled or ProgramStep.Killed,
    };

    /// <summary>No process and no hook: nothing of it is left to stop. One that is EXITED may be about to be restarted all the same (<see cref="IsAwaitingRestart"/>).</summary>
    public static bool IsDown(ProgramPhase phase) =>
        phase is ProgramPhase.Stopped or ProgramPhase.Exited or ProgramPhase.Fatal or ProgramPhase.Absent;

    /// <summary>No process, no hook and no plan to start.</summary>
    public static bool IsDown(ProgramState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return IsDown(state.Phase) && !IsAwaitingRestart(state);
    }

    /// <summary>Nothing runs, and it will be started again at its deadline.</summary>
    public static bool IsAwaitingRestart(ProgramState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state is { Phase: ProgramPhase.Backoff } or { Phase: ProgramPhase.Exited, Deadline: not null };
    }
}

/// <param name="GateOpen">All programs that this one requires are ready.</param>
/// <param name="Chance">A random number in 0..1.</param>
public sealed record ProgramSurroundings(bool GateOpen, double Chance);
