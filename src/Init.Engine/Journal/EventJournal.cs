using Init.Control;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Journal;

/// <summary>Turns what happens into events with names, and tells everyone who listens: control clients and event hooks.</summary>
public sealed class EventJournal(TimeProvider clock)
{
    private readonly List<Action<ControlEvent>> _listeners = [];

    /// <summary>Listens until the returned object is disposed. Listeners must not throw.</summary>
    public IDisposable Subscribe(Action<ControlEvent> listener)
    {
        _listeners.Add(listener);
        return new Subscription(_listeners, listener);
    }

    /// <summary>Raised once per batch of changes of programs, for those who look at states rather than at events.</summary>
    public bool ProgramsChanged { get; set; }

    public void Add(ProgramRuntime program, ProgramNotice notice)
    {
        ProgramsChanged = true;
        ControlEvent? happening = notice switch
        {
            ProgramNotice.PhaseChanged(var from, var to, var detail) => Event(TypeOf(to)) with { From = NameOf(from), To = NameOf(to), Message = detail },
            ProgramNotice.ReadyChanged(true) => Event("program.ready"),
            ProgramNotice.ReadyChanged => Event("program.unready"),
            ProgramNotice.HealthChanged(HealthState.Healthy, var detail) => Event("program.healthy") with { Message = detail },
            ProgramNotice.HealthChanged(HealthState.Unhealthy, var detail) => Event("program.unhealthy") with { Message = detail },
            ProgramNotice.ProcessEnded(var status, var expected) =>
                Event("program.process_ended") with { Message = expected ? $"{status}; expected" : $"{status}; not expected" },
            ProgramNotice.HookFailed(var hook, var detail) => Event("program.hook_failed") with { Message = $"{HookName(hook)}: {detail}" },
            _ => null,
        };
        if (happening is not null && !program.Definition.IsOwn)
            Publish(happening with { Name = program.Name, Program = program.Definition.Policy.Program, Pid = program.Pid });
    }

    /// <summary>An event of Init itself.</summary>
    public void Add(string type, string? message = null) => Publish(Event(type) with { Message = message });

    /// <summary>The state's name as supervisord and our own output write it.</summary>
    public static string NameOf(ProgramPhase phase) => phase switch
    {
        ProgramPhase.Stopped => "STOPPED",
        ProgramPhase.Starting => "STARTING",
        ProgramPhase.Running => "RUNNING",
        ProgramPhase.Backoff => "BACKOFF",
        ProgramPhase.Stopping => "STOPPING",
        ProgramPhase.Exited => "EXITED",
        ProgramPhase.Fatal => "FATAL",
        ProgramPhase.Waiting => "WAITING",
        ProgramPhase.Absent => "ABSENT",
        _ => "UNKNOWN",
    };

    /// <summary>The hook's key in supervisor.toml.</summary>
    public static string HookName(HookKind hook) => hook switch
    {
        HookKind.BeforeStart => "before_start",
        HookKind.AfterStart => "after_start",
        HookKind.Stop => "stop command",
        _ => "after_stop",
    };

    private static string TypeOf(ProgramPhase phase) => "program." + NameOf(phase).ToLowerInvariant();

    private ControlEvent Event(string type) => new() { Time = clock.GetUtcNow().ToUnixTimeMilliseconds(), Type = type };

    /// <summary>An event that somebody else has put together.</summary>
    public void Publish(ControlEvent happening)
    {
        // From a copy: a listener may end its subscription while it is told.
        foreach (Action<ControlEvent> listener in _listeners.ToArray())
            listener(happening);
    }

    private sealed class Subscription(List<Action<ControlEvent>> listeners, Action<ControlEvent> listener) : IDisposable
    {
        public void Dispose() => listeners.Remove(listener);
    }
}
