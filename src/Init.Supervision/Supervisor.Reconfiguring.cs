using System.Collections.Immutable;

namespace Init.Supervision;

/// <content>A new configuration while the system runs.</content>
public sealed partial class Supervisor
{
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
            if (slot.Removed && ProgramMachine.IsDown(slot.State) && !_pendingStops.ContainsKey(name))
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
}
