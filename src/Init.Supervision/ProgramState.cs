using Init.Base;

namespace Init.Supervision;

/// <summary>supervisord's states and numbers, and two of our own (WAITING, ABSENT) that supervisord does not have.</summary>
public enum ProgramPhase
{
    Stopped = 0,
    Starting = 10,
    Running = 20,
    Backoff = 30,
    Stopping = 40,
    Exited = 100,
    Fatal = 200,

    /// <summary>Wants to start, and is held back until the programs it requires are ready.</summary>
    Waiting = 1001,

    /// <summary>Optional, and its command is not installed.</summary>
    Absent = 1002,
}

/// <summary>What a program in <see cref="ProgramPhase.Starting"/> or <see cref="ProgramPhase.Stopping"/> is busy with.</summary>
public enum ProgramStep
{
    None,

    /// <summary>Starting: the before-start hook runs.</summary>
    BeforeStartHook,

    /// <summary>Starting: spawned, waiting for the grace time and readiness.</summary>
    Settling,

    /// <summary>Stopping: the stop command runs, the process still lives.</summary>
    StopCommand,

    /// <summary>Stopping: the stop signal is sent.</summary>
    Signalled,

    /// <summary>Stopping: the final signal is sent.</summary>
    Killed,

    /// <summary>Stopping: the process is gone; what it left behind is being ended.</summary>
    Sweeping,

    /// <summary>Stopping: the after-stop hook runs.</summary>
    AfterStopHook,
}

public enum HealthState
{
    Unknown,
    Healthy,
    Unhealthy,
}

/// <summary>Why a program is on its way down, which decides what comes after.</summary>
public enum StopReason
{
    None,
    User,
    Shutdown,
    Restart,

    /// <summary>A required program with <c>restart = true</c> went down.</summary>
    Dependency,

    /// <summary>It did not become ready in time.</summary>
    NotReady,

    /// <summary>Its before-start hook took too long.</summary>
    HookOverdue,
    Unhealthy,
    Watchdog,

    /// <summary>It ended by itself; only the hook after its end remains.</summary>
    Exited,

    /// <summary>It is no longer in the configuration.</summary>
    Removed,
}

/// <summary>What is true now of one program instance. Immutable; the program machine makes the next one.</summary>
public sealed record ProgramState
{
    public ProgramPhase Phase { get; init; } = ProgramPhase.Stopped;

    public ProgramStep Step { get; init; }

    /// <summary>The main process, from spawn until its exit is reaped; else null.</summary>
    public int? Pid { get; init; }

    /// <summary>True: it is meant to be up. A user's stop makes it false, a user's start true; it survives reloads.</summary>
    public bool Wanted { get; init; }

    /// <summary>The user stopped it: a reload does not start it again.</summary>
    public bool StoppedByUser { get; init; }

    /// <summary>Failures in a row, each followed by a restart.</summary>
    public int Attempt { get; init; }

    /// <summary>How often it has been restarted by the supervisor, ever.</summary>
    public int Restarts { get; init; }

    /// <summary>When the present step ends by itself (grace, back-off, stop grace, hook limit); null = never.</summary>
    public Instant? Deadline { get; init; }

    /// <summary>When the start fails for not being ready; null = never.</summary>
    public Instant? ReadyDeadline { get; init; }

    public Instant? WatchdogDeadline { get; init; }

    /// <summary>When the last try to start it began.</summary>
    public Instant? TriedAt { get; init; }

    public Instant? SpawnedAt { get; init; }

    public Instant? RunningSince { get; init; }

    /// <summary>When <see cref="Phase"/> was entered.</summary>
    public Instant ChangedAt { get; init; }

    public bool Ready { get; init; }

    /// <summary>The grace time is over; readiness may still be missing.</summary>
    public bool GraceOver { get; init; }

    public ProbeState ReadyProbe { get; init; } = ProbeState.Idle;

    public ProbeState HealthProbe { get; init; } = ProbeState.Idle;

    public HealthState Health { get; init; }

    public StopReason StopReason { get; init; }

    /// <summary>Stopping: the final signal was sent. What is still there later gets KILL, whatever the final signal is.</summary>
    public bool FinalSignalSent { get; init; }

    /// <summary>How the last process ended; null if none has.</summary>
    public ExitStatus? LastExit { get; init; }

    /// <summary>Why it is in BACKOFF or FATAL, or what went wrong last; for people.</summary>
    public string? Problem { get; init; }

    /// <summary>A hook is running: which one.</summary>
    public HookKind? Hook { get; init; }

    /// <summary>When the hook after the start, which holds nothing up, is killed; null = none is running.</summary>
    public Instant? AfterStartDeadline { get; init; }

    /// <summary>How its last try failed when no process ran: 126 or 127; else null.</summary>
    public int? SpawnFailureCode { get; init; }
}

/// <summary>One probe that is repeated: when it is due, or that it is under way.</summary>
/// <param name="DueAt">When to probe next; null while a probe is under way or none is wanted.</param>
/// <param name="UnderWay">A probe was sent and its result is awaited.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="Detail">What the last result said.</param>
public sealed record ProbeState(Instant? DueAt, bool UnderWay, int Failures, string? Detail)
{
    public static ProbeState Idle { get; } = new(null, UnderWay: false, 0, null);
}
