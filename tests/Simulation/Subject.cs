using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <summary>One program instance as the fake world knows it, apart from what the core believes.</summary>
internal sealed class Subject(ProgramPolicy policy)
{
    public string Name => Policy.Name;

    public ProgramPolicy Policy { get; set; } = policy;

    public bool Removed { get; set; }

    public bool Installed { get; set; } = true;

    // --- What exists ----------------------------------------------------------------------------------------------------

    /// <summary>The main process, from spawn until the engine has reaped it.</summary>
    public FakeProcess? Main { get; set; }

    /// <summary>Its pid was reaped, and the core has not been told yet.</summary>
    public FakeProcess? Reaped { get; set; }

    /// <summary>Spawned or SpawnFailed is in the queue.</summary>
    public bool AnswerPending { get; set; }

    public FakeHook? Hook { get; set; }

    public FakeProbe? ReadyProbe { get; set; }

    public FakeProbe? HealthProbe { get; set; }

    public List<Leftover> Leftovers { get; } = [];

    public bool SweepAsked { get; set; }

    public bool SweptPending { get; set; }

    // --- What was announced ---------------------------------------------------------------------------------------------

    public ProgramPhase Phase { get; set; }

    public bool Ready { get; set; }

    public Instant PhaseSince { get; set; }

    public Instant? RunningSince { get; set; }

    // --- What must hold -------------------------------------------------------------------------------------------------

    public bool Wanted { get; set; }

    public bool StoppedByUser { get; set; }

    /// <summary>A rolling restart has been asked for and may still come to it.</summary>
    public bool InRolling { get; set; }

    /// <summary>It was asked to go down and its process has not gone since: its dependencies' stops wait for it.</summary>
    public bool AskedDown { get; set; }

    /// <summary>A process that must be gone in the end, because one that it depends on went down.</summary>
    public FakeProcess? MustGo { get; set; }

    /// <summary>The rules of the stop that is going on, as they were when it began.</summary>
    public StopPolicy? StopAsBegan { get; set; }

    public ExitStatus? LastExit { get; set; }

    public int? SpawnFailureCode { get; set; }

    public int EndCode => SpawnFailureCode ?? LastExit?.ShellCode ?? 1;

    /// <summary>It is FATAL, or EXITED and not in success.</summary>
    public bool FailedForGood { get; set; }

    /// <summary>By its exit code, and by what the configuration calls success now.</summary>
    public bool EndedWell() => LastExit is { WasSignalled: false } status && Policy.SuccessExitCodes.Contains(status.Code);

    /// <summary>Failed tries in a row.</summary>
    public int Failures { get; set; }

    /// <summary>It ended after it had been RUNNING, and is to be up again at once.</summary>
    public bool RestartDue { get; set; }

    /// <summary>The last process that the core was told the end of, and when.</summary>
    public FakeProcess? Ended { get; set; }

    public Instant EndedAt { get; set; }

    /// <summary>Its last process ended within the grace of its start.</summary>
    public bool EndedEarly { get; set; }

    /// <summary>Its present or last stop was for a fault of its own.</summary>
    public bool HasFault { get; set; }

    /// <summary>It went from BACKOFF to WAITING.</summary>
    public bool KeepsCount { get; set; }

    /// <summary>What could have made it ready since it was spawned.</summary>
    public bool ToldReady { get; set; }

    public bool PolledReady { get; set; }

    public bool EndedInSuccess { get; set; }

    /// <summary>The configuration of its readiness has changed since it was spawned.</summary>
    public bool ReadinessChanged { get; set; }

    /// <summary>The program itself never ran.</summary>
    public bool SetUpFailed { get; set; }

    public TimeSpan GraceAtSpawn { get; set; }

    /// <summary>It had been RUNNING and failed for the first time: no delay is allowed.</summary>
    public bool RestartIsFree { get; set; }
}

internal sealed class FakeProcess(int pid, Instant born)
{
    public int Pid { get; } = pid;

    public Instant Born { get; } = born;

    public bool Alive { get; set; } = true;

    public bool Dying { get; set; }

    public bool IgnoresTerm { get; init; }

    /// <summary>In uninterruptible sleep: not even KILL ends it soon.</summary>
    public bool Unkillable { get; set; }

    public bool EverKilled { get; set; }
}

internal sealed class FakeHook(HookKind kind, Instant limit)
{
    public HookKind Kind { get; } = kind;

    public Instant Limit { get; } = limit;

    public bool Ended { get; set; }
}

internal sealed class FakeProbe
{
    public bool Ended { get; set; }
}

internal sealed class Leftover
{
    public bool InGroup { get; init; }

    public bool IgnoresTerm { get; init; }
}
