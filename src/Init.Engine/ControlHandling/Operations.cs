using Init.Control;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>
/// Requests that wait for programs to come up or go down. Each instance's outcome is sent when it is known; the reply ends with the last.
/// </summary>
public sealed class Operations(Supervisor core)
{
    private readonly List<Operation> _running = [];
    private long _lastTicket;

    /// <summary>Something has happened that is no change of a program's state.</summary>
    public bool HasNews { get; private set; }

    /// <summary>For a rolling restart, to tell its end from that of others.</summary>
    public long NewTicket() => ++_lastTicket;

    /// <param name="reply">Where the outcomes go.</param>
    /// <param name="targets">The instances.</param>
    /// <param name="goal">What is waited for.</param>
    /// <param name="ticket">Of the rolling restart; 0 = it is none.</param>
    /// <param name="carryOut">Does what was asked. It may have its whole course in there, so the operation is known before.</param>
    public void Start(IControlReply reply, IEnumerable<Target> targets, Goal goal, long ticket, Action carryOut)
    {
        var operation = new Operation(reply, [.. targets], goal, ticket);
        reply.Closed = () => _running.Remove(operation);
        _running.Add(operation);
        carryOut();
        Advance(operation);
    }

    /// <summary>Whoever waits for that rolling restart is told with the next <see cref="Advance()"/>.</summary>
    public void NoteRollingEnd(SystemEffect.RollingRestartEnded end)
    {
        foreach (Operation operation in _running.Where(operation => operation.Ticket == end.Ticket && operation.Ticket != 0))
        {
            operation.End = end;
            HasNews = true;
        }
    }

    /// <summary>Looks at what has changed. Called when states have.</summary>
    public void Advance()
    {
        HasNews = false;
        foreach (Operation operation in _running.ToArray())
            Advance(operation);
    }

    private void Advance(Operation operation)
    {
        operation.Targets.RemoveAll(target =>
        {
            ControlItem.Outcome? outcome = operation switch
            {
                { Goal: Goal.Down } => OutcomeOfStop(target),
                { Ticket: 0 } => OutcomeOfStart(target),
                _ => OutcomeOfRolling(operation, target),
            };
            if (outcome is not null)
                operation.Reply.Send(outcome);
            return outcome is not null;
        });

        if (operation.Targets.Count > 0)
            return;

        _running.Remove(operation);
        operation.Reply.Complete();
    }

    private ControlItem.Outcome? OutcomeOfStop(Target target)
    {
        if (!core.Knows(target.Name))
            return new(target.Name, OutcomeCode.Stopped);

        ProgramState state = core.StateOf(target.Name);
        if (ProgramMachine.IsDown(state.Phase))
            return new(target.Name, OutcomeCode.Stopped);

        return state.Wanted ? new(target.Name, OutcomeCode.Failed, "it was started again meanwhile") : null;
    }

    private ControlItem.Outcome? OutcomeOfStart(Target target)
    {
        string name = target.Name;
        if (!core.Knows(name))
            return new(name, OutcomeCode.Failed, "it was removed meanwhile");

        ProgramState state = core.StateOf(name);
        if (target.PidBefore is not null && state.Pid == target.PidBefore)
            return null; // A restart: the old process is still there.

        return state.Phase switch
        {
            ProgramPhase.Running when state.Ready || core.PolicyOf(name).Readiness?.Source == ReadinessSource.Exit => new(name, OutcomeCode.Started),
            ProgramPhase.Exited when state.Problem is null => new(name, OutcomeCode.Started, $"it has run to its end: {state.LastExit}"),
            ProgramPhase.Exited or ProgramPhase.Fatal => new(name, OutcomeCode.Failed, state.Problem),
            ProgramPhase.Backoff => new(name, OutcomeCode.Failed, $"{state.Problem}; it will be tried again"),
            ProgramPhase.Absent => new(name, OutcomeCode.Absent, "its command is not installed"),
            ProgramPhase.Stopped when !state.Wanted => new(name, OutcomeCode.Failed, "it was stopped meanwhile"),
            ProgramPhase.Waiting => OutcomeOfWaiting(name),
            _ => null,
        };
    }

    private ControlItem.Outcome? OutcomeOfRolling(Operation operation, Target target)
    {
        if (operation.End is not { } end)
            return core.AwaitsRollingRestart(operation.Ticket, target.Name) ? null : OutcomeOfStart(target);
        if (end.How == RollingEnd.ShutDown)
            return new(target.Name, OutcomeCode.Failed, end.NotRestarted.Contains(target.Name) ? "it was not restarted: init is shutting down" : "init is shutting down");
        if (!end.NotRestarted.Contains(target.Name))
            return OutcomeOfStart(target);

        string why = end.How == RollingEnd.Replaced ? "another rolling restart was asked for" : $"{end.At} did not come up";
        return new(target.Name, OutcomeCode.Failed, $"it was not restarted: {why}");
    }

    /// <summary>Waiting for what is on its way up is worth it; waiting for what somebody must start first is not.</summary>
    private ControlItem.Outcome? OutcomeOfWaiting(string name)
    {
        foreach (var (blocker, reason) in core.BlockersOf(name))
        {
            if (ProgramMachine.IsDown(core.StateOf(blocker).Phase))
                return new(name, OutcomeCode.Waiting, $"it starts when {blocker} is ready, which {reason}");
        }

        return null;
    }

    private sealed class Operation(IControlReply reply, List<Target> targets, Goal goal, long ticket)
    {
        public IControlReply Reply => reply;

        /// <summary>Those whose outcome is not known yet.</summary>
        public List<Target> Targets => targets;

        public Goal Goal => goal;

        public long Ticket => ticket;

        /// <summary>How the rolling restart has ended; null while it goes on.</summary>
        public SystemEffect.RollingRestartEnded? End { get; set; }
    }
}

public enum Goal
{
    Up,
    Down,
}

/// <param name="Name">The instance.</param>
/// <param name="PidBefore">For a restart: the process that must be gone first.</param>
public sealed record Target(string Name, int? PidBefore = null);
