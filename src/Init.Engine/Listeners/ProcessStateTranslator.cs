using Init.Config;
using Init.Supervision;

namespace Init.Engine.Listeners;

/// <summary>
/// Tells one program's life in supervisord's states. The two machines differ, and listeners know only one of them, so what they are told is always a way through
/// supervisord's machine (docs/decisions/0010-event-listeners.md):
/// WAITING and ABSENT are not told; a process that was RUNNING and ends has EXITED, whatever is done about it next; FATAL comes after BACKOFF; a restart
/// passes through STOPPED.
/// </summary>
public sealed class ProcessStateTranslator
{
    private ProgramPhase _told = ProgramPhase.Stopped;
    private bool _endedAsExpected;
    private int _tries;
    private int _pid;

    /// <param name="program">As it is configured now.</param>
    /// <param name="notice">What the core has announced.</param>
    /// <param name="pid">The main process; null when there is none at this moment.</param>
    /// <param name="lastPid">The main process, or the last one there was.</param>
    /// <returns>None, one, or several in their order.</returns>
    public IReadOnlyList<SupervisordEvent> Translate(ProgramDefinition program, ProgramNotice notice, int? pid, int? lastPid)
    {
        var events = new List<SupervisordEvent>();
        _pid = pid ?? _pid;
        switch (notice)
        {
            case ProgramNotice.ProcessEnded(_, var expected):
                _endedAsExpected = expected;
                _pid = lastPid ?? _pid;
                if (_told == ProgramPhase.Running)
                    TellExited(events, program);
                break;
            case ProgramNotice.PhaseChanged(_, var to, _):
                Tell(events, program, to);
                break;
        }

        return events;
    }

    private void Tell(List<SupervisordEvent> events, ProgramDefinition program, ProgramPhase to)
    {
        switch (to)
        {
            case ProgramPhase.Starting:
                if (_told is ProgramPhase.Stopping)
                    TellStopped(events, program);
                _pid = 0;
                events.Add(SupervisordEvent.StateWithTries(program, _told, to, _tries));
                _told = to;
                break;

            case ProgramPhase.Running:
                _tries = 0;
                events.Add(SupervisordEvent.StateWithPid(program, _told, to, _pid));
                _told = to;
                break;

            case ProgramPhase.Backoff or ProgramPhase.Fatal:
                TellFailure(events, program, to);
                break;

            case ProgramPhase.Stopping when _told is ProgramPhase.Starting or ProgramPhase.Running:
                events.Add(SupervisordEvent.StateWithPid(program, _told, to, _pid));
                _told = to;
                break;

            case ProgramPhase.Exited when _told != ProgramPhase.Exited:
                TellExited(events, program);
                break;

            case ProgramPhase.Stopped when _told != ProgramPhase.Stopped:
            case ProgramPhase.Waiting or ProgramPhase.Absent when _told is ProgramPhase.Starting or ProgramPhase.Running or ProgramPhase.Stopping:
                TellStopped(events, program);
                break;
        }
    }

    private void TellFailure(List<SupervisordEvent> events, ProgramDefinition program, ProgramPhase to)
    {
        if (_told == ProgramPhase.Running)
        {
            // Its set-up failed after it was taken for RUNNING, so no end of a process was announced.
            _endedAsExpected = false;
            TellExited(events, program);
        }

        bool isFailedStart = _told is ProgramPhase.Starting || (_told is ProgramPhase.Stopping && to is ProgramPhase.Backoff);
        if (isFailedStart)
        {
            events.Add(SupervisordEvent.StateWithTries(program, _told, ProgramPhase.Backoff, ++_tries));
            _told = ProgramPhase.Backoff;
        }

        if (to != ProgramPhase.Fatal)
            return;

        _tries = 0;
        events.Add(SupervisordEvent.Fatal(program, _told));
        _told = to;
    }

    private void TellExited(List<SupervisordEvent> events, ProgramDefinition program)
    {
        _tries = 0;
        events.Add(SupervisordEvent.Exited(program, _told, _endedAsExpected, _pid));
        _told = ProgramPhase.Exited;
    }

    private void TellStopped(List<SupervisordEvent> events, ProgramDefinition program)
    {
        _tries = 0;
        events.Add(SupervisordEvent.StateWithPid(program, _told, ProgramPhase.Stopped, _told == ProgramPhase.Stopping ? _pid : 0));
        _told = ProgramPhase.Stopped;
    }
}
