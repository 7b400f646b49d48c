using System.Collections.Immutable;
using Init.Config;
using Init.Control;
using Init.Supervision;

namespace Init.Engine.Reloading;

/// <summary>Configurations by supervisord's groups: which of them differ, and what a running system looks like with one more or one less.</summary>
internal static class ConfigGroups
{
    /// <summary>
    /// What an update to <paramref name="next"/> would do to groups, in the order of the configuration: supervisorctl adds them in this order, so a pool of event
    /// listeners hears of what comes after it. Init's own programs belong to none.
    /// </summary>
    public static GroupChanges Between(SystemConfig running, SystemConfig next, ConfigDiff diff)
    {
        ImmutableArray<string> before = NamesOf(running), after = NamesOf(next);
        HashSet<string> changedInstances = [.. diff.Programs.Select(change => change.Instance)];
        HashSet<string> changed = [.. running.Programs.Concat(next.Programs)
            .Where(program => changedInstances.Contains(program.Policy.Name))
            .Select(program => program.SupervisordGroup)
            .Concat(ChangedPools(running, next))];
        return new GroupChanges([.. after.Except(before)], [.. after.Where(group => before.Contains(group) && changed.Contains(group))], [.. before.Except(after)]);
    }

    /// <summary>The running configuration, and the programs of a group of <paramref name="lastRead"/>.</summary>
    public static (SystemConfig? Target, ControlError? Error) Add(SystemConfig running, SystemConfig lastRead, string name)
    {
        ImmutableArray<ProgramDefinition> wanted = Members(lastRead, name);
        if (wanted.IsEmpty)
        {
            return (null, new ControlError(
                ErrorCode.UnknownGroup, $"cannot add group \"{name}\": the configuration that was read last has none", "a file that has been edited is read by: init reread"));
        }

        ImmutableArray<string> present = NamesOf(running);
        ImmutableArray<ProgramDefinition> added = [.. wanted.Where(program => !present.Contains(program.SupervisordGroup))];
        if (added.IsEmpty)
            return (null, new ControlError(ErrorCode.AlreadyAdded, $"cannot add group \"{name}\": it is part of the running system", "a changed one is applied by: init update"));

        HashSet<string> names = [.. running.Programs.Select(program => program.Policy.Name)];
        if (added.FirstOrDefault(program => names.Contains(program.Policy.Name)) is { } twice)
            return (null, Failed($"cannot add group \"{name}\": a program \"{twice.Policy.Name}\" is part of the running system"));

        SystemConfig target = running with
        {
            Programs = Insert(running.Programs, added, lastRead.Programs),
            EventListeners = [.. running.EventListeners, .. lastRead.EventListeners.Where(pool => added.Any(program => program.SupervisordGroup == pool.Name))],
            Warnings = [],
        };
        return Check(target with { Groups = SelectorsOf(target, running, lastRead) }, $"cannot add group \"{name}\"");
    }

    /// <summary>The running configuration without the programs of a group.</summary>
    /// <param name="running">What the system runs on.</param>
    /// <param name="name">The group.</param>
    /// <param name="isDown">Whether an instance is stopped for good.</param>
    public static (SystemConfig? Target, ControlError? Error) Remove(SystemConfig running, string name, Func<string, bool> isDown)
    {
        ImmutableArray<ProgramDefinition> removed = Members(running, name);
        if (removed.IsEmpty)
            return (null, new ControlError(ErrorCode.UnknownGroup, $"cannot remove group \"{name}\": none that runs is called so"));

        string[] up = [.. removed.Select(program => program.Policy.Name).Where(instance => !isDown(instance))];
        if (up.Length > 0)
        {
            return (null, new ControlError(
                ErrorCode.StillRunning, $"cannot remove group \"{name}\": {string.Join(", ", up.Take(5))}{(up.Length > 5 ? ", …" : "")} must be stopped first", $"run: init stop {name}"));
        }

        ImmutableSortedSet<string> gone = [.. removed.Select(program => program.SupervisordGroup)];
        SystemConfig target = running with
        {
            Programs = running.Programs.RemoveAll(program => !program.IsOwn && gone.Contains(program.SupervisordGroup)),
            EventListeners = running.EventListeners.RemoveAll(pool => gone.Contains(pool.Name)),
            Warnings = [],
        };
        return Check(target with { Groups = SelectorsOf(target, running, running) }, $"cannot remove group \"{name}\"");
    }

    private static ImmutableArray<string> NamesOf(SystemConfig config) =>
        [.. config.Programs.Where(program => !program.IsOwn).Select(program => program.SupervisordGroup).Distinct()];

    private static IEnumerable<string> ChangedPools(SystemConfig running, SystemConfig next)
    {
        foreach (EventListenerPool pool in next.EventListeners)
        {
            EventListenerPool? old = running.EventListeners.FirstOrDefault(other => other.Name == pool.Name);
            if (old is null || old.BufferSize != pool.BufferSize || !old.Events.SequenceEqual(pool.Events))
                yield return pool.Name;
        }

        foreach (EventListenerPool pool in running.EventListeners.Where(old => next.EventListeners.All(other => other.Name != old.Name)))
            yield return pool.Name;
    }

    /// <summary>The programs of supervisord's group of that name, or else of a <c>[group.x]</c>.</summary>
    private static ImmutableArray<ProgramDefinition> Members(SystemConfig config, string name)
    {
        ImmutableArray<ProgramDefinition> members = [.. config.Programs.Where(program => !program.IsOwn && program.SupervisordGroup == name)];
        if (!members.IsEmpty || config.Groups.FirstOrDefault(group => group.Name == name) is not { } selector)
            return members;

        return [.. config.Programs.Where(program => !program.IsOwn && selector.Programs.Contains(program.Policy.Program))];
    }

    /// <summary>Each added program behind the one that stands before it in <paramref name="order"/>: what is equal otherwise starts in this order.</summary>
    private static ImmutableArray<ProgramDefinition> Insert(
        ImmutableArray<ProgramDefinition> present, ImmutableArray<ProgramDefinition> added, ImmutableArray<ProgramDefinition> order)
    {
        List<ProgramDefinition> programs = [.. present];
        int place = 0;
        foreach (ProgramDefinition program in order)
        {
            int found = programs.FindIndex(other => other.Policy.Name == program.Policy.Name);
            if (found >= 0)
                place = found + 1;
            else if (added.Contains(program))
                programs.Insert(place++, program);
        }

        return [.. programs];
    }

    /// <summary>Each <c>[group.x]</c> of the running system with what is still there and what was added to it, and the new ones that now have a program.</summary>
    private static ImmutableArray<GroupDefinition> SelectorsOf(SystemConfig target, SystemConfig running, SystemConfig lastRead)
    {
        HashSet<string> old = [.. running.Programs.Select(program => program.Policy.Program)];
        HashSet<string> known = [.. running.Groups.Select(group => group.Name)];
        HashSet<string> present = [.. target.Programs.Select(program => program.Policy.Program)];
        var members = running.Groups
            .Select(group => (Group: group, Programs: group.Programs.Where(present.Contains)))
            .Concat(lastRead.Groups.Select(group => (Group: group, Programs: group.Programs.Where(program => present.Contains(program) && !(known.Contains(group.Name) && old.Contains(program))))));
        return [.. members
            .GroupBy(entry => entry.Group.Name, StringComparer.Ordinal)
            .Select(entries => entries.First().Group with { Programs = [.. entries.SelectMany(entry => entry.Programs).Distinct()] })
            .Where(group => !group.Programs.IsEmpty)];
    }

    /// <summary>What the loader would refuse in a file is refused here as well.</summary>
    private static (SystemConfig? Target, ControlError? Error) Check(SystemConfig target, string cannot)
    {
        HashSet<string> present = [.. target.Programs.Select(program => program.Policy.Program)];
        foreach (ProgramPolicy policy in target.Programs.Select(program => program.Policy))
        {
            if (policy.Requires.FirstOrDefault(needed => !present.Contains(needed.Program)) is { } missing)
                return (null, Failed($"{cannot}: program \"{policy.Name}\" requires \"{missing.Program}\", which would not be part of the system"));
        }

        var needs = target.Programs
            .Select(program => program.Policy)
            .GroupBy(policy => policy.Program)
            .Select(group => (group.Key, (IReadOnlyList<string>)[.. group.SelectMany(policy => policy.Requires.Select(needed => needed.Program).Concat(policy.After))]));
        return DependencyGraph.FindCycle([.. needs]) is { } cycle
            ? (null, Failed($"{cannot}: programs would wait for each other: {string.Join(" -> ", cycle)}"))
            : (target, null);
    }

    private static ControlError Failed(string message) => new(ErrorCode.Failed, message);
}
