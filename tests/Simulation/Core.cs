using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <summary>The core as the world sees it. The canaries derive from it and break one thing each.</summary>
public class Core
{
    private readonly Supervisor _supervisor;

    public Core(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance) =>
        _supervisor = new Supervisor(policies, options, chance);

    public virtual Instant? NextDeadline => _supervisor.NextDeadline;

    public bool IsShuttingDown => _supervisor.IsShuttingDown;

    public virtual IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) => _supervisor.Handle(input, now);

    public ProgramState StateOf(string name) => _supervisor.StateOf(name);

    public bool Knows(string name) => _supervisor.Knows(name);

    public IReadOnlyList<(string Name, string Reason)> BlockersOf(string name) => _supervisor.BlockersOf(name);

    public void NoteInstalled(string name, bool installed) => _supervisor.NoteInstalled(name, installed);

    /// <summary>For the canaries: the real core handles these one after another.</summary>
    protected SystemEffect[] Each(IEnumerable<string> names, Func<string, SystemEvent> make, Instant now) =>
        [.. names.SelectMany(name => _supervisor.Handle(make(name), now).ToArray())];
}
