using System.Collections.Immutable;

namespace Init.Supervision;

/// <summary>Who needs whom, by instance name. A requirement on a program is one on all its replicas.</summary>
public sealed class DependencyGraph
{
    private readonly Dictionary<string, ImmutableArray<(string Name, Requirement Requirement)>> _required = [];
    private readonly Dictionary<string, ImmutableArray<string>> _after = [];
    private readonly Dictionary<string, List<string>> _dependants = [];
    private readonly Dictionary<string, List<string>> _restartedWith = [];
    private readonly Dictionary<string, int> _shutdownPriority = [];

    public DependencyGraph(IReadOnlyCollection<ProgramPolicy> policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ILookup<string, string> instances = policies.ToLookup(policy => policy.Program, policy => policy.Name);
        foreach (ProgramPolicy policy in policies)
        {
            _required[policy.Name] = [.. policy.Requires.SelectMany(needed => instances[needed.Program].Select(name => (name, needed)))];
            _after[policy.Name] = [.. policy.After.SelectMany(program => instances[program])];
            _dependants[policy.Name] = [];
            _restartedWith[policy.Name] = [];
        }

        foreach (ProgramPolicy policy in policies)
        {
            foreach (var (needed, requirement) in _required[policy.Name])
            {
                _dependants[needed].Add(policy.Name);
                if (requirement.Restart)
                    _restartedWith[needed].Add(policy.Name);
            }

            foreach (string earlier in _after[policy.Name])
                _dependants[earlier].Add(policy.Name);
        }

        StartOrder = SortForStart(policies);
        foreach (ProgramPolicy policy in policies)
            _shutdownPriority[policy.Name] = policy.ShutdownPriority;
        foreach (string name in StartOrder)
        {
            foreach (string needed in RequiredBy(name).Concat(_after[name]))
                _shutdownPriority[name] = Math.Max(_shutdownPriority[name], _shutdownPriority[needed]);
        }
    }

    /// <summary>All instances, each after everything it requires or comes after; otherwise in the order of the configuration.</summary>
    public ImmutableArray<string> StartOrder { get; }

    /// <summary>The instances that must be ready before this one starts.</summary>
    public IEnumerable<string> RequiredBy(string name) => _required[name].Select(needed => needed.Name);

    /// <summary>The same, with how long each is waited for; null = as long as it takes.</summary>
    public IEnumerable<(string Name, TimeSpan? Limit)> LimitsOf(string name) => _required[name].Select(needed => (needed.Name, needed.Requirement.Limit));

    /// <summary>The instances that are started before this one.</summary>
    public ImmutableArray<string> AfterOf(string name) => _after[name];

    /// <summary>The instances that are stopped before this one: those that require it or come after it.</summary>
    public IReadOnlyList<string> DependantsOf(string name) => _dependants[name];

    /// <summary>
    /// <see cref="ProgramPolicy.ShutdownPriority"/>, or the highest one of those that it requires or comes after: they go down after it, so it must not wait for them.
    /// </summary>
    public int ShutdownPriorityOf(string name) => _shutdownPriority[name];

    /// <summary>The instances that are restarted when this one ends.</summary>
    public IReadOnlyList<string> RestartedWith(string name) => _restartedWith[name];

    /// <summary>
    /// The first cycle among programs, as the names along it with the first one repeated at the end; null when there is none.
    /// A program that requires or comes after itself is a cycle too.
    /// </summary>
    public static ImmutableArray<string>? FindCycle(IReadOnlyList<(string Program, IReadOnlyList<string> Needs)> programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        var needs = programs.ToDictionary(entry => entry.Program, entry => entry.Needs);
        var done = new HashSet<string>();
        foreach (var (start, _) in programs)
        {
            // Depth first with a stack of our own: a chain of thousands of programs must not end in a stack overflow.
            var path = new List<string>();
            var onPath = new HashSet<string>();
            var work = new Stack<(string Program, bool Leave)>();
            work.Push((start, false));
            while (work.TryPop(out var item))
            {
                if (item.Leave)
                {
                    path.RemoveAt(path.Count - 1);
                    onPath.Remove(item.Program);
                    done.Add(item.Program);
                    continue;
                }

                if (onPath.Contains(item.Program))
                    return [.. path[path.IndexOf(item.Program)..], item.Program];
                if (done.Contains(item.Program) || !needs.TryGetValue(item.Program, out var next))
                    continue;

                path.Add(item.Program);
                onPath.Add(item.Program);
                work.Push((item.Program, true));
                for (int i = next.Count - 1; i >= 0; i--)
                    work.Push((next[i], false));
            }
        }

        return null;
    }

    private ImmutableArray<string> SortForStart(IReadOnlyCollection<ProgramPolicy> policies)
    {
        // Kahn's algorithm with the configuration's order as the tie-break: small, linear, and stable.
        var missing = policies.ToDictionary(policy => policy.Name, policy => _required[policy.Name].Length + _after[policy.Name].Length);
        var position = policies.Select((policy, index) => (policy.Name, index)).ToDictionary(entry => entry.Name, entry => entry.index);
        var free = new PriorityQueue<string, int>();
        foreach (ProgramPolicy policy in policies.Where(policy => missing[policy.Name] == 0))
            free.Enqueue(policy.Name, position[policy.Name]);

        var order = ImmutableArray.CreateBuilder<string>(policies.Count);
        while (free.TryDequeue(out string? name, out _))
        {
            order.Add(name);
            foreach (string dependant in _dependants[name])
            {
                if (--missing[dependant] == 0)
                    free.Enqueue(dependant, position[dependant]);
            }
        }

        if (order.Count != policies.Count)
            throw new ArgumentException("the programs depend on each other in a circle", nameof(policies));

        return order.MoveToImmutable();
    }
}
