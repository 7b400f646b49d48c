using System.Collections.Immutable;

namespace Init.Supervision;

/// <summary>
/// What the core must know to supervise one program instance: a validated, immutable value. How to run it (command,
/// environment, log files, …) is not here, for the core never runs anything.
/// </summary>
public sealed record ProgramPolicy
{
    /// <summary>The instance's name: "napcat", or "worker:0" when the program has replicas.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the program in the configuration, shared by all its replicas.</summary>
    public required string Program { get; init; }

    /// <summary>False: defined, and not started at boot.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>True: a command that is not installed makes the program ABSENT, which is no failure.</summary>
    public bool Optional { get; init; }

    /// <summary>True: when this program fails for good, the container may end, with its exit code.</summary>
    public bool Critical { get; init; }

    /// <summary>What happens to the container when this program ended by itself and is not restarted.</summary>
    public OnExit OnExit { get; init; } = OnExit.Keep;

    public RestartMode Restart { get; init; } = RestartMode.Always;

    /// <summary>Exit codes 0..255 that mean success. A death by signal is never success.</summary>
    public ImmutableArray<int> SuccessExitCodes { get; init; } = [0];

    /// <summary>Alive this long, and ready if a probe is set: RUNNING. Zero: RUNNING as soon as it is spawned.</summary>
    public TimeSpan StartGrace { get; init; } = TimeSpan.FromSeconds(1);

    public BackoffPolicy Backoff { get; init; } = new();

    public StopPolicy Stop { get; init; } = new();

    /// <summary>Programs (all their replicas) that must be ready before this one starts.</summary>
    public ImmutableArray<Requirement> Requires { get; init; } = [];

    /// <summary>Programs that are started earlier and stopped later, without waiting for their readiness.</summary>
    public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Null: ready when RUNNING.</summary>
    public ReadinessPolicy? Readiness { get; init; }

    /// <summary>Null: health is not checked.</summary>
    public HealthPolicy? Health { get; init; }

    /// <summary>The program must say WATCHDOG=1 at least this often once it is ready (sd_notify(3)). Null: no watchdog.</summary>
    public TimeSpan? Watchdog { get; init; }

    public HookPolicy Hooks { get; init; } = new();

    /// <summary>
    /// At shutdown a program is asked to end when all those with a higher number are down. supervisord's group priority; all the same in a supervisor.toml,
    /// where only <see cref="Requires"/> and <see cref="After"/> decide.
    /// </summary>
    public int ShutdownPriority { get; init; }

    /// <summary>True, as in supervisord: an exit before <see cref="StartGrace"/> is over is a failed start, whatever its code and whatever <see cref="Restart"/> says.</summary>
    public bool EarlyExitFails { get; init; }

    /// <summary>True: it is started by its timetable and not at boot, and stays down between two runs.</summary>
    public bool Scheduled { get; init; }
}

public enum RestartMode
{
    Always,
    OnFailure,

    /// <summary>A one-shot.</summary>
    Never,
}

public enum OnExit
{
    Keep,
    Shutdown,
}

/// <summary>
/// How long to wait before the next try. The first restart of a program that had been RUNNING is free of delay; every other try
/// waits initial x factor^n, at most <see cref="Max"/>, give or take the jitter.
/// </summary>
public sealed record BackoffPolicy
{
    public TimeSpan Initial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>1 or more.</summary>
    public double Factor { get; init; } = 2;

    public TimeSpan Max { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>0..1: the delay is multiplied by a random number between 1 - jitter and 1 + jitter, and never exceeds <see cref="Max"/>.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>Added for each try after the first: with a factor of 1, supervisord's waits of 1, 2, 3, … seconds.</summary>
    public TimeSpan Increment { get; init; }

    /// <summary>True, as in supervisord: a program that was RUNNING is always restarted at once, and only failed starts are counted.</summary>
    public bool OnlyFailedStarts { get; init; }

    /// <summary>RUNNING this long forgets earlier failures.</summary>
    public TimeSpan ResetAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Restarts in a row before FATAL; 0 = FATAL at the first failure, null = for ever.</summary>
    public int? Attempts { get; init; } = 10;
}

public sealed record StopPolicy
{
    /// <summary>The signal that asks the program to end; SIGTERM (15) unless told otherwise.</summary>
    public int Signal { get; init; } = 15;

    /// <summary>How long it may take before <see cref="FinalSignal"/>. A stop command has as long again before the signal.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True: signals go to the whole process group, and what has escaped from the group is ended too.</summary>
    public bool Group { get; init; } = true;

    /// <summary>Whether <see cref="FinalSignal"/> goes to the whole process group, where <see cref="Group"/> is false (supervisord's killasgroup).</summary>
    public bool FinalGroup { get; init; }

    /// <summary>True: a stop command is run first; the signal follows if the program is still there when the command has ended.</summary>
    public bool HasCommand { get; init; }

    /// <summary>SIGKILL (9) unless told otherwise. What outlives it by <see cref="ProgramMachine.KillRepeat"/> gets SIGKILL.</summary>
    public int FinalSignal { get; init; } = 9;
}

/// <param name="Program">The required program's name.</param>
/// <param name="Restart">True: when the required program ends, this one is restarted with it.</param>
/// <param name="Limit">How long this one waits at most until the required program is ready, from when it could start otherwise; null = as long as it takes.</param>
public sealed record Requirement(string Program, bool Restart = false, TimeSpan? Limit = null);

public enum ReadinessSource
{
    /// <summary>Asked again and again until it says yes (path, tcp, http, exec).</summary>
    Polled,

    /// <summary>Told by an event (a log line, a notify message).</summary>
    Told,

    /// <summary>A one-shot is ready when it ended in success.</summary>
    Exit,

    /// <summary>Ready when it has been alive for <see cref="ReadinessPolicy.Interval"/>.</summary>
    Delay,
}

/// <param name="Source">Who says that the program is ready.</param>
/// <param name="Interval">Polled: the pause between two probes. Delay: the delay itself.</param>
/// <param name="ProbeTimeout">How long one probe may take.</param>
/// <param name="Timeout">
/// Polled and told: how long the program may take to become ready before the start counts as failed; null = for ever.
/// </param>
public sealed record ReadinessPolicy(ReadinessSource Source, TimeSpan Interval, TimeSpan ProbeTimeout, TimeSpan? Timeout);

public sealed record HealthPolicy
{
    public TimeSpan InitialDelay { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one probe may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Failures in a row that make the program unhealthy; at least 1.</summary>
    public int Failures { get; init; } = 3;

    public HealthAction Action { get; init; } = HealthAction.Restart;
}

public enum HealthAction
{
    Restart,
    Report,
}

/// <summary>Which hooks exist. A hook that takes longer than <see cref="Timeout"/> is killed and has failed.</summary>
public sealed record HookPolicy
{
    /// <summary>Run to its end before the program is spawned; its failure is a failed start.</summary>
    public bool BeforeStart { get; init; }

    /// <summary>Run when the program is RUNNING and ready; its failure is only said.</summary>
    public bool AfterStart { get; init; }

    /// <summary>Run when the program has ended, for whatever reason; its failure is only said.</summary>
    public bool AfterStop { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
