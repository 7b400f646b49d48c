using System.Collections.Immutable;
using Init.Base;

namespace Init.Supervision;

/// <summary>
/// The whole system: it gives every program's machine its events, opens the gates, orders the stops and ends the container.
/// It has no clock, no lock and does nothing by itself; the same events at the same times give the same effects, which is what
/// the simulation relies on.
/// </summary>
public sealed class Supervisor
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

    private readonly HashSet<string> _waiting = [];
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
            case SystemEvent.RestartAsked(var names, var rolling):
                Restart(names, rolling);
                break;
            case SystemEvent.ScheduleDue(var name) when _slots.TryGetValue(name, out Slot? slot) && _shutdown is null:
                if (slot.State.StoppedByUser || slot.Policy is { Enabled: false } && !slot.State.Wanted)
                    break; // Its timetable rests until somebody starts it.
                if (ProgramMachine.IsDown(slot.State.Phase))
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

    /// <summary>
    /// What a program that wants to start is waiting for: the names of other instances and what is the matter with each.
    /// Empty when nothing is in its way.
    /// </summary>
    public IReadOnlyList<(string Name, string Reason)> BlockersOf(string name)
    {
        var blockers = new List<(string, string)>();
        foreach (string needed in _graph.RequiredBy(name))
        {
            if (!IsReady(needed) && IsConfigured(needed))
                blockers.Add((needed, DescribeUnready(needed)));
        }

        foreach (string earlier in _graph.AfterOf(name).Where(IsAboutToStart))
            blockers.Add((earlier, "is to be started first"));

        return blockers;
    }

    // --- Starting -----------------------------------------------------------------------------------------------------

    private void Start(ImmutableArray<string> names)
    {
        if (_shutdown is not null)
            return;

        var asked = names.Where(IsConfigured).ToHashSet();

        // All are marked as wanted before the first gate is asked, so that one that comes `after` another sees it coming.
        foreach (string name in asked)
        {
            CallOffStop(name);
            _slots[name].StartPending = true;
        }

        foreach (string name in _graph.StartOrder.Where(asked.Contains))
        {
            Slot slot = _slots[name];
            slot.StartPending = false;
            Step(name, new ProgramEvent.StartRequested(slot.Installed));
        }
    }

    /// <summary>A stop that is followed by a start anyway is not called off: a restart that was asked for still happens.</summary>
    private void CallOffStop(string name)
    {
        if (!_pendingStops.TryGetValue(name, out StopReason reason) || reason is StopReason.Restart or StopReason.Dependency)
            return;

        if (_slots[name].OutlivedRequired)
            _pendingStops[name] = StopReason.Dependency;
        else
            _pendingStops.Remove(name);
    }

    /// <summary>The engine's word on whether an optional program's command can be found.</summary>
    public void NoteInstalled(string name, bool installed) => _slots[name].Installed = installed;

    /// <summary>Known, and not on its way out.</summary>
    private bool IsConfigured(string name) => _slots.TryGetValue(name, out Slot? slot) && !slot.Removed;

    private bool GateIsOpen(string name)
    {
        foreach (string needed in _graph.RequiredBy(name))
        {
            if (!IsReady(needed) && IsConfigured(needed))
                return false;
        }

        foreach (string earlier in _graph.AfterOf(name))
        {
            if (IsAboutToStart(earlier))
                return false;
        }

        return true;
    }

    private bool IsReady(string name) => _slots[name].State is { Ready: true, Phase: not ProgramPhase.Stopping } && !_pendingStops.ContainsKey(name);

    private bool IsAboutToStart(string name)
    {
        Slot slot = _slots[name];
        return slot.StartPending
            || slot.State is { Wanted: true, Phase: ProgramPhase.Waiting }
            || slot.State is { Phase: ProgramPhase.Starting, Pid: null };
    }

    private string DescribeUnready(string name)
    {
        Slot slot = _slots[name];
        ProgramState state = slot.State;
        if (_pendingStops.ContainsKey(name))
            return "is about to be stopped";

        string problem = state.Problem is { } text ? $" ({text})" : "";
        return state.Phase switch
        {
            ProgramPhase.Stopped when !slot.Policy.Enabled && !state.StoppedByUser => "is not enabled and has not been started",
            ProgramPhase.Stopped => "is STOPPED",
            ProgramPhase.Absent => "is ABSENT: its command is not installed",
            ProgramPhase.Starting or ProgramPhase.Running => $"is {Name(state.Phase)} and not ready yet{Detail(state.ReadyProbe)}",
            ProgramPhase.Exited => $"has EXITED without becoming ready{problem}",
            _ => $"is {Name(state.Phase)}{problem}",
        };

        static string Name(ProgramPhase phase) => phase.ToString().ToUpperInvariant();
        static string Detail(ProbeState probe) => probe.Detail is { } text ? $" ({text})" : "";
    }

    // --- Stopping in order --------------------------------------------------------------------------------------------

    private void PlanStops(IEnumerable<string> names, StopReason reason)
    {
        foreach (string name in names.Where(_slots.ContainsKey).ToArray())
        {
            if (reason is StopReason.User or StopReason.Shutdown or StopReason.Removed)
                Step(name, new ProgramEvent.Unwanted(reason));
            if (HasProcess(name) || _slots[name].State.Phase == ProgramPhase.Backoff)
                _pendingStops[name] = reason;
            PlanDependantStops(name);
        }
    }

    /// <summary>Those that are restarted with it go down before it, and wait for it to come back.</summary>
    private void PlanDependantStops(string name)
    {
        foreach (string dependant in _graph.RestartedWith(name))
        {
            if (!IsUp(dependant))
                continue;
            if (_pendingStops.ContainsKey(dependant))
            {
                _slots[dependant].OutlivedRequired = true;
                continue;
            }

            _pendingStops[dependant] = StopReason.Dependency;
            PlanDependantStops(dependant);
        }
    }

    /// <summary>Has a process or a hook, or something of either.</summary>
    private bool HasProcess(string name) => _slots[name].State.Phase is ProgramPhase.Starting or ProgramPhase.Running or ProgramPhase.Stopping;

    /// <summary>Has something that a restart would replace.</summary>
    private bool IsUp(string name) => _slots[name].State.Phase is ProgramPhase.Starting or ProgramPhase.Running or ProgramPhase.Backoff;

    /// <summary>
    /// Asks each program whose dependants are down. A dependant counts only when it is going down too, and also when it depends through
    /// others that are not: an application that requires a finished migration of its database is stopped before the database.
    /// </summary>
    private void ReleaseStops()
    {
        if (_pendingStops.Count == 0)
            return;

        foreach (string name in _pendingStops.Keys.ToArray())
        {
            // One release can change the list: a dependant that is restarted along, a program that is down meanwhile.
            if (!_pendingStops.TryGetValue(name, out StopReason reason) || HasDependantGoingDown(name))
                continue;

            _pendingStops.Remove(name);
            _settleAgain = true;
            Step(name, new ProgramEvent.StopRequested(reason));
        }
    }

    private bool HasDependantGoingDown(string name)
    {
        IReadOnlyList<string> direct = _graph.DependantsOf(name);
        if (direct.Count == 0)
            return false;

        var met = new HashSet<string>(direct);
        var work = new Stack<string>(direct);
        while (work.TryPop(out string? dependant))
        {
            if (IsGoingDown(dependant))
                return true;
            foreach (string next in _graph.DependantsOf(dependant))
            {
                if (met.Add(next))
                    work.Push(next);
            }
        }

        return false;
    }

    private bool IsGoingDown(string name) => _pendingStops.ContainsKey(name) || _slots[name].State.Phase == ProgramPhase.Stopping;

    // --- Restarting ---------------------------------------------------------------------------------------------------

    private void Restart(ImmutableArray<string> names, bool rolling)
    {
        if (_shutdown is not null)
            return;

        if (rolling)
        {
            _rolling = new RollingRestart([.. names.Where(IsConfigured)]);
            return; // Settle takes the first one.
        }

        ImmutableArray<string> asked = [.. names.Where(IsConfigured)];
        ImmutableArray<string> down = [.. asked.Where(name => ProgramMachine.IsDown(_slots[name].State.Phase))];

        // The last word counts: what is being stopped is wanted again, and comes up when it is down.
        foreach (string name in asked.Where(HasProcess))
        {
            CallOffStop(name);
            Step(name, new ProgramEvent.StartRequested(_slots[name].Installed));
        }

        PlanStops(asked.Where(IsUp), StopReason.Restart);
        Start(down);
    }

    private void AdvanceRollingRestart()
    {
        if (_rolling is null)
            return;

        if (_rolling.Current is { } current && _slots.TryGetValue(current, out Slot? slot))
        {
            ProgramState state = slot.State;
            bool hasRun = state is { Phase: ProgramPhase.Exited, Problem: null };
            bool failed = !hasRun && (ProgramMachine.IsDown(state.Phase) || (state.Phase == ProgramPhase.Backoff && !_pendingStops.ContainsKey(current)));
            bool up = hasRun || (state is { Phase: ProgramPhase.Running, Ready: true } && !_pendingStops.ContainsKey(current));
            if (failed)
            {
                _effects.Add(new SystemEffect.RollingRestartEnded(current, _rolling.Left));
                _rolling = null;
                return;
            }

            if (!up)
                return;
        }

        if (!_rolling.TakeNext(out string? next))
        {
            _rolling = null;
            return;
        }

        _settleAgain = true;
        Restart([next], rolling: false);
    }

    // --- A new configuration ------------------------------------------------------------------------------------------

    private void Reconfigure(SystemEvent.Reconfigured change)
    {
        if (_shutdown is not null)
            return;

        _options = change.Options;
        var kept = change.Policies.ToDictionary(policy => policy.Name);
        var toStart = new List<string>();
        var watchedOtherwise = new List<string>();
        foreach (ProgramPolicy policy in change.Policies)
        {
            if (!_slots.TryGetValue(policy.Name, out Slot? slot))
            {
                _slots.Add(policy.Name, new Slot(policy));
                if (StartsAtBoot(policy))
                    toStart.Add(policy.Name);
                continue;
            }

            // A program that comes back while it is still on its way out is one that has just been switched on.
            bool wasOn = !slot.Removed && StartsAtBoot(slot.Policy);
            bool mayStart = slot.Removed || slot.State.Phase is ProgramPhase.Stopped or ProgramPhase.Exited;
            bool switchedOn = StartsAtBoot(policy) && !wasOn && mayStart && !slot.State.StoppedByUser;
            bool mayTryAgain = change.Restart.Contains(policy.Name) && slot.State is { Wanted: true, Phase: ProgramPhase.Absent or ProgramPhase.Fatal };
            if (switchedOn || mayTryAgain)
                toStart.Add(policy.Name);
            slot.Removed = false;
            if (slot.Policy.Readiness != policy.Readiness || slot.Policy.Health != policy.Health || slot.Policy.Watchdog != policy.Watchdog)
                watchedOtherwise.Add(policy.Name);
            slot.Policy = policy;
        }

        ImmutableArray<string> removed = [.. _slots.Keys.Where(name => !kept.ContainsKey(name))];
        foreach (string name in removed)
            _slots[name].Removed = true;

        RebuildGraph();
        PlanStops(removed, StopReason.Removed);
        foreach (string name in watchedOtherwise)
            Step(name, new ProgramEvent.PolicyChanged());
        PlanStops(change.Restart.Where(name => kept.ContainsKey(name) && IsUp(name)), StopReason.Restart);
        Start([.. toStart]);
    }

    private static bool StartsAtBoot(ProgramPolicy policy) => policy is { Enabled: true, Scheduled: false };

    /// <summary>
    /// Programs on their way out keep their place in the order of stops until they are down. Their old requirements and the new
    /// ones of the others may contradict each other; then the old ones no longer count.
    /// </summary>
    private void RebuildGraph()
    {
        ProgramPolicy[] all = [.. _slots.Values.Select(slot => slot.Policy)];
        if (_slots.Values.Any(slot => slot.Removed) && HasCycle(all))
            all = [.. _slots.Values.Select(slot => slot.Removed ? slot.Policy with { Requires = [], After = [] } : slot.Policy)];
        _graph = new DependencyGraph(all);
    }

    private static bool HasCycle(IEnumerable<ProgramPolicy> policies) => DependencyGraph.FindCycle(
        [.. policies
            .GroupBy(policy => policy.Program, policy => policy.Requires.Select(needed => needed.Program).Concat(policy.After))
            .Select(program => (program.Key, (IReadOnlyList<string>)[.. program.SelectMany(needs => needs)]))]) is not null;

    private void ForgetRemoved()
    {
        List<string>? gone = null;
        foreach (var (name, slot) in _slots)
        {
            if (slot.Removed && ProgramMachine.IsDown(slot.State.Phase) && !_pendingStops.ContainsKey(name))
                (gone ??= []).Add(name);
        }

        if (gone is null)
            return;

        foreach (string name in gone)
        {
            _slots.Remove(name);
            _effects.Add(new SystemEffect.Forgotten(name));
        }

        _settleAgain = true;
        RebuildGraph();
    }

    // --- Shutting down ------------------------------------------------------------------------------------------------

    private void BeginShutdown(string cause, int? exitCode)
    {
        bool asked = exitCode is null;
        if (_shutdown is { } running)
        {
            // The first signal that comes while the system ends by itself asks for nothing new.
            if (asked && running.Asked)
                HastenShutdown(inOrder: true);
            running.Asked |= asked;
            return;
        }

        int code = exitCode ?? FailedCriticalCode() ?? ExitCode.Success;
        _shutdown = new Shutdown(code) { Deadline = _now + _options.ShutdownLimit, Asked = asked };
        _rolling = null;
        _effects.Add(new SystemEffect.ShutdownBegan(cause));
        PlanStops(_slots.Keys, StopReason.Shutdown);
    }

    private void HastenShutdown(bool inOrder)
    {
        if (_shutdown is not { Killing: false, Completed: false } shutdown)
            return;

        shutdown.Deadline = Instant.Min(shutdown.Deadline, _now + HastenedLimit);
        if (!inOrder)
            ReleaseAllStops();
    }

    private void ReleaseAllStops()
    {
        foreach (var (name, reason) in _pendingStops.ToArray())
        {
            _pendingStops.Remove(name);
            Step(name, new ProgramEvent.StopRequested(reason));
        }
    }

    private void ReachShutdownDeadline(Shutdown shutdown)
    {
        if (shutdown.Killing)
        {
            // The hook after the end of a killed program has had its time; what is left then is what KILL did not end.
            foreach (var (name, slot) in _slots)
            {
                if (slot.State.Step == ProgramStep.AfterStopHook)
                    Step(name, new ProgramEvent.StopHastened());
            }

            CompleteShutdown(shutdown);
            return;
        }

        shutdown.Killing = true;
        shutdown.Deadline = _now + KillLimit;
        ReleaseAllStops();
        foreach (string name in _slots.Keys.ToArray())
            Step(name, new ProgramEvent.StopHastened());
    }

    private void CompleteShutdown(Shutdown shutdown)
    {
        shutdown.Completed = true;
        shutdown.Deadline = Instant.Never;
        _effects.Add(new SystemEffect.ShutdownCompleted(shutdown.ExitCode, [.. _slots.Where(slot => !ProgramMachine.IsDown(slot.Value.State.Phase)).Select(slot => slot.Key)]));
    }

    private int? FailedCriticalCode()
    {
        foreach (Slot slot in _slots.Values)
        {
            if (slot.Policy.Critical && HasFailedForGood(slot))
                return CodeOf(slot.State);
        }

        return null;
    }

    private static bool HasFailedForGood(Slot slot) => slot.State.Phase switch
    {
        ProgramPhase.Fatal => true,
        ProgramPhase.Exited => slot.State.Problem is not null,
        _ => false,
    };

    /// <summary>Never 0: a failure must not look like a success.</summary>
    private static int CodeOf(ProgramState state)
    {
        int code = state.SpawnFailureCode ?? state.LastExit?.ShellCode ?? ExitCode.Failure;
        return code == ExitCode.Success ? ExitCode.Failure : code;
    }

    // --- The machinery ------------------------------------------------------------------------------------------------

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
            _waiting.Add(name);
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
        else if (slot.Policy.OnExit == OnExit.Shutdown && next.Phase == ProgramPhase.Exited)
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

        if (_shutdown is { Completed: false } shutdown && _slots.Values.All(slot => ProgramMachine.IsDown(slot.State.Phase)))
            CompleteShutdown(shutdown);
    }

    private void OpenGates()
    {
        if (_waiting.Count == 0)
            return;

        foreach (string name in _waiting.ToArray())
        {
            if (_waiting.Contains(name) && GateIsOpen(name))
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

    private sealed class RollingRestart(ImmutableArray<string> names)
    {
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
