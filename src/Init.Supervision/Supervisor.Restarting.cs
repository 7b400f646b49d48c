using System.Collections.Immutable;

namespace Init.Supervision;

/// <content>Restarts that were asked for, all at once or one after another.</content>
public sealed partial class Supervisor
{
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
}
