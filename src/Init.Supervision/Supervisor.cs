using System.Collections.Immutable;
using Init.Base;

namespace Init.Supervision;

/// <summary>
/// The whole system: it gives every program's machine its events, opens the gates, orders the stops and ends the container.
/// It has no clock, no lock and does nothing by itself; the same events at the same times give the same effects, which is what
/// the simulation relies on.
/// </summary>
public sealed partial class Supervisor
{
    /// <summary>What a second request to shut down leaves of the limit, and what a fast shutdown has in all.</summary>
    public static readonly TimeSpan HastenedLimit = TimeSpan.FromSeconds(3);

    /// <summary>How long the end is put off for processes that have been sent KILL. After that the container ends without them.</summary>
    public static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(2);

    private readonly Func<double> _chance;
    private readonly Dictionary<string, Slot> _slots = [];
    private readonly List<SystemEffect> _effects = [];

    /// <summary>Stops that are decided and not yet asked of the program, because its dependants must be down first.</summary>
    private readonly Dictionary<string, StopReason> _pendingStops = [];

    /// <summary>Who waits for others, and since when.</summary>
    private readonly Dictionary<string, Instant> _waiting = [];
    private RollingRestart? _rolling;
    private Shutdown? _shutdown;
    private SupervisorOptions _options;
    private DependencyGraph _graph;
    private Instant _now;
    private bool _settleAgain;

    /// <param name="policies">The programs; their dependencies must be free of cycles.</param>
    /// <param name="options">The options.</param>
    /// <param name="chance">Random numbers in 0..1, for the jitter of delays.</param>
    /// <exception cref="ArgumentException">The dependencies have a cycle.</exception>
    public Supervisor(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
    {
        ArgumentNullException.ThrowIfNull(policies);
        _options = options;
        _chance = chance;
        _graph = new DependencyGraph(policies);
        foreach (ProgramPolicy policy in policies)
            _slots.Add(policy.Name, new Slot(policy));
    }

    /// <summary>All instances in the order in which they start.</summary>
    public ImmutableArray<string> StartOrder => _graph.StartOrder;

    public bool IsShuttingDown => _shutdown is not null;

    public ProgramState StateOf(string name) => _slots[name].State;

    public ProgramPolicy PolicyOf(string name) => _slots[name].Policy;

    public bool Knows(string name) => _slots.ContainsKey(name);

    /// <summary>When the system needs a DeadlineReached; null = never.</summary>
    public Instant? NextDeadline
    {
        get
        {
            Instant earliest = _shutdown?.Deadline ?? Instant.Never;
            foreach (Slot slot in _slots.Values)
            {
                if (slot.NextDeadline is { } due && due < earliest)
                    earliest = due;
            }

            foreach (var (name, since) in _waiting)
            {
                if (GateLimitOf(name, since) is { } limit && limit < earliest)
                    earliest = limit;
            }

            return earliest == Instant.Never ? null : earliest;
        }
    }

    /// <summary>
    /// Takes an event and returns what is to be done about it, in order. The list is reused by the next call.
    /// </summary>
    public IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
    {
        _now = now;
        _effects.Clear();
        switch (input)
        {
            case SystemEvent.Boot:
                Start([.. _graph.StartOrder.Where(name => StartsAtBoot(_slots[name].Policy))]);
                break;
            case SystemEvent.OfProgram(var name, var programEvent) when _slots.ContainsKey(name):
                Step(name, programEvent);
                break;
            case SystemEvent.DeadlineReached:
                ReachDeadlines();
                break;
            case SystemEvent.StartAsked(var names):
                Start(names);
                break;
            case SystemEvent.StopAsked(var names):
                _rolling?.LeaveOut(names);
                PlanStops(names, StopReason.User);
                break;
            case SystemEvent.RestartAsked(var names, Rolling: true, var ticket):
                RestartRolling(names, ticket);
                break;
            case SystemEvent.RestartAsked(var names, Rolling: false, _):
                Restart(names);
                break;
            case SystemEvent.ScheduleDue(var name) when _slots.TryGetValue(name, out Slot? slot) && _shutdown is null:
                if (slot.State.StoppedByUser || slot.Policy is { Enabled: false } && !slot.State.Wanted)
                    break; // Its timetable rests until somebody starts it.
                if (ProgramMachine.IsDown(slot.State))
                    Start([name]);
                else
                    _effects.Add(new SystemEffect.RunSkipped(name));
                break;
            case SystemEvent.Reconfigured change:
                Reconfigure(change);
                break;
            case SystemEvent.ShutdownAsked:
                BeginShutdown("asked to", exitCode: null);
                break;
            case SystemEvent.FastShutdownAsked:
                BeginShutdown("asked to, fast", exitCode: null);
                HastenShutdown(inOrder: false);
                break;
            default:
                break;
        }

        Settle();
        return _effects;
    }

    /// <summary>True while a rolling restart that was asked for with this ticket has yet to come to this instance.</summary>
    public bool AwaitsRollingRestart(long ticket, string name) => _rolling is { } rolling && rolling.Ticket == ticket && rolling.Left.Contains(name);

    /// <summary>
    /// What a program that wants to start is waiting for: the names of other instances and what is the matter with each.
    /// Empty when nothing is in its way.
    /// </summary>
    public IReadOnlyList<(string Name, string Reason)> BlockersOf(string name)
    {
        var blockers = new List<(string, string)>();
        foreach (var (needed, limit) in _graph.LimitsOf(name))
        {
            if (IsMissing(needed) && !IsOver(name, limit))
                blockers.Add((needed, DescribeUnready(needed)));
        }

        foreach (string earlier in _graph.AfterOf(name).Where(IsAboutToStart))
            blockers.Add((earlier, "is to be started first"));

        return blockers;
    }

    private void ReachDeadlines()
    {
        foreach (string name in _slots.Keys.ToArray())
        {
            Slot slot = _slots[name];
            while (slot.NextDeadline is { } due && due <= _now)
                Step(name, new ProgramEvent.DeadlineReached());
        }

        if (_shutdown is { } shutdown && shutdown.Deadline <= _now)
            ReachShutdownDeadline(shutdown);
    }

    private void Step(string name, ProgramEvent input)
    {
        Slot slot = _slots[name];
        var world = new ProgramSurroundings(GateIsOpen(name), _chance());
        ProgramState before = slot.State;
        var (next, effects) = ProgramMachine.Step(before, input, slot.Policy, _now, world);
        if (ReferenceEquals(before, next) && effects.Count == 0)
            return;

        slot.State = next;
        if (next.Phase == ProgramPhase.Waiting)
            _waiting.TryAdd(name, _now);
        else
            _waiting.Remove(name);

        foreach (ProgramEffect effect in effects)
            _effects.Add(new SystemEffect.OfProgram(name, effect));

        if (before.Phase != next.Phase || before.Ready != next.Ready || before.Pid != next.Pid)
            NoteChange(name, slot, before);
    }

    private void NoteChange(string name, Slot slot, ProgramState before)
    {
        _settleAgain = true;
        ProgramState next = slot.State;
        // A process that ended and is replaced within the same step has gone down all the same.
        bool wasUp = before.Phase is ProgramPhase.Starting or ProgramPhase.Running;
        bool processGone = before.Pid is not null && next.Pid is null;
        slot.OutlivedRequired &= next.Pid is not null;
        if (wasUp && (processGone || next.Phase is not (ProgramPhase.Starting or ProgramPhase.Running)))
            PlanDependantStops(name);

        if (before.Phase == next.Phase || _shutdown is not null)
            return;

        if (_options.ExitOnFatal && slot.Policy.Critical && HasFailedForGood(slot))
            BeginShutdown($"critical program \"{name}\" failed for good", CodeOf(next));
        else if (slot.Policy.OnExit == OnExit.Shutdown && next.Phase == ProgramPhase.Exited && ProgramMachine.IsDown(next))
            BeginShutdown($"program \"{name}\" ended", next.LastExit?.ShellCode ?? ExitCode.Success);
        else if (slot.Policy.OnExit == OnExit.Shutdown && next.Phase == ProgramPhase.Fatal)
            BeginShutdown($"program \"{name}\" failed for good", CodeOf(next));
    }

    /// <summary>Draws the consequences of what has changed, until nothing more follows.</summary>
    private void Settle()
    {
        do
        {
            _settleAgain = false;
            ReleaseStops();
            OpenGates();
            AdvanceRollingRestart();
            ForgetRemoved();
        }
        while (_settleAgain);

        if (_shutdown is { Completed: false } shutdown && _slots.Values.All(slot => ProgramMachine.IsDown(slot.State)))
            CompleteShutdown(shutdown);
    }

    private void OpenGates()
    {
        if (_waiting.Count == 0)
            return;

        foreach (string name in _waiting.Keys.ToArray())
        {
            if (!_waiting.ContainsKey(name) || !GateIsOpen(name))
                continue;

            if (_graph.RequiredBy(name).Where(IsMissing).ToImmutableArray() is { IsEmpty: false } missing)
                _effects.Add(new SystemEffect.StartedWithout(name, missing));
            Step(name, new ProgramEvent.GateOpened());
        }
    }

    private sealed class Slot(ProgramPolicy policy)
    {
        private ProgramState _state = new();

        public ProgramPolicy Policy { get; set; } = policy;

        public Instant? NextDeadline { get; private set; }

        /// <summary>Kept with its deadline, which the loop asks for far more often than the state changes.</summary>
        public ProgramState State
        {
            get => _state;
            set
            {
                _state = value;
                NextDeadline = ProgramMachine.NextDeadline(value);
            }
        }

        public bool Installed { get; set; } = true;

        public bool StartPending { get; set; }

        public bool Removed { get; set; }

        /// <summary>A program that this one is to be restarted with went down while its own stop was still to come.</summary>
        public bool OutlivedRequired { get; set; }
    }

    private sealed class Shutdown(int exitCode)
    {
        public int ExitCode { get; } = exitCode;

        public required Instant Deadline { get; set; }

        /// <summary>Somebody asked for it: the next one who asks is in a hurry.</summary>
        public bool Asked { get; set; }

        public bool Killing { get; set; }

        public bool Completed { get; set; }
    }

    private sealed class RollingRestart(ImmutableArray<string> names, long ticket)
    {
        public long Ticket { get; } = ticket;

        public string? Current { get; private set; }

        public ImmutableArray<string> Left { get; private set; } = names;

        public void LeaveOut(ImmutableArray<string> stopped) => Left = [.. Left.Except(stopped)];

        public bool TakeNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? name)
        {
            name = Left.IsEmpty ? null : Left[0];
            Left = name is null ? Left : Left.RemoveAt(0);
            Current = name;
            return name is not null;
        }
    }
}
