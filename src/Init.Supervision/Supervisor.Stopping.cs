namespace Init.Supervision;

/// <content>Stopping in the reverse order of starting.</content>
public sealed partial class Supervisor
{
    private void PlanStops(IEnumerable<string> names, StopReason reason)
    {
        foreach (string name in names.Where(_slots.ContainsKey).ToArray())
        {
            if (reason is StopReason.User or StopReason.Shutdown or StopReason.Removed)
                Step(name, new ProgramEvent.Unwanted(reason));
            if (HasProcess(name) || ProgramMachine.IsAwaitingRestart(_slots[name].State))
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
    private bool IsUp(string name) =>
        _slots[name].State.Phase is ProgramPhase.Starting or ProgramPhase.Running || ProgramMachine.IsAwaitingRestart(_slots[name].State);

    /// <summary>
    /// Asks each program whose dependants are down. A dependant counts only when it is going down too, and also when it depends through
    /// others that are not: an application that requires a finished migration of its database is stopped before the database.
    /// </summary>
    private void ReleaseStops()
    {
        if (_pendingStops.Count == 0)
            return;

        int? wave = _shutdown is null ? null : HighestPriorityLeft();
        foreach (string name in _pendingStops.Keys.ToArray())
        {
            // One release can change the list: a dependant that is restarted along, a program that is down meanwhile.
            if (!_pendingStops.TryGetValue(name, out StopReason reason) || HasDependantGoingDown(name))
                continue;
            if (_graph.ShutdownPriorityOf(name) < wave)
                continue;

            _pendingStops.Remove(name);
            _settleAgain = true;
            Step(name, new ProgramEvent.StopRequested(reason));
        }
    }

    /// <summary>At shutdown, those with lower numbers have to wait until nothing of this one is left.</summary>
    private int? HighestPriorityLeft()
    {
        int? highest = null;
        foreach (var (name, slot) in _slots)
        {
            if (!ProgramMachine.IsDown(slot.State) && !(_graph.ShutdownPriorityOf(name) <= highest))
                highest = _graph.ShutdownPriorityOf(name);
        }

        return highest;
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
}
