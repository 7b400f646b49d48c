using System.Collections.Immutable;

namespace Init.Supervision;

/// <summary>What can happen to the system as a whole.</summary>
public abstract record SystemEvent
{
    private SystemEvent() { }

    /// <summary>Start what is enabled.</summary>
    public sealed record Boot : SystemEvent;

    /// <summary>Something happened to one program.</summary>
    public sealed record OfProgram(string Name, ProgramEvent Event) : SystemEvent;

    /// <summary>The clock has reached <see cref="Supervisor.NextDeadline"/>.</summary>
    public sealed record DeadlineReached : SystemEvent;

    public sealed record StartAsked(ImmutableArray<string> Names) : SystemEvent;

    /// <summary>Dependants among the named ones first. Those with <c>restart = true</c> on a named one go down with it and wait for it.</summary>
    public sealed record StopAsked(ImmutableArray<string> Names) : SystemEvent;

    /// <param name="Names">Instances, in the order given.</param>
    /// <param name="Rolling">One after another, each RUNNING and ready before the next goes down; ends at the first that fails.</param>
    /// <param name="Ticket">Comes back in <see cref="SystemEffect.RollingRestartEnded"/>, so that whoever asked can tell his from others.</param>
    public sealed record RestartAsked(ImmutableArray<string> Names, bool Rolling, long Ticket = 0) : SystemEvent;

    /// <summary>The timetable of a scheduled program says now. A run that is still going on is not disturbed, and the new one is left out.
    /// The timetable rests while the program is stopped by the user, and while it is disabled and nobody has started it.</summary>
    public sealed record ScheduleDue(string Name) : SystemEvent;

    /// <summary>A new configuration. Programs that are gone are stopped and forgotten.</summary>
    /// <param name="Policies">All programs of the new configuration.</param>
    /// <param name="Restart">Instances whose process must be replaced for their change to take effect.</param>
    /// <param name="Options">The new options.</param>
    public sealed record Reconfigured(
        ImmutableArray<ProgramPolicy> Policies, ImmutableArray<string> Restart, SupervisorOptions Options) : SystemEvent;

    /// <summary>End everything, dependants first, within the limit.</summary>
    public sealed record ShutdownAsked : SystemEvent;

    /// <summary>End everything at once: no order, and little patience.</summary>
    public sealed record FastShutdownAsked : SystemEvent;
}

/// <summary>What the engine must do.</summary>
public abstract record SystemEffect
{
    private SystemEffect() { }

    public sealed record OfProgram(string Name, ProgramEffect Effect) : SystemEffect;

    /// <summary>A program that is no longer configured is down: nothing of it is needed any more.</summary>
    public sealed record Forgotten(string Name) : SystemEffect;

    /// <summary>A scheduled run was left out because the one before still goes on.</summary>
    public sealed record RunSkipped(string Name) : SystemEffect;

    /// <summary>A program starts although these, which it requires, are not ready: it has waited for as long as it is to.</summary>
    public sealed record StartedWithout(string Name, ImmutableArray<string> Missing) : SystemEffect;

    /// <summary>Every rolling restart ends with one of these.</summary>
    /// <param name="Ticket">Of the request.</param>
    /// <param name="How">Why it has ended.</param>
    /// <param name="At">The instance whose turn it was: the one that did not come up, or whose own restart still goes on. Null when there is none.</param>
    /// <param name="NotRestarted">Those whose turn has not come, and will not.</param>
    public sealed record RollingRestartEnded(long Ticket, RollingEnd How, string? At, ImmutableArray<string> NotRestarted) : SystemEffect;

    public sealed record ShutdownBegan(string Cause) : SystemEffect;

    /// <summary>Everything is down, or has been killed and did not go in time.</summary>
    /// <param name="ExitCode">The container's exit code.</param>
    /// <param name="Left">Programs whose process did not go even after KILL.</param>
    public sealed record ShutdownCompleted(int ExitCode, ImmutableArray<string> Left) : SystemEffect;
}

/// <summary>How a rolling restart ended.</summary>
public enum RollingEnd
{
    /// <summary>All have had their turn and are up again, but for those that were stopped or removed meanwhile.</summary>
    Done,

    /// <summary>One did not come up.</summary>
    Failed,

    /// <summary>Another one was asked for, and there is only one at a time.</summary>
    Replaced,

    /// <summary>Everything is being shut down.</summary>
    ShutDown,
}

/// <param name="ShutdownLimit">Of the whole shutdown.</param>
/// <param name="ExitOnFatal">A critical program that failed for good ends the container.</param>
public sealed record SupervisorOptions(TimeSpan ShutdownLimit, bool ExitOnFatal);
