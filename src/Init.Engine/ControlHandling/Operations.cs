using Init.Control;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>
/// Requests that wait for programs to come up or go down. Each instance's outcome is sent when it is known; the reply ends with the last.
/// </summary>
public sealed class Operations(Supervisor core)
{
    private readonly List<Operation> _running = [];

    public bool Any => _running.Count > 0;

    public void Start(IControlReply reply, IEnumerable<Target> targets, Goal goal)
    {
        var operation = new Operation(reply, [.. targets], goal);
        reply.Closed = () => _running.Remove(operation);
        _running.Add(operation);
        Advance(operation);
    }

    /// <summary>Looks at what has changed. Called when states have.</summary>
    public void Advance()
    {
        foreach (Operation operation in _running.ToArray())
            Advance(operation);
    }

    private void Advance(Operation operation)
    {
        operation.Targets.RemoveAll(target =>
        {
            ControlItem.Outcome? outcome = operation.Goal == Goal.Down ? OutcomeOfStop(target) : OutcomeOfStart(target);
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

    private sealed record Operation(IControlReply Reply, List<Target> Targets, Goal Goal);
}

public enum Goal
{
    Up,
    Down,
}

/// <param name="Name">The instance.</param>
/// <param name="PidBefore">For a restart: the process that must be gone first.</param>
public sealed record Target(string Name, int? PidBefore = null);
