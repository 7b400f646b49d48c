using System.Collections.Immutable;
using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <param name="Problem">The broken invariant, naming seed and step; null when all held.</param>
public sealed record RunResult(ulong Seed, int Steps, ulong TraceHash, string? Problem, IReadOnlyDictionary<string, long> Seen);

/// <summary>
/// A machine that does not exist, around the real core. It carries out effects as the engine does (one queue of events, each handled to its
/// end, what an effect brings about at once queued behind the rest) and lets everything happen that a kernel, programs and people can do:
/// spawns that fail, exits that race stops, processes that ignore signals, late answers, pid reuse, clock leaps, reloads, storms of commands.
/// <para>
/// A run has three parts: chaos for a number of steps; then a quiet world, in which everything wanted must come to rest; then a shutdown.
/// What must hold is checked after each step, against the world's own books and not against the core's word.
/// </para>
/// </summary>
public sealed partial class World
{
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(20);

    private readonly ulong _seed;
    private readonly int _steps;
    private readonly Dice _dice;
    private readonly Plan _plan;
    private readonly Core _core;
    private readonly Action<string>? _trace;
    private readonly Dictionary<string, Subject> _subjects = [];
    private readonly Queue<Queued> _queue = new();
    private readonly PriorityQueue<Action, (long Time, long Order)> _agenda = new();
    private readonly SortedSet<int> _pidsInUse = [];
    private readonly Dictionary<string, long> _seen = [];
    private readonly HashSet<string> _failedNow = [];
    private Instant _now = new(1_000_000_000_000);
    private long _order;
    private int _step;
    private ulong _hash = 14695981039346656037;
    private bool _quiet;
    private SupervisorOptions _options;

    // Of the shutdown.
    private bool _shutdownBegan;
    private bool _shutdownAsked;
    private bool _orderOff;
    private Instant _shutdownDeadline = Instant.Never;
    private Instant _killDeadline = Instant.Never;
    private bool _completed;
    private Subject? _lastChanged;
    private int[] _exitCodes = [];

    public World(ulong seed, int steps, Action<string>? trace = null, CoreMaker? make = null)
    {
        _seed = seed;
        _steps = steps;
        _trace = trace;
        _dice = new Dice(seed);
        _plan = new Plan(_dice);
        _plan.ChooseOptions();
        _options = _plan.Options;
        ImmutableArray<ProgramPolicy> policies = _plan.Policies();
        var jitter = new Dice(seed + 77);
        _core = (make ?? ((p, o, c) => new Core(p, o, c)))(policies, _options, jitter.Fraction);
        foreach (ProgramPolicy policy in policies)
            AddSubject(policy);
    }

    public delegate Core CoreMaker(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance);

    public RunResult Run()
    {
        string? problem = null;
        try
        {
            if (_trace is not null)
            {
                foreach (Subject subject in _subjects.Values)
                    Trace($"program {Describe(subject.Policy)}");
            }

            Enqueue(new SystemEvent.Boot());
            RunChaos();
            if (!_completed)
            {
                RunQuiet();
                RunShutdown();
            }
        }
        catch (BrokenInvariantException broken)
        {
            problem = $"seed {_seed}, step {_step}: {broken.Message}";
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or KeyNotFoundException or NullReferenceException or IndexOutOfRangeException)
        {
            problem = $"seed {_seed}, step {_step}: the core threw {fault}";
        }

        if (problem is not null)
            Trace($"BROKEN: {problem}");
        return new RunResult(_seed, _step, _hash, problem, _seen);
    }

    // --- The three parts of a run ---------------------------------------------------------------------------------------

    private void RunChaos()
    {
        while (_step < _steps && !_completed)
            Advance();
    }

    private void RunQuiet()
    {
        _quiet = true;
        Trace("the world becomes quiet");
        foreach (Subject subject in _subjects.Values.ToArray())
        {
            subject.Installed = true;
            _core.NoteInstalled(subject.Name, true);
            if (subject.Main is { } process)
            {
                process.Unkillable = false;
                ScheduleLife(subject, process);
            }
        }

        Instant limit = _now + QuietLimit;
        while (!_completed && !(_queue.Count == 0 && _subjects.Values.All(IsAtRest)))
        {
            if (_now > limit)
            {
                Subject restless = _subjects.Values.First(subject => !IsAtRest(subject));
                throw Broken($"after {Durations.Text(QuietLimit)} in a quiet world, {restless.Name} is still {restless.Phase}: {_core.StateOf(restless.Name)}");
            }

            Advance();
        }

        foreach (Subject subject in _subjects.Values.Where(_ => !_completed))
            CheckRest(subject);
    }

    private bool IsAtRest(Subject subject) => subject.Phase switch
    {
        ProgramPhase.Running => subject.Ready || subject.Policy.Readiness?.Source == ReadinessSource.Exit,
        ProgramPhase.Waiting => true,
        _ => ProgramMachine.IsDown(_core.StateOf(subject.Name)),
    };

    private void CheckRest(Subject subject)
    {
        bool down = ProgramMachine.IsDown(subject.Phase);
        if (subject.Wanted && subject.Phase == ProgramPhase.Stopped)
            throw Broken($"{subject.Name} is wanted and STOPPED");
        if (!subject.Wanted && !down)
            throw Broken($"{subject.Name} is not wanted and {subject.Phase}");
        if (subject.Main is not null && subject.Main == subject.MustGo)
            throw Broken($"{subject.Name} lives on, and was to be restarted with a program that it requires");
        if (subject.Phase == ProgramPhase.Waiting && !IsHeldUp(subject))
            throw Broken($"{subject.Name} is WAITING though everything it requires is ready");
    }

    private bool IsHeldUp(Subject subject) =>
        RequiredBy(subject).Any(needed => !needed.Ready) ||
        subject.Policy.After.SelectMany(InstancesOf).Any(earlier => earlier.Phase == ProgramPhase.Waiting);

    private void RunShutdown()
    {
        // Not in a quiet world: the end must hold against whatever the programs do.
        _quiet = _dice.Chance(0.5);
        Enqueue(_dice.Chance(0.2) ? new SystemEvent.FastShutdownAsked() : new SystemEvent.ShutdownAsked());
        int last = _step + 5_000;
        while (!_completed)
        {
            if (_step > last)
                throw Broken("the shutdown does not end");
            Advance();
        }

        // Whatever is still said to it after the end starts nothing and ends nothing twice.
        for (int i = 0; i < 5; i++)
        {
            _now += TimeSpan.FromSeconds(10);
            Enqueue(_dice.Chance(0.5) ? new SystemEvent.DeadlineReached() : new SystemEvent.ShutdownAsked());
            while (_queue.Count > 0)
                Deliver();
        }
    }

    private void Advance()
    {
        if (_queue.Count > 0 && !_dice.Chance(0.1))
        {
            Deliver();
            return;
        }

        if (!_quiet && !_completed && _dice.Chance(_shutdownBegan ? 0.05 : 0.15))
            Command();
        if (_queue.Count > 0 && _dice.Chance(0.5))
            return;

        PassTime();
        if (_queue.Count == 0 && _agenda.Count == 0 && _core.NextDeadline is null)
            _now += TimeSpan.FromSeconds(1);
        if (_quiet || _queue.Count > 0)
            return;
        if (_dice.Chance(0.01))
            Enqueue(new SystemEvent.DeadlineReached()); // Needless.
    }

    /// <summary>The loop sleeps until something happens or is due; sometimes it oversleeps, as after SIGSTOP.</summary>
    private void PassTime()
    {
        Instant next = _agenda.TryPeek(out _, out var first) ? new Instant(first.Time) : Instant.Never;
        if (_core.NextDeadline is { } due && due < next)
            next = due;
        if (next == Instant.Never)
            next = _now + TimeSpan.FromSeconds(1);

        if (next > _now)
            _now = next;
        if (!_quiet && _dice.Chance(0.02))
        {
            _now += _dice.Milliseconds(10, 1_000, 60_000, 3_600_000);
            See("clock leap");
        }
        else
            _now += TimeSpan.FromTicks(_dice.Below(300));

        bool timersFirst = _dice.Chance(0.5);
        if (timersFirst)
            QueueDeadline();
        while (_agenda.TryPeek(out _, out var item) && item.Time <= _now.Nanoseconds)
            _agenda.Dequeue()();
        if (!timersFirst)
            QueueDeadline();
    }

    private void QueueDeadline()
    {
        if (_core.NextDeadline <= _now)
            Enqueue(new SystemEvent.DeadlineReached());
    }

    // --- Handing an event to the core -----------------------------------------------------------------------------------

    private void Enqueue(SystemEvent happening) => _queue.Enqueue(new Queued(happening, null));

    private void Enqueue(Reload _) => _queue.Enqueue(new Queued(null, null));

    private void Enqueue(Subject subject, ProgramEvent happening, Action? onDelivery = null) =>
        _queue.Enqueue(new Queued(new SystemEvent.OfProgram(subject.Name, happening), onDelivery));

    private void Deliver()
    {
        Queued item = _queue.Dequeue();
        _step++;
        SystemEvent happening = item.Event ?? MakeReload();
        if (item.Event is SystemEvent.DeadlineReached && _core.NextDeadline is { } due && due > _now)
            See("early DeadlineReached");

        _failedNow.Clear();
        NoteBefore(happening);
        item.OnDelivery?.Invoke();
        Trace($"{Describe(happening)}");
        See(NameOf(happening));

        SystemEffect[] effects = [.. _core.Handle(happening, _now)];
        foreach (SystemEffect effect in effects)
        {
            Trace($"    {Describe(effect)}");
            CarryOut(effect);
        }

        NoteAfter(happening);
        CheckAll(happening);
        _now += TimeSpan.FromTicks(_dice.Below(100));
    }

    private SystemEvent.Reconfigured MakeReload()
    {
        HashSet<string> replaced = _plan.Edit();
        ImmutableArray<ProgramPolicy> policies = _plan.Policies();
        ImmutableArray<string> restart = [.. policies.Where(policy => replaced.Contains(policy.Program) && _subjects.ContainsKey(policy.Name)).Select(policy => policy.Name)];
        return new SystemEvent.Reconfigured(policies, restart, _plan.Options);
    }

    private void NoteBefore(SystemEvent happening)
    {
        bool over = _core.IsShuttingDown;
        switch (happening)
        {
            case SystemEvent.Boot:
                foreach (Subject subject in _subjects.Values)
                    subject.Wanted = subject.Policy is { Enabled: true, Scheduled: false };
                break;
            case SystemEvent.StartAsked(var names) when !over:
                foreach (Subject subject in Named(names))
                    NoteStartAsked(subject);
                break;
            case SystemEvent.RestartAsked(var names, Rolling: false, _) when !over:
                foreach (Subject subject in Named(names))
                {
                    NoteStartAsked(subject);
                    subject.AskedDown = subject.Main is not null || subject.AnswerPending;
                }

                break;
            case SystemEvent.RestartAsked(var names, Rolling: true, _) when !over:
                foreach (Subject subject in _subjects.Values)
                    subject.InRolling = false;
                foreach (Subject subject in Named(names))
                    subject.InRolling = true;
                break;
            case SystemEvent.StopAsked(var names):
                foreach (Subject subject in Named(names))
                {
                    subject.Wanted = false;
                    subject.StoppedByUser = true;
                    subject.InRolling = false;
                    subject.AskedDown = subject.Main is not null || subject.AnswerPending;
                }

                break;
            case SystemEvent.Reconfigured change when !over:
                NoteReload(change);
                break;
            case SystemEvent.ShutdownAsked:
                NoteShutdownAsked(fast: false);
                break;
            case SystemEvent.FastShutdownAsked:
                NoteShutdownAsked(fast: true);
                break;
            default:
                break;
        }
    }

    private static void NoteStartAsked(Subject subject)
    {
        if (subject.Removed)
            return;

        subject.Wanted = true;
        subject.StoppedByUser = false;
        subject.InRolling = false;
        subject.AskedDown = false;
    }

    private void NoteReload(SystemEvent.Reconfigured change)
    {
        _options = change.Options;
        var kept = change.Policies.ToDictionary(policy => policy.Name);
        foreach (Subject subject in _subjects.Values)
        {
            if (!kept.ContainsKey(subject.Name))
            {
                subject.Removed = true;
                subject.Wanted = false;
                subject.AskedDown = subject.Main is not null || subject.AnswerPending;
            }
        }

        foreach (ProgramPolicy policy in change.Policies)
        {
            if (!_subjects.TryGetValue(policy.Name, out Subject? subject))
            {
                AddSubject(policy).Wanted = policy is { Enabled: true, Scheduled: false };
                continue;
            }

            if (subject.Removed)
                subject.AskedDown = false;
            subject.Removed = false;
            subject.ReadinessChanged |= subject.Policy.Readiness != policy.Readiness;
            subject.Policy = policy;
            if (change.Restart.Contains(policy.Name))
                subject.AskedDown = subject.Main is not null || subject.AnswerPending;
        }
    }

    private void NoteShutdownAsked(bool fast)
    {
        if (!_core.IsShuttingDown)
            BeginShutdown();
        else if (_shutdownAsked && _killDeadline == Instant.Never)
            _shutdownDeadline = Instant.Min(_shutdownDeadline, _now + Supervisor.HastenedLimit);
        _shutdownAsked = true;
        if (fast)
        {
            _orderOff = true;
            if (_killDeadline == Instant.Never)
                _shutdownDeadline = Instant.Min(_shutdownDeadline, _now + Supervisor.HastenedLimit);
        }
    }

    private void BeginShutdown()
    {
        _shutdownDeadline = _now + _options.ShutdownLimit;
        foreach (Subject subject in _subjects.Values)
        {
            subject.Wanted = false;
            subject.InRolling = false;
            subject.AskedDown = subject.Main is not null || subject.AnswerPending;
        }
    }

    /// <summary>A rolling restart has come to those.</summary>
    private void NoteRolling()
    {
        foreach (Subject subject in _subjects.Values.Where(subject => subject is { InRolling: true, Wanted: false } && _core.Knows(subject.Name) && _core.StateOf(subject.Name).Wanted))
            NoteStartAsked(subject);
    }

    private void NoteAfter(SystemEvent happening)
    {
        NoteRolling();
        switch (happening)
        {
            case SystemEvent.DeadlineReached when _shutdownBegan && !_completed:
                if (_killDeadline <= _now)
                    throw Broken("the shutdown has not ended within its limit and the limit for killing");
                if (_killDeadline == Instant.Never && _shutdownDeadline <= _now)
                    _killDeadline = _now + Supervisor.KillLimit;
                break;
            case SystemEvent.Reconfigured:
                // A reload may start what it switched on; the spawn itself is checked against the user's stop.
                foreach (Subject subject in _subjects.Values.Where(subject => _core.Knows(subject.Name)))
                {
                    if (!subject.Wanted && !subject.StoppedByUser && !subject.Removed && !_shutdownBegan)
                        subject.Wanted = _core.StateOf(subject.Name).Wanted;
                }

                break;
            case SystemEvent.ScheduleDue(var name) when _subjects.TryGetValue(name, out Subject? subject):
                subject.Wanted |= _core.StateOf(name).Wanted && !subject.StoppedByUser;
                break;
            default:
                break;
        }
    }

    // --- Small things ---------------------------------------------------------------------------------------------------

    private Subject AddSubject(ProgramPolicy policy)
    {
        var subject = new Subject(policy) { Installed = !policy.Optional || _dice.Chance(0.6) };
        _subjects.Add(policy.Name, subject);
        if (_core.Knows(policy.Name))
            _core.NoteInstalled(policy.Name, subject.Installed);
        return subject;
    }

    private IEnumerable<Subject> Named(ImmutableArray<string> names) => names.Where(_subjects.ContainsKey).Select(name => _subjects[name]);

    private IEnumerable<Subject> InstancesOf(string program) => _subjects.Values.Where(subject => subject.Policy.Program == program && !subject.Removed);

    private IEnumerable<Subject> RequiredBy(Subject subject) => subject.Policy.Requires.SelectMany(needed => InstancesOf(needed.Program));

    /// <summary>Direct and indirect ones.</summary>
    private HashSet<Subject> DependantsOf(Subject subject)
    {
        var found = new HashSet<Subject>();
        var work = new Stack<Subject>([subject]);
        while (work.TryPop(out Subject? next))
        {
            foreach (Subject other in _subjects.Values)
            {
                bool depends = other.Policy.Requires.Any(needed => needed.Program == next.Policy.Program) || other.Policy.After.Contains(next.Policy.Program);
                if (depends && !other.Removed && other != subject && found.Add(other))
                    work.Push(other);
            }
        }

        return found;
    }

    private void At(TimeSpan delay, Action action) => _agenda.Enqueue(action, ((_now + delay).Nanoseconds, _order++));

    private BrokenInvariantException Broken(string message) => new(message);

    private void See(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;

    private static string Time(Instant at) => FormattableString.Invariant($"{at.Nanoseconds / 1e9:F6}");

    private void Trace(string line)
    {
        foreach (char c in line)
            _hash = (_hash ^ c) * 1099511628211;
        _hash = (_hash ^ (ulong)_now.Nanoseconds) * 1099511628211;
        _trace?.Invoke($"{_step,5} {Time(_now)} {line}");
    }

    private readonly record struct Queued(SystemEvent? Event, Action? OnDelivery);

    /// <summary>A reload is made when its turn comes, for it changes the configuration that is in force then.</summary>
    private sealed record Reload;
}

internal sealed class BrokenInvariantException(string message) : Exception(message);
