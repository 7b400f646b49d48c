using Init.Base;

namespace Init.Supervision;

/// <content>The end of the whole system, within its limit.</content>
public sealed partial class Supervisor
{
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
        EndRollingRestart(RollingEnd.ShutDown);
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
        _effects.Add(new SystemEffect.ShutdownCompleted(shutdown.ExitCode, [.. _slots.Where(slot => !ProgramMachine.IsDown(slot.Value.State)).Select(slot => slot.Key)]));
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
        ProgramPhase.Exited => slot.State.Problem is not null && ProgramMachine.IsDown(slot.State),
        _ => false,
    };

    /// <summary>Never 0: a failure must not look like a success.</summary>
    private static int CodeOf(ProgramState state)
    {
        int code = state.SpawnFailureCode ?? state.LastExit?.ShellCode ?? ExitCode.Failure;
        return code == ExitCode.Success ? ExitCode.Failure : code;
    }
}
