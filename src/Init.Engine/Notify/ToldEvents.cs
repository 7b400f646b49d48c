using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.Programs;

namespace Init.Engine.Notify;

/// <summary>
/// Events that a role tells of over its notify socket (<see cref="NotifyMessage.Event"/>): only roles of this binary are heard, and only with events of their own family, such as
/// "backup.failed" from the backup. Whatever is more than a role has to tell is left out, and that is said once for each period.
/// </summary>
/// <param name="publish">Takes the events that are passed on.</param>
/// <param name="clock">For their time.</param>
/// <param name="say">A line for the log.</param>
public sealed class ToldEvents(Action<ControlEvent> publish, TimeProvider clock, Action<string> say)
{
    /// <summary>For all roles together, in each <see cref="Period"/>: an event may start a process for each of its hooks.</summary>
    public const int EventsPerPeriod = 30;

    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private Instant? _periodStart;
    private int _count;

    public void Tell(ProgramRuntime program, string type, string? text, Instant now)
    {
        if (program.Definition.Launch.Builtin is not { } role || !type.StartsWith(role + ".", StringComparison.Ordinal) || !KnownNames.Events.Contains(type))
            return;

        if (_periodStart is not { } start || now - start >= Period)
            (_periodStart, _count) = (now, 0);
        if (++_count > EventsPerPeriod)
        {
            if (_count == EventsPerPeriod + 1)
                say($"cannot pass on the events of program \"{program.Name}\": there were {EventsPerPeriod} within {Durations.Text(Period)}; further ones are left out until that time is over");
            return;
        }

        publish(new ControlEvent
        {
            Time = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Type = type,
            Name = program.Name,
            Program = program.Definition.Policy.Program,
            Pid = program.Pid,
            Message = text,
        });
    }
}
