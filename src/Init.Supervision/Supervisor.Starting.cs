using System.Collections.Immutable;
using Init.Base;

namespace Init.Supervision;

/// <content>Starting: gates, and who holds them shut.</content>
public sealed partial class Supervisor
{
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
        foreach (var (needed, limit) in _graph.LimitsOf(name))
        {
            if (IsMissing(needed) && !IsOver(name, limit))
                return false;
        }

        foreach (string earlier in _graph.AfterOf(name))
        {
            if (IsAboutToStart(earlier))
                return false;
        }

        return true;
    }

    /// <summary>Required, and not to be used yet.</summary>
    private bool IsMissing(string name) => !IsReady(name) && IsConfigured(name);

    /// <summary>It has waited for as long as it is to wait for this one.</summary>
    private bool IsOver(string name, TimeSpan? limit) => limit is { } longest && _waiting.TryGetValue(name, out Instant since) && since + longest <= _now;

    /// <summary>When it stops waiting for the next of those that it does not wait for without end; null = for none.</summary>
    private Instant? GateLimitOf(string name, Instant since)
    {
        Instant? earliest = null;
        foreach (var (needed, limit) in _graph.LimitsOf(name))
        {
            if (limit is { } longest && since + longest is var at && at > _now && IsMissing(needed) && !(earliest <= at))
                earliest = at;
        }

        return earliest;
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
}
