using Init.Config;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Listeners;

/// <summary>
/// supervisord's events, from everything that happens to those who listen: it turns what the engine knows into events, and holds the pools, the ticks and the
/// programs' states as they were told last.
/// </summary>
public sealed class EventListening : IDisposable
{
    private readonly ProgramTable _programs;
    private readonly LogPump _pump;
    private readonly Ticker _ticker;
    private readonly Dictionary<string, ProcessStateTranslator> _states = new(StringComparer.Ordinal);
    private readonly List<string> _groups = [];
    private Dictionary<string, EventListenerPool> _definitions = [];

    /// <param name="loop">The loop.</param>
    /// <param name="clock">For the ticks.</param>
    /// <param name="programs">All programs.</param>
    /// <param name="pump">Tells what programs write.</param>
    /// <param name="phaseOf">An instance's phase now.</param>
    public EventListening(EventLoop loop, TimeProvider clock, ProgramTable programs, LogPump pump, Func<string, ProgramPhase> phaseOf)
    {
        _programs = programs;
        _pump = pump;
        Events = new SupervisordEvents(loop);
        Pools = new ListenerPools(loop, name => phaseOf(name) == ProgramPhase.Running, LeaveToLog, pump.Log);
        _ticker = new Ticker(loop, clock, Events);
        Events.InterestChanged = NoteInterest;
        Events.Subscribe(Pools.Wants, Pools.Take);
        pump.OutputEvents.Receive = Take;
    }

    public SupervisordEvents Events { get; }

    public ListenerPools Pools { get; }

    /// <summary>A configuration, whose programs the table has already: pools begin to listen, and groups that are new are told.</summary>
    public void Configure(SystemConfig config)
    {
        Pools.Identifier = config.Supervisord?.Identifier ?? "supervisor";
        _definitions = config.EventListeners.ToDictionary(pool => pool.Name);
        UpdateGroups();
    }

    /// <summary>Init has begun; nothing is started yet.</summary>
    public void NoteBegin() => Events.Raise(SupervisordEvent.SystemRunning());

    public void NoteShutdown() => Events.Raise(SupervisordEvent.SystemStopping());

    /// <summary>What the core announces of a program.</summary>
    public void Note(ProgramRuntime program, ProgramNotice notice)
    {
        if (program.Definition.IsOwn)
            return;

        if (!_states.TryGetValue(program.Name, out ProcessStateTranslator? state))
            _states.Add(program.Name, state = new ProcessStateTranslator());
        foreach (SupervisordEvent happening in state.Translate(program.Definition, notice, program.Pid, program.LastPid))
            Events.Raise(happening);

        if (notice is ProgramNotice.PhaseChanged { To: ProgramPhase.Running })
            Pools.NoteRunning(program.Name);
    }

    /// <summary>A process has been reaped. To be called before its end is announced.</summary>
    public void NoteExit(ProgramRuntime program)
    {
        if (MakesEvents(program.Definition.Stdout) || MakesEvents(program.Definition.Stderr))
            Events.AwaitOutput(program.Name, _pump);

        bool MakesEvents(LogSpec? spec) =>
            spec is not null && ((spec.RaisesEvents && _pump.OutputEvents.WantsLogs) || (spec.CaptureMax.Bytes > 0 && _pump.OutputEvents.WantsCaptures));
    }

    /// <summary>A program is no longer in the table.</summary>
    public void NoteForgotten(string instance)
    {
        _states.Remove(instance);
        UpdateGroups();
    }

    public void RaiseRemoteCommunication(string type, string data) => Events.Raise(SupervisordEvent.RemoteCommunication(type, data));

    public void Dispose() => _ticker.Dispose();

    /// <summary>
    /// A pool listens from the moment its own group is there, so that it hears of itself and of the groups after it, as in supervisord; and no longer when it is gone.
    /// </summary>
    private void UpdateGroups()
    {
        List<string> present = [.. _programs.All.Where(program => !program.Definition.IsOwn).Select(program => program.Definition.SupervisordGroup).Distinct()];
        foreach (string gone in _groups.Except(present).ToList())
        {
            _groups.Remove(gone);
            Pools.Remove(gone);
            Events.Raise(SupervisordEvent.GroupRemoved(gone));
        }

        foreach (string group in present)
        {
            if (_definitions.TryGetValue(group, out EventListenerPool? pool))
                Pools.Define(pool);
            else
                Pools.Remove(group);
            if (_groups.Contains(group))
                continue;

            _groups.Add(group);
            Events.Raise(SupervisordEvent.GroupAdded(group));
        }

        NoteInterest();
    }

    private void NoteInterest()
    {
        _ticker.Update();
        _pump.OutputEvents.WantsLogs = Events.IsWanted(EventTypes.LogStdout) || Events.IsWanted(EventTypes.LogStderr);
        _pump.OutputEvents.WantsCaptures = Events.IsWanted(EventTypes.CommunicationStdout) || Events.IsWanted(EventTypes.CommunicationStderr);
    }

    private void Take(OutputEvent output)
    {
        if (_programs.DefinitionOf(output.Source.Instance) is not { IsOwn: false } program)
            return;

        bool isStderr = output.Stream == OutputStream.Stderr;
        Events.RaiseOutput(output.IsCapture
            ? SupervisordEvent.Communication(program, isStderr, output.Source.Pid, output.Text)
            : SupervisordEvent.Log(program, isStderr, output.Source.Pid, output.Text));
    }

    /// <summary>What a listener writes that is no longer listened to goes where the output of any program goes, and costs the main loop nothing.</summary>
    private void LeaveToLog(ProgramDefinition program, int stdout) =>
        _pump.Attach(program.Policy.Name, OutputStream.Stdout, stdout, program.Stdout ?? new LogSpec(null, default, 0, Mirror: false));
}
