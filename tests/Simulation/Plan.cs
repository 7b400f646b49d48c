using System.Collections.Immutable;
using Init.Supervision;

namespace Simulation;

/// <summary>A random configuration, and how it changes from one reload to the next. Dependencies follow the order of the list, so there is never a cycle.</summary>
public sealed class Plan
{
    private readonly Dice _dice;
    private readonly List<Entry> _entries = [];
    private int _made;

    public Plan(Dice dice)
    {
        _dice = dice;
        int count = dice.Chance(0.15) ? 1 : dice.Between(2, 12);
        for (int i = 0; i < count; i++)
            _entries.Add(NewEntry(_entries.Count));
    }

    public SupervisorOptions Options { get; private set; } = new(TimeSpan.FromSeconds(25), ExitOnFatal: false);

    public void ChooseOptions() => Options = new(_dice.Milliseconds(0, 500, 5_000, 25_000), _dice.Chance(0.5));

    public ImmutableArray<ProgramPolicy> Policies()
    {
        var policies = ImmutableArray.CreateBuilder<ProgramPolicy>();
        foreach (Entry entry in _entries)
        {
            for (int i = 0; i < entry.Replicas; i++)
                policies.Add(entry.Policy with { Name = entry.Replicas == 1 ? entry.Policy.Program : $"{entry.Policy.Program}:{i}" });
        }

        return policies.ToImmutable();
    }

    /// <summary>Changes the configuration as a person would edit it.</summary>
    /// <returns>The programs whose processes need replacing.</returns>
    public HashSet<string> Edit()
    {
        var replaced = new HashSet<string>();
        int edits = _dice.Between(0, 4);
        for (int i = 0; i < edits; i++)
        {
            switch (_dice.Below(8))
            {
                case 0 when _entries.Count > 1:
                    _entries.RemoveAt(_dice.Below(_entries.Count));
                    break;
                case 1 when _entries.Count < 14:
                    int at = _dice.Below(_entries.Count + 1);
                    _entries.Insert(at, NewEntry(at));
                    break;
                case 2:
                    Entry scaled = _dice.PickFrom(_entries);
                    scaled.Replicas = _dice.Between(1, 3);
                    break;
                case 3:
                    _dice.Shuffle(_entries);
                    for (int entry = 0; entry < _entries.Count; entry++)
                        Connect(entry);
                    break;
                case 4:
                    Entry switched = _dice.PickFrom(_entries);
                    switched.Policy = switched.Policy with { Enabled = !switched.Policy.Enabled };
                    break;
                default:
                    int index = _dice.Below(_entries.Count);
                    Entry changed = _entries[index];
                    ProgramPolicy fresh = NewPolicy(changed.Policy.Program);
                    changed.Policy = _dice.Chance(0.5)
                        ? fresh with { Requires = changed.Policy.Requires, After = changed.Policy.After }
                        : changed.Policy with { Health = fresh.Health, Readiness = fresh.Readiness, Watchdog = fresh.Watchdog, Stop = fresh.Stop };
                    if (_dice.Chance(0.5))
                        replaced.Add(changed.Policy.Program);
                    break;
            }
        }

        // What was removed is required no more; what moved requires only what comes before it.
        for (int i = 0; i < _entries.Count; i++)
        {
            HashSet<string> earlier = [.. _entries.Take(i).Select(entry => entry.Policy.Program)];
            ProgramPolicy policy = AsConfigHasIt(_entries[i].Policy);
            _entries[i].Policy = policy with
            {
                Requires = [.. policy.Requires.Where(needed => earlier.Contains(needed.Program))],
                After = [.. policy.After.Where(earlier.Contains)],
            };
        }

        if (_dice.Chance(0.2))
            ChooseOptions();
        return replaced;
    }

    private Entry NewEntry(int index)
    {
        // Names come back now and then: a program that is removed and added again while its process still goes down.
        string name = $"p{(_dice.Chance(0.3) && _made > 0 ? _dice.Below(_made) : _made)}";
        if (_entries.Exists(entry => entry.Policy.Program == name))
            name = $"p{_made}";
        _made = Math.Max(_made, int.Parse(name.AsSpan(1)) + 1);
        var made = new Entry(NewPolicy(name)) { Replicas = _dice.Chance(0.15) ? _dice.Between(2, 3) : 1 };
        Connect(made, index);
        return made;
    }

    private void Connect(int index) => Connect(_entries[index], index);

    private void Connect(Entry entry, int index)
    {
        var requires = ImmutableArray.CreateBuilder<Requirement>();
        var after = ImmutableArray.CreateBuilder<string>();
        for (int i = 0; i < index && i < _entries.Count; i++)
        {
            string other = _entries[i].Policy.Program;
            if (other == entry.Policy.Program)
                continue;
            if (_dice.Chance(1.2 / (index + 1)))
                requires.Add(new Requirement(other, Restart: _dice.Chance(0.4)));
            else if (_dice.Chance(0.1))
                after.Add(other);
        }

        entry.Policy = entry.Policy with { Requires = requires.ToImmutable(), After = after.ToImmutable() };
    }

    private ProgramPolicy NewPolicy(string program)
    {
        bool scheduled = _dice.Chance(0.08);
        ReadinessPolicy? readiness = NewReadiness();
        RestartMode restart = _dice.Pick(RestartMode.Always, RestartMode.Always, RestartMode.Always, RestartMode.OnFailure, RestartMode.Never);
        return AsConfigHasIt(new ProgramPolicy
        {
            Name = program,
            Program = program,
            Enabled = _dice.Chance(0.9),
            Optional = _dice.Chance(0.15),
            Critical = _dice.Chance(0.1),
            OnExit = _dice.Chance(0.03) ? OnExit.Shutdown : OnExit.Keep,
            Restart = restart,
            SuccessExitCodes = _dice.Chance(0.2) ? [0, 3] : [0],
            StartGrace = _dice.Milliseconds(0, 0, 100, 1_000),
            Backoff = new BackoffPolicy
            {
                Initial = _dice.Milliseconds(0, 10, 500),
                Factor = _dice.Pick(1.0, 2.0, 10.0),
                Max = _dice.Milliseconds(0, 1_000, 30_000),
                Jitter = _dice.Pick(0.0, 0.2, 1.0),
                ResetAfter = _dice.Milliseconds(0, 1_000, 60_000),
                Attempts = _dice.Pick<int?>(null, 0, 1, 2, 3, 10),
                Increment = _dice.Milliseconds(0, 0, 1_000),
                OnlyFailedStarts = _dice.Chance(0.3),
            },
            Stop = new StopPolicy
            {
                Signal = _dice.Pick(15, 15, 15, 2, 9),
                Grace = _dice.Milliseconds(0, 100, 1_000, 10_000),
                Group = _dice.Chance(0.7),
                HasCommand = _dice.Chance(0.2),
                FinalGroup = _dice.Chance(0.3),
                FinalSignal = _dice.Pick(9, 9, 9, 3),
            },
            Readiness = readiness,
            Health = _dice.Chance(0.25)
                ? new HealthPolicy
                {
                    InitialDelay = _dice.Milliseconds(0, 1_000),
                    Interval = _dice.Milliseconds(1_000, 10_000),
                    Timeout = _dice.Milliseconds(100, 2_000),
                    Failures = _dice.Between(1, 3),
                    Action = _dice.Pick(HealthAction.Restart, HealthAction.Restart, HealthAction.Report),
                }
                : null,
            Watchdog = _dice.Chance(0.1) ? _dice.Milliseconds(500, 5_000) : null,
            Hooks = new HookPolicy
            {
                BeforeStart = _dice.Chance(0.15),
                AfterStart = _dice.Chance(0.1),
                AfterStop = _dice.Chance(0.15),
                Timeout = _dice.Milliseconds(100, 1_000, 30_000),
            },
            ShutdownPriority = _dice.Pick(0, 0, 0, -1, 5, 999),
            EarlyExitFails = _dice.Chance(0.3),
            Scheduled = scheduled,
        });
    }

    /// <summary>What ends by its nature is not restarted always: the configuration refuses that.</summary>
    private static ProgramPolicy AsConfigHasIt(ProgramPolicy policy)
    {
        bool once = policy.Scheduled || policy.Readiness?.Source == ReadinessSource.Exit;
        return once && policy.Restart == RestartMode.Always ? policy with { Restart = RestartMode.OnFailure } : policy;
    }

    private ReadinessPolicy? NewReadiness() => _dice.Chance(0.5)
        ? null
        : new ReadinessPolicy(
            _dice.Pick(ReadinessSource.Polled, ReadinessSource.Polled, ReadinessSource.Told, ReadinessSource.Exit, ReadinessSource.Delay),
            _dice.Milliseconds(50, 1_000),
            _dice.Milliseconds(100, 2_000),
            _dice.Pick<TimeSpan?>(null, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10)));

    private sealed class Entry(ProgramPolicy policy)
    {
        public ProgramPolicy Policy { get; set; } = policy;

        public int Replicas { get; set; } = 1;
    }
}
