using System.Collections.Immutable;
using Init.Base;
using Init.Supervision;

namespace Init.Config.Reading;

/// <summary>Resolves the names that programs and groups call each other by, and refuses what cannot work together.</summary>
internal static class Linker
{
    /// <summary>Programs with their requirements filled in. Only meaningful when no problem was filed.</summary>
    public static ImmutableArray<ProgramDefinition> Link(
        ImmutableArray<ProgramDraft> drafts, ImmutableArray<GroupDefinition> groups, ProblemList problems, List<ConfigProblem> warnings)
    {
        NameTable names = new(drafts, groups);
        Dictionary<string, List<Edge>> edges = [];
        ImmutableArray<ProgramDefinition>.Builder linked = ImmutableArray.CreateBuilder<ProgramDefinition>(drafts.Length);
        foreach (ProgramDraft draft in drafts)
        {
            ImmutableArray<Requirement> requires = ResolveRequires(draft, names, problems, warnings);
            ImmutableArray<string> after = [.. draft.After.SelectMany(reference => names.Resolve(reference, problems)).Distinct()];
            linked.Add(draft.Definition with { Policy = draft.Definition.Policy with { Requires = requires, After = after } });

            if (!edges.ContainsKey(draft.Program))
            {
                edges[draft.Program] = [.. draft.Requires.Concat(draft.After)
                    .SelectMany(reference => names.Find(reference.Name).Select(target => new Edge(target, reference.Key, reference.At)))];
            }
        }

        // One store has one writer: two backups of the same files would fight for the branch, and two chats for the port.
        foreach (string role in new[] { KnownNames.Backup, KnownNames.Chat })
        {
            foreach (ProgramDefinition second in linked.Where(program => program.Launch.Builtin == role).Skip(1))
                problems.Add(second.At, $"program.{second.Policy.Program}", $"is a second program with the role \"{role}\"", "there can be one, without replicas");
        }

        ReportCycles([.. drafts.Select(draft => draft.Program).Distinct()], edges, problems);
        if (!ReportSharedNames(linked, problems))
            ReportSharedLogs(linked, problems);

        return linked.ToImmutable();
    }

    /// <summary>
    /// A pool of listeners without programs would keep its events for ever, and a listener talks over stdin and stdout, which nothing else may do. It has a
    /// pipe for its stdout even when nothing of it is kept.
    /// </summary>
    public static ImmutableArray<ProgramDefinition> LinkListeners(ImmutableArray<ProgramDefinition> programs, IEnumerable<EventListenerPool> listeners, ProblemList problems)
    {
        HashSet<string> groups = [.. programs.Select(program => program.SupervisordGroup)];
        foreach (EventListenerPool pool in listeners.Where(pool => !groups.Contains(pool.Name)))
            problems.Add(pool.At, $"event_listener.{pool.Name}", "has no program", Suggestion.For(pool.Name, groups) ?? $"give a program of this name, or with group = \"{pool.Name}\"");

        HashSet<string> names = [.. listeners.Select(pool => pool.Name)];
        return [.. programs.Select(program => names.Contains(program.SupervisordGroup) ? LinkListener(program, problems) : program)];
    }

    private static ProgramDefinition LinkListener(ProgramDefinition program, ProblemList problems)
    {
        string key = $"program.{program.Policy.Program}";
        if (!program.Launch.HasStdinPipe)
            problems.Add(program.At, key, "an event listener needs its stdin", "write stdin = \"pipe\"");

        if (program.Stdout is not null && ReferenceEquals(program.Stdout, program.Stderr))
            problems.Add(program.At, key, "an event listener's stdout is for the protocol", "write stderr = {}, so that stderr goes elsewhere");

        return program.Stdout is null ? program with { Stdout = new LogSpec(null, default, 0, Mirror: false) } : program;
    }

    /// <summary>Only <c>group</c> and <c>process_name</c> can give two instances one name.</summary>
    private static bool ReportSharedNames(IEnumerable<ProgramDefinition> programs, ProblemList problems)
    {
        Dictionary<string, ProgramDefinition> owners = [];
        bool any = false;
        foreach (ProgramDefinition program in programs)
        {
            if (owners.TryAdd(program.Policy.Name, program))
                continue;

            any = true;
            ProgramDefinition other = owners[program.Policy.Name];
            string hint = other.Policy.Program == program.Policy.Program ? "put ${INDEX} into process_name" : $"the other is at {other.At}";
            problems.Add(program.At, $"program.{program.Policy.Program}", $"two instances would be called \"{program.Policy.Name}\"", hint);
        }

        return any;
    }

    /// <summary>Files a problem for each member of a group that is not a program.</summary>
    public static ImmutableArray<string> CheckMembers(IEnumerable<Text> members, IReadOnlySet<string> programs, IReadOnlySet<string> groups, ProblemList problems)
    {
        ImmutableArray<string>.Builder found = ImmutableArray.CreateBuilder<string>();
        foreach (Text member in members)
        {
            if (programs.Contains(member.Value))
            {
                if (!found.Contains(member.Value))
                    found.Add(member.Value);
            }
            else if (groups.Contains(member.Value))
            {
                problems.Add(member.At, member.Key, $"{member.Quoted} is a group", "a group has programs only");
            }
            else
            {
                problems.Add(member.At, member.Key, $"unknown program {member.Quoted}", Suggestion.For(member.Value, programs));
            }
        }

        return found.ToImmutable();
    }

    private static ImmutableArray<Requirement> ResolveRequires(ProgramDraft draft, NameTable names, ProblemList problems, List<ConfigProblem> warnings)
    {
        // Named twice, by itself and through a group: the stronger wish counts.
        Dictionary<string, Requirement> requires = [];
        foreach (Reference reference in draft.Requires)
        {
            foreach (string target in names.Resolve(reference, problems))
            {
                Requirement wish = new(target, reference.Restart, reference.Limit);
                requires[target] = requires.TryGetValue(target, out Requirement? other) ? wish with { Restart = wish.Restart || other.Restart, Limit = Longer(wish.Limit, other.Limit) } : wish;
                if (draft.Definition.Policy.Enabled && !names.IsEnabled(target))
                    warnings.Add(new ConfigProblem(reference.At, reference.Key, $"\"{target}\" is not enabled, so this waits until somebody starts it"));
            }
        }

        return [.. requires.Values];
    }

    /// <summary>Null is without end.</summary>
    private static TimeSpan? Longer(TimeSpan? one, TimeSpan? other) => one is null || other is null ? null : one > other ? one : other;

    /// <summary>
    /// Takes away what waits for nobody, and then what waited for that, until only cycles (and what hangs on them) are left; reports one of
    /// them, takes it away, and goes on, so that each knot is reported.
    /// </summary>
    private static void ReportCycles(ImmutableArray<string> programs, Dictionary<string, List<Edge>> edges, ProblemList problems)
    {
        Dictionary<string, int> position = programs.Select((program, index) => (program, index)).ToDictionary(entry => entry.program, entry => entry.index);
        ILookup<string, string> dependants = edges
            .SelectMany(entry => entry.Value.Select(edge => (Program: entry.Key, edge.To)))
            .ToLookup(pair => pair.To, pair => pair.Program);
        Dictionary<string, int> missing = programs.ToDictionary(program => program, program => edges[program].Count);
        HashSet<string> alive = [.. programs];
        Queue<string> free = new(programs.Where(program => missing[program] == 0));
        foreach (string program in programs)
        {
            while (free.TryDequeue(out string? done))
                Remove(done);

            if (!alive.Contains(program))
                continue;

            List<string> cycle = FindCycle(program, edges, alive);

            // Begin with the one that stands first, wherever the walk came in.
            int first = Enumerable.Range(0, cycle.Count).MinBy(i => position[cycle[i]]);
            cycle = [.. cycle[first..], .. cycle[..first]];
            Edge cause = edges[cycle[0]].Find(edge => edge.To == cycle[1 % cycle.Count])!;
            problems.Add(cause.At, cause.Key, $"dependency cycle: {string.Join(" -> ", cycle.Append(cycle[0]))}", "none of them could ever start");
            cycle.ForEach(Remove);
        }

        void Remove(string program)
        {
            if (!alive.Remove(program))
                return;

            foreach (string dependant in dependants[program])
            {
                if (--missing[dependant] == 0)
                    free.Enqueue(dependant);
            }
        }
    }

    private static List<string> FindCycle(string start, Dictionary<string, List<Edge>> edges, HashSet<string> alive)
    {
        List<string> path = [];
        Dictionary<string, int> seen = [];
        string current = start;
        while (seen.TryAdd(current, path.Count))
        {
            path.Add(current);
            current = edges[current].Find(edge => alive.Contains(edge.To))!.To;
        }

        return path[seen[current]..];
    }

    private static void ReportSharedLogs(IEnumerable<ProgramDefinition> programs, ProblemList problems)
    {
        Dictionary<string, (ProgramDefinition Program, string Stream)> owners = [];
        foreach (ProgramDefinition program in programs)
        {
            Claim(program, "stdout", program.Stdout);
            if (!ReferenceEquals(program.Stdout, program.Stderr))
                Claim(program, "stderr", program.Stderr);
        }

        void Claim(ProgramDefinition program, string stream, LogSpec? log)
        {
            if (log?.File is not { } file || LogReader.IsDevice(file) || owners.TryAdd(file, (program, stream)))
                return;

            var (other, otherStream) = owners[file];
            string key = $"program.{program.Policy.Program}.{stream}";
            string hint = other.Policy.Name == program.Policy.Name ? "write stderr = \"stdout\""
                : other.Policy.Program == program.Policy.Program ? "put ${INDEX} into the file's name"
                : "each needs a file of its own";
            problems.Add(program.At, key, $"{otherStream} of \"{other.Policy.Name}\" is written to the same file", hint);
        }
    }

    private sealed record Edge(string To, string Key, SourcePosition At);

    private sealed class NameTable
    {
        private readonly Dictionary<string, ImmutableArray<string>> _targets = [];
        private readonly HashSet<string> _enabled = [];

        public NameTable(ImmutableArray<ProgramDraft> drafts, ImmutableArray<GroupDefinition> groups)
        {
            foreach (GroupDefinition group in groups)
                _targets[group.Name] = group.Programs;

            foreach (ProgramDraft draft in drafts)
            {
                _targets[draft.Program] = [draft.Program];
                if (draft.Definition.Policy.Enabled)
                    _enabled.Add(draft.Program);
            }
        }

        public bool IsEnabled(string program) => _enabled.Contains(program);

        public ImmutableArray<string> Find(string name) => _targets.GetValueOrDefault(name, []);

        public ImmutableArray<string> Resolve(Reference reference, ProblemList problems)
        {
            if (_targets.TryGetValue(reference.Name, out ImmutableArray<string> targets))
                return targets;

            string message = $"unknown program or group {ConfigText.Quote(reference.Written)}";
            problems.Add(reference.At, reference.Key, message, Suggestion.For(reference.Name, _targets.Keys));
            return [];
        }
    }
}
