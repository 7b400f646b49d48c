using System.Collections.Immutable;

namespace Init.Supervision;

/// <content>Restarts that were asked for, all at once or one after another.</content>
public sealed partial class Supervisor
{
    private void RestartRolling(ImmutableArray<string> names, long ticket)
    {
        EndRollingRestart(RollingEnd.Replaced);
        _rolling = new RollingRestart([.. names.Where(IsConfigured)], ticket); // Settle takes the first one.
        if (_shutdown is not null)
            EndRollingRestart(RollingEnd.ShutDown);
    }

    private void EndRollingRestart(RollingEnd how)
    {
        if (_rolling is { } rolling)
            _effects.Add(new SystemEffect.RollingRestartEnded(rolling.Ticket, how, rolling.Current, rolling.Left));
        _rolling = null;
    }

    private void Restart(ImmutableArray<string> names)
    {
        if (_shutdown is not null)
            return;

        ImmutableArray<string> asked = [.. names.Where(IsConfigured)];
        ImmutableArray<string> down = [.. asked.Where(name => ProgramMachine.IsDown(_slots[name].State))];

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
            bool failed = !hasRun && (ProgramMachine.IsDown(state) || (ProgramMachine.IsAwaitingRestart(state) && !_pendingStops.ContainsKey(current)));
            bool up = hasRun || (state is { Phase: ProgramPhase.Running, Ready: true } && !_pendingStops.ContainsKey(current));
            if (failed)
            {
                EndRollingRestart(RollingEnd.Failed);
                return;
            }

            if (!up)
                return;
        }

        if (!_rolling.TakeNext(out string? next))
        {
            EndRollingRestart(RollingEnd.Done);
            return;
        }

        _settleAgain = true;
        Restart([next]);
    }
}
