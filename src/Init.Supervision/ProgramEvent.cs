using Init.Base;

namespace Init.Supervision;

/// <summary>What can happen to one program. Facts from the world and requests alike; a late or needless one changes nothing.</summary>
public abstract record ProgramEvent
{
    private ProgramEvent() { }

    /// <param name="Installed">False: the command cannot be found, and the program is optional.</param>
    public sealed record StartRequested(bool Installed = true) : ProgramEvent;

    /// <summary>The programs it waits for are ready.</summary>
    public sealed record GateOpened : ProgramEvent;

    public sealed record HookEnded(HookKind Hook, bool Success, string? Detail = null) : ProgramEvent;

    public sealed record Spawned(int Pid) : ProgramEvent;

    /// <summary>It could not be spawned, or its set-up between spawn and exec failed; either way no process of it is left.</summary>
    /// <param name="Why">For people: what could not be done and the cause.</param>
    /// <param name="NotInstalled">The command does not exist.</param>
    /// <param name="ExitCode">What a shell would return: 127 not found, 126 not executable.</param>
    public sealed record SpawnFailed(string Why, bool NotInstalled, int ExitCode) : ProgramEvent;

    /// <summary>The main process was reaped.</summary>
    public sealed record Exited(ExitStatus Status) : ProgramEvent;

    /// <summary>The clock has reached <see cref="ProgramMachine.NextDeadline"/>.</summary>
    public sealed record DeadlineReached : ProgramEvent;

    /// <summary>A log line or a notify message said that it is ready.</summary>
    public sealed record ReadyTold : ProgramEvent;

    public sealed record ProbeEnded(ProbeRole Role, bool Success, string? Detail = null) : ProgramEvent;

    public sealed record WatchdogFed : ProgramEvent;

    /// <summary>The program itself asks to be treated as if it had been silent for too long (WATCHDOG=trigger of sd_notify(3)).</summary>
    public sealed record WatchdogTriggered : ProgramEvent;

    public sealed record StopRequested(StopReason Reason) : ProgramEvent;

    /// <summary>No more patience: the final signal now.</summary>
    public sealed record StopHastened : ProgramEvent;

    /// <summary>Nothing that belongs to it is alive any more.</summary>
    public sealed record Swept : ProgramEvent;

    /// <summary>A reload gave it another way to be ready, other health checks or another watchdog, which begin now.</summary>
    public sealed record PolicyChanged : ProgramEvent;

    /// <summary>From now on it is not wanted: whatever ends it, it stays down. Its stop may come later, when its dependants are down.</summary>
    public sealed record Unwanted(StopReason Reason) : ProgramEvent;
}

public enum HookKind
{
    BeforeStart,
    AfterStart,

    /// <summary>The command that asks the program to end.</summary>
    Stop,
    AfterStop,
}

public enum ProbeRole
{
    Readiness,
    Health,
}

/// <summary>What the engine must do for one program.</summary>
public abstract record ProgramEffect
{
    private ProgramEffect() { }

    /// <summary>Start the process; the answer is Spawned or SpawnFailed, before anything else happens to this program.</summary>
    public sealed record Spawn : ProgramEffect;

    public sealed record RunHook(HookKind Hook) : ProgramEffect;

    /// <summary>Kill the hook that is running; its end is of no interest any more.</summary>
    public sealed record CancelHook : ProgramEffect;

    /// <param name="Number">The signal.</param>
    /// <param name="ToGroup">To the process group and not only to the main process.</param>
    public sealed record Signal(int Number, bool ToGroup) : ProgramEffect;

    /// <summary>
    /// Send the signal to everything the program, or its before-start hook, left behind; the answer is Swept, once, when nothing is left. It comes
    /// after whatever was on its way already.
    /// </summary>
    public sealed record Sweep(int Number) : ProgramEffect;

    /// <summary>Kill what is left in the process group of a main process that has just died, without waiting for it.</summary>
    public sealed record KillLeftovers : ProgramEffect;

    /// <summary>Probe once; the answer is ProbeEnded.</summary>
    public sealed record StartProbe(ProbeRole Role) : ProgramEffect;

    public sealed record CancelProbe(ProbeRole Role) : ProgramEffect;

    /// <summary>Tell everyone who follows events.</summary>
    public sealed record Announce(ProgramNotice Notice) : ProgramEffect;
}

/// <summary>A fact about a program that people and listeners want to hear.</summary>
public abstract record ProgramNotice
{
    private ProgramNotice() { }

    public sealed record PhaseChanged(ProgramPhase From, ProgramPhase To, string? Detail) : ProgramNotice;

    public sealed record ReadyChanged(bool Ready) : ProgramNotice;

    public sealed record HealthChanged(HealthState Health, string? Detail) : ProgramNotice;

    /// <summary>The main process ended.</summary>
    public sealed record ProcessEnded(ExitStatus Status, bool Expected) : ProgramNotice;

    public sealed record HookFailed(HookKind Hook, string Detail) : ProgramNotice;
}
