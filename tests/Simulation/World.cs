using System.Collections.Immutable;
using System.Globalization;
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
public sealed class World
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
        var phase => ProgramMachine.IsDown(phase),
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

    // --- People ---------------------------------------------------------------------------------------------------------

    private void Command()
    {
        switch (_dice.Below(100))
        {
            case < 22:
                Enqueue(new SystemEvent.StartAsked(SomeNames()));
                break;
            case < 44:
                Enqueue(new SystemEvent.StopAsked(SomeNames()));
                break;
            case < 60:
                Enqueue(new SystemEvent.RestartAsked(SomeNames(), Rolling: false));
                break;
            case < 67:
                Enqueue(new SystemEvent.RestartAsked(SomeNames(), Rolling: true));
                break;
            case < 75:
                foreach (Subject scheduled in _subjects.Values.Where(subject => subject.Policy.Scheduled).ToArray())
                    Enqueue(new SystemEvent.ScheduleDue(scheduled.Name));
                break;
            case < 90:
                Enqueue(new Reload());
                break;
            case < 96 when _subjects.Count > 0:
                Subject subject = _dice.PickFrom([.. _subjects.Values]);
                subject.Installed = !subject.Policy.Optional || _dice.Chance(0.6);
                if (_core.Knows(subject.Name))
                    _core.NoteInstalled(subject.Name, subject.Installed);
                break;
            case < 98 when _step > _steps / 3 || _shutdownBegan:
                Enqueue(new SystemEvent.ShutdownAsked());
                break;
            case 98 when _step > _steps / 2 || _shutdownBegan:
                Enqueue(new SystemEvent.FastShutdownAsked());
                break;
            default:
                break;
        }
    }

    private ImmutableArray<string> SomeNames()
    {
        string[] names = [.. _subjects.Keys];
        if (names.Length == 0)
            return [];
        if (_dice.Chance(0.1))
            return [.. names];

        var some = new List<string>();
        int count = _dice.Between(1, Math.Min(4, names.Length));
        for (int i = 0; i < count; i++)
            some.Add(_dice.PickFrom(names));
        if (_dice.Chance(0.03))
            some.Add("nobody");
        return [.. some.Distinct()];
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
            case SystemEvent.RestartAsked(var names, Rolling: false) when !over:
                foreach (Subject subject in Named(names))
                {
                    NoteStartAsked(subject);
                    subject.AskedDown = subject.Main is not null || subject.AnswerPending;
                }

                break;
            case SystemEvent.RestartAsked(var names, Rolling: true) when !over:
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
                    subject.MustGo = null; // A stop that is called off later calls off this restart with it.
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

    private void NoteAfter(SystemEvent happening)
    {
        // A rolling restart has come to it.
        foreach (Subject subject in _subjects.Values.Where(subject => subject is { InRolling: true, Wanted: false } && _core.StateOf(subject.Name).Wanted))
            NoteStartAsked(subject);

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

    // --- Carrying out ---------------------------------------------------------------------------------------------------

    private void CarryOut(SystemEffect effect)
    {
        switch (effect)
        {
            case SystemEffect.OfProgram(var name, var programEffect):
                if (!_subjects.TryGetValue(name, out Subject? subject))
                    throw Broken($"an effect for {name}, which is forgotten: {programEffect}");
                CarryOut(subject, programEffect);
                break;
            case SystemEffect.Forgotten(var name):
                Forget(name);
                break;
            case SystemEffect.RollingRestartEnded:
                See("rolling restart ended");
                foreach (Subject waiting in _subjects.Values)
                    waiting.InRolling = false;
                break;
            case SystemEffect.ShutdownBegan:
                if (_shutdownBegan)
                    throw Broken("a second ShutdownBegan");
                _shutdownBegan = true;
                _exitCodes = AllowedExitCodes(_shutdownAsked ? null : _lastChanged);
                if (!_shutdownAsked)
                {
                    BeginShutdown();
                    See("shutdown by itself");
                }

                break;
            case SystemEffect.ShutdownCompleted completed:
                CompleteShutdown(completed);
                break;
            default:
                See("run skipped");
                break;
        }
    }

    /// <summary>Of the program that brought the end about; else of a critical one that has failed for good; else success.</summary>
    private int[] AllowedExitCodes(Subject? culprit)
    {
        if (culprit is not null)
            return [culprit.Phase == ProgramPhase.Fatal ? Math.Max(1, culprit.EndCode) : culprit.EndCode];

        int[] failed = [.. _subjects.Values.Where(subject => subject.Policy.Critical && subject.FailedForGood).Select(subject => Math.Max(1, subject.EndCode))];
        return failed.Length == 0 ? [0] : failed;
    }

    private void Forget(string name)
    {
        Subject subject = _subjects[name];
        See("forgotten");
        if (!subject.Removed)
            throw Broken($"{name} is forgotten and still configured");
        if (subject.Main is not null || subject.AnswerPending || subject.Hook is not null || subject.ReadyProbe is not null || subject.HealthProbe is not null)
            throw Broken($"{name} is forgotten with something of it still there");
        _subjects.Remove(name);
    }

    private void CompleteShutdown(SystemEffect.ShutdownCompleted completed)
    {
        if (_completed)
            throw Broken("a second ShutdownCompleted");
        if (!_shutdownBegan)
            throw Broken("ShutdownCompleted before ShutdownBegan");
        _completed = true;
        if (!_exitCodes.Contains(completed.ExitCode))
            throw Broken($"the container ends with {completed.ExitCode}, and should with {string.Join(" or ", _exitCodes)}");
        See(completed.Left.IsEmpty ? "shutdown clean" : "shutdown with something left");
        foreach (Subject subject in _subjects.Values)
        {
            bool alive = subject.Main is { Alive: true };
            bool stubborn = subject.Main is { Unkillable: true } || subject.Policy.Stop.FinalSignal != 9 || _now >= _killDeadline;
            if (alive && !stubborn)
                throw Broken($"the shutdown is complete and {subject.Name}, which obeys KILL, is alive");
            if (alive && !completed.Left.Contains(subject.Name))
                throw Broken($"{subject.Name} is alive and not among those left");
            if (!alive && completed.Left.Contains(subject.Name) && subject is { Main: null, Leftovers.Count: 0, AnswerPending: false, SweptPending: false, Reaped: null })
                throw Broken($"{subject.Name} is said to be left, and nothing of it is");
            if (!alive && subject.Hook is not null)
                throw Broken($"the shutdown is complete and a hook of {subject.Name} runs on");
        }
    }

    private void CarryOut(Subject subject, ProgramEffect effect)
    {
        See(effect is ProgramEffect.Announce announce ? announce.Notice.GetType().Name : effect.GetType().Name);
        switch (effect)
        {
            case ProgramEffect.Spawn:
                Spawn(subject);
                break;
            case ProgramEffect.RunHook(var kind):
                RunHook(subject, kind);
                break;
            case ProgramEffect.CancelHook:
                if (subject.Hook is null)
                    throw Broken($"{subject.Name}: a hook is cancelled and none runs");
                subject.Hook = null;
                break;
            case ProgramEffect.StartProbe(var role):
                StartProbe(subject, role);
                break;
            case ProgramEffect.CancelProbe(var role):
                if (Probe(subject, role) is null)
                    throw Broken($"{subject.Name}: a {role} probe is cancelled and none is under way");
                SetProbe(subject, role, null);
                break;
            case ProgramEffect.Signal(var number, var toGroup):
                Signal(subject, number, toGroup);
                break;
            case ProgramEffect.Sweep(var number):
                Sweep(subject, number);
                break;
            case ProgramEffect.KillLeftovers:
                if (subject.Main is not null)
                    throw Broken($"{subject.Name}: its leftovers are killed while its main process is there");
                foreach (Leftover leftover in subject.Leftovers.Where(leftover => leftover.InGroup).ToArray())
                    RemoveLater(subject, leftover, _dice.UpTo(TimeSpan.FromMilliseconds(5)));
                break;
            case ProgramEffect.Announce(var notice):
                Note(subject, notice);
                break;
        }
    }

    private void Spawn(Subject subject)
    {
        if (subject.Main is not null || subject.Reaped is not null)
            throw Broken($"{subject.Name} is spawned while pid {(subject.Main ?? subject.Reaped)?.Pid} is there: two processes for one program");
        if (subject.AnswerPending)
            throw Broken($"{subject.Name} is spawned twice at once");
        if (subject.StoppedByUser)
            throw Broken($"{subject.Name} was stopped by the user and is spawned");
        if (_shutdownBegan)
            throw Broken($"{subject.Name} is spawned during shutdown");
        if (subject.Removed)
            throw Broken($"{subject.Name} is no longer configured and is spawned");
        if (subject.Hook is not null)
            throw Broken($"{subject.Name} is spawned while its {subject.Hook.Kind} hook runs");

        subject.AnswerPending = true;
        subject.ToldReady = false;
        subject.PolledReady = false;
        subject.EndedInSuccess = false;
        subject.ReadinessChanged = false;
        subject.SetUpFailed = false;
        double failure = _quiet ? 1 : _dice.Fraction();
        if (!subject.Installed || failure < 0.04)
        {
            See("spawn failed: not found");
            Enqueue(subject, new ProgramEvent.SpawnFailed("cannot execute: No such file or directory (errno 2)", NotInstalled: true, 127), () => NoteNoProcess(subject, 127));
            return;
        }

        if (failure < 0.12)
        {
            See("spawn failed: EAGAIN");
            Enqueue(subject, new ProgramEvent.SpawnFailed("cannot spawn: Resource temporarily unavailable (errno 11)", NotInstalled: false, 126), () => NoteNoProcess(subject, 126));
            return;
        }

        // Few pids, so that they come back soon, also to other programs.
        int pid;
        do
            pid = _dice.Between(2, 40);
        while (_pidsInUse.Contains(pid));

        _pidsInUse.Add(pid);
        var process = new FakeProcess(pid, _now)
        {
            IgnoresTerm = _dice.Chance(0.15),
            Unkillable = !_quiet && _dice.Chance(0.02),
        };
        subject.Main = process;
        Enqueue(subject, new ProgramEvent.Spawned(pid), () =>
        {
            subject.AnswerPending = false;
            subject.GraceAtSpawn = subject.Policy.StartGrace;
        });
        if (failure < 0.15)
        {
            See("set-up failed after spawn");
            At(_dice.UpTo(TimeSpan.FromMilliseconds(3)), () => FailSetUp(subject, process));
            return;
        }

        ScheduleLife(subject, process);
    }

    private static void NoteNoProcess(Subject subject, int code)
    {
        subject.SpawnFailureCode = code;
        subject.AnswerPending = false;
        subject.AskedDown = false;
    }

    /// <summary>The helper between spawn and exec ended: the core hears SpawnFailed, after Spawned, and no exit.</summary>
    private void FailSetUp(Subject subject, FakeProcess process)
    {
        if (subject.Main != process || !process.Alive)
            return;

        process.Alive = false;
        Reap(subject, process);
        Enqueue(subject, new ProgramEvent.SpawnFailed("cannot set up: Operation not permitted (errno 1)", NotInstalled: _dice.Chance(0.2), 126), () =>
        {
            subject.Reaped = null;
            subject.SpawnFailureCode = 126;
            subject.SetUpFailed = true;
        });
    }

    private void ScheduleLife(Subject subject, FakeProcess process)
    {
        ReadinessPolicy? readiness = subject.Policy.Readiness;
        if (readiness?.Source == ReadinessSource.Told && (_quiet || _dice.Chance(0.8)))
            At(_quiet ? TimeSpan.FromMilliseconds(20) : _dice.Milliseconds(1, 100, 3_000), () => Tell(subject, process, new ProgramEvent.ReadyTold()));
        else if (!_quiet && _dice.Chance(0.05))
            At(_dice.Milliseconds(1, 1_000), () => Tell(subject, process, new ProgramEvent.ReadyTold())); // Nobody asked.
        if (subject.Policy.Watchdog is { } period && (_quiet || _dice.Chance(0.7)))
            FeedWatchdog(subject, process, period);

        bool once = subject.Policy.Restart != RestartMode.Always || readiness?.Source == ReadinessSource.Exit || subject.Policy.Scheduled;
        if (_quiet)
        {
            if (once)
                At(_dice.Milliseconds(10, 2_000), () => Die(subject, process, ExitStatus.Exited(0)));
            return;
        }

        if (!_dice.Chance(once ? 0.9 : 0.6))
            return; // Lives until it is ended.

        TimeSpan life = _dice.Pick(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(90), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(70));
        At(_dice.UpTo(life), () =>
        {
            // The quiet world has begun meanwhile, and decides otherwise.
            if (!_quiet)
                Die(subject, process, SomeStatus(once));
        });
    }

    private ExitStatus SomeStatus(bool once) => _dice.Chance(once ? 0.6 : 0.2)
        ? ExitStatus.Exited(0)
        : _dice.Chance(0.5) ? ExitStatus.Exited(_dice.Pick(1, 3, 255)) : ExitStatus.Signalled(_dice.Pick(9, 11));

    private void FeedWatchdog(Subject subject, FakeProcess process, TimeSpan period)
    {
        At(period * 0.4, () =>
        {
            if (!process.Alive || subject.Main != process)
                return;

            Enqueue(subject, new ProgramEvent.WatchdogFed());
            if (_quiet || _dice.Chance(0.97))
                FeedWatchdog(subject, process, subject.Policy.Watchdog ?? period);
        });
    }

    private void Tell(Subject subject, FakeProcess process, ProgramEvent what)
    {
        if (process.Alive && subject.Main == process)
            Enqueue(subject, what, () => subject.ToldReady |= what is ProgramEvent.ReadyTold && _core.StateOf(subject.Name).Pid == process.Pid);
    }

    private void Die(Subject subject, FakeProcess process, ExitStatus status)
    {
        if (!process.Alive)
            return;

        process.Alive = false;
        int left = _dice.Chance(0.25) ? _dice.Between(1, 2) : 0;
        for (int i = 0; i < left; i++)
            subject.Leftovers.Add(new Leftover { InGroup = _dice.Chance(0.6), IgnoresTerm = _dice.Chance(0.3) });

        // A zombie until the loop comes round to reaping.
        At(_dice.Chance(0.7) ? TimeSpan.Zero : _dice.UpTo(TimeSpan.FromMilliseconds(20)), () =>
        {
            Reap(subject, process);
            Enqueue(subject, new ProgramEvent.Exited(status), () => NoteExitDelivered(subject, process, status));
        });
    }

    private void Reap(Subject subject, FakeProcess process)
    {
        if (subject.Main != process)
            throw Broken($"pid {process.Pid} of {subject.Name} is reaped twice");
        subject.Main = null;
        subject.Reaped = process;
        subject.AskedDown = false;
        _pidsInUse.Remove(process.Pid);
    }

    private void NoteExitDelivered(Subject subject, FakeProcess process, ExitStatus status)
    {
        if (_core.StateOf(subject.Name).Pid != process.Pid)
            throw Broken($"pid {process.Pid} of {subject.Name} ended, and the core believes in pid {_core.StateOf(subject.Name).Pid?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
        subject.Reaped = null;
        subject.LastExit = status;
        if (IsUp(subject.Phase))
            NoteGoneDown(subject);
        subject.EndedWell = !status.WasSignalled && subject.Policy.SuccessExitCodes.Contains(status.Code);
        subject.EndedInSuccess = subject.EndedWell && subject.Phase != ProgramPhase.Stopping; // Told to end: no success of its own.
    }

    private static bool IsUp(ProgramPhase phase) => phase is ProgramPhase.Starting or ProgramPhase.Running;

    /// <summary>Those that are to be restarted with it must be gone in the end.</summary>
    private void NoteGoneDown(Subject subject)
    {
        foreach (Subject dependant in _subjects.Values)
        {
            bool goesAlong = dependant.Policy.Requires.Any(needed => needed.Restart && needed.Program == subject.Policy.Program);
            if (goesAlong && !dependant.Removed && IsUp(dependant.Phase))
                dependant.MustGo = dependant.Main ?? dependant.MustGo;
        }
    }

    private void RunHook(Subject subject, HookKind kind)
    {
        if (subject.Hook is not null)
            throw Broken($"{subject.Name}: the {kind} hook is run while the {subject.Hook.Kind} hook still runs");
        if (kind == HookKind.BeforeStart && (subject.Main is not null || _shutdownBegan || subject.StoppedByUser))
            throw Broken($"{subject.Name}: its before_start hook is run while it lives, is shut down or is stopped by the user");

        TimeSpan limit = kind == HookKind.Stop ? subject.Policy.Stop.Grace : subject.Policy.Hooks.Timeout;
        var hook = new FakeHook(kind, _now + limit);
        subject.Hook = hook;
        if (!_quiet && _dice.Chance(0.1))
            return; // Hangs.

        TimeSpan took = _quiet ? limit * 0.5 : _dice.UpTo(limit * 1.1);
        At(took, () => EndHook(subject, hook));
    }

    private void EndHook(Subject subject, FakeHook hook)
    {
        if (subject.Hook != hook || hook.Ended)
            return;

        hook.Ended = true;
        bool success = _quiet || _dice.Chance(0.8);
        Enqueue(subject, new ProgramEvent.HookEnded(hook.Kind, success, success ? null : "exit code 1"), () =>
        {
            // Cancelled while its end was in the queue, as one pass of the loop can bring both. The core must not take it for another.
            if (subject.Hook == hook)
                subject.Hook = null;
            else
            {
                See("late hook end");
                if (subject.Hook?.Kind == hook.Kind)
                    throw Broken($"{subject.Name}: the end of a cancelled {hook.Kind} hook meets another one of its kind");
            }
        });
    }

    private static FakeProbe? Probe(Subject subject, ProbeRole role) => role == ProbeRole.Readiness ? subject.ReadyProbe : subject.HealthProbe;

    private static void SetProbe(Subject subject, ProbeRole role, FakeProbe? probe)
    {
        if (role == ProbeRole.Readiness)
            subject.ReadyProbe = probe;
        else
            subject.HealthProbe = probe;
    }

    private void StartProbe(Subject subject, ProbeRole role)
    {
        if (Probe(subject, role) is not null)
            throw Broken($"{subject.Name}: a second {role} probe is started");
        if (subject.Main is null && subject.Reaped is null)
            throw Broken($"{subject.Name}: a {role} probe is started and no process is there");

        var probe = new FakeProbe();
        SetProbe(subject, role, probe);
        TimeSpan limit = (role == ProbeRole.Readiness ? subject.Policy.Readiness?.ProbeTimeout : subject.Policy.Health?.Timeout) ?? TimeSpan.FromSeconds(1);
        bool success = _quiet || _dice.Chance(0.7);
        At(_dice.UpTo(_quiet ? limit * 0.1 : limit), () =>
        {
            if (Probe(subject, role) != probe || probe.Ended)
                return;

            probe.Ended = true;
            Enqueue(subject, new ProgramEvent.ProbeEnded(role, success, success ? null : "refused"), () =>
            {
                if (Probe(subject, role) != probe)
                {
                    See("late probe result");
                    if (!_core.StateOf(subject.Name).ReadyProbe.UnderWay || role != ProbeRole.Readiness)
                        return;
                }
                else
                    SetProbe(subject, role, null);
                subject.PolledReady |= role == ProbeRole.Readiness && success;
            });
        });
    }

    private void Signal(Subject subject, int number, bool toGroup)
    {
        if (subject.Main is null && subject.Reaped is null)
            throw Broken($"{subject.Name}: signal {number} is sent and no process is there");
        bool hurried = _killDeadline <= _now || _shutdownDeadline <= _now;
        if (number != subject.Policy.Stop.Signal && subject.Policy.Stop == subject.StopAsBegan && !hurried && _now < subject.PhaseSince + subject.Policy.Stop.Grace)
            throw Broken($"{subject.Name} is killed {Durations.Text(_now - subject.PhaseSince)} after its stop began; its grace is {Durations.Text(subject.Policy.Stop.Grace)}");
        if (toGroup)
            SignalLeftovers(subject, number, groupOnly: true);
        if (subject.Main is not { Alive: true } process)
            return; // Ended meanwhile: its exit is on the way.

        if (number == 9)
        {
            process.EverKilled = true;
            if (process.Unkillable && !_dice.Chance(0.1))
                return;
        }

        if (process.Dying || (number != 9 && process.IgnoresTerm))
            return;

        // Gentle signals are obeyed sooner or later, or never.
        process.Dying = number == 9;
        if (number != 9 && !_quiet && _dice.Chance(0.1))
            return;
        TimeSpan delay = number == 9 ? _dice.UpTo(TimeSpan.FromMilliseconds(5)) : _dice.UpTo(subject.Policy.Stop.Grace * 1.3);
        ExitStatus status = number == 9 ? ExitStatus.Signalled(9) : _dice.Chance(0.5) ? ExitStatus.Exited(0) : ExitStatus.Signalled(number);
        At(delay, () => Die(subject, process, status));
    }

    private void SignalLeftovers(Subject subject, int number, bool groupOnly)
    {
        foreach (Leftover leftover in subject.Leftovers.ToArray())
        {
            if (groupOnly && !leftover.InGroup)
                continue;
            if (number == 9)
                RemoveLater(subject, leftover, _dice.UpTo(TimeSpan.FromMilliseconds(5)));
            else if (!leftover.IgnoresTerm)
                RemoveLater(subject, leftover, _dice.UpTo(subject.Policy.Stop.Grace));
        }
    }

    private void RemoveLater(Subject subject, Leftover leftover, TimeSpan delay) => At(delay, () =>
    {
        if (subject.Leftovers.Remove(leftover))
            AnswerSweep(subject);
    });

    private void Sweep(Subject subject, int number)
    {
        if (subject.Main is not null || subject.Reaped is not null || subject.AnswerPending)
            throw Broken($"{subject.Name} is swept while its main process is there");
        subject.SweepAsked = true;
        SignalLeftovers(subject, number, groupOnly: false);
        AnswerSweep(subject);
    }

    private void AnswerSweep(Subject subject)
    {
        if (!subject.SweepAsked || subject.SweptPending || subject.Leftovers.Count > 0)
            return;

        subject.SweptPending = true;
        Enqueue(subject, new ProgramEvent.Swept(), () =>
        {
            subject.SweepAsked = false;
            subject.SweptPending = false;
        });
        if (!_quiet && _dice.Chance(0.02))
            Enqueue(subject, new ProgramEvent.Swept()); // Said twice.
    }

    // --- What is announced must be true ---------------------------------------------------------------------------------

    private void Note(Subject subject, ProgramNotice notice)
    {
        switch (notice)
        {
            case ProgramNotice.PhaseChanged(var from, var to, _):
                if (from != subject.Phase)
                    throw Broken($"{subject.Name} is said to leave {from}, and was {subject.Phase}");
                NotePhase(subject, from, to);
                break;
            case ProgramNotice.ReadyChanged(var ready):
                if (ready == subject.Ready)
                    throw Broken($"{subject.Name}: readiness is announced and has not changed");
                subject.Ready = ready;
                if (ready)
                    CheckReadiness(subject);
                break;
            default:
                break;
        }
    }

    private void CheckReadiness(Subject subject)
    {
        if (subject.ReadinessChanged)
            return;

        Instant? born = (subject.Main ?? subject.Reaped)?.Born;
        bool justified = subject.Policy.Readiness switch
        {
            null => subject.Phase == ProgramPhase.Running,
            { Source: ReadinessSource.Polled } => subject.PolledReady,
            { Source: ReadinessSource.Told } => subject.ToldReady,
            { Source: ReadinessSource.Exit } => subject.EndedInSuccess,
            var delay => born is { } at && _now >= at + delay.Interval,
        };
        if (!justified)
            throw Broken($"{subject.Name} is said to be ready without cause ({subject.Policy.Readiness})");
    }

    private void NotePhase(Subject subject, ProgramPhase from, ProgramPhase to)
    {
        subject.Phase = to;
        _lastChanged = subject;
        if (IsUp(from) && !IsUp(to))
            NoteGoneDown(subject);
        subject.PhaseSince = _now;
        if (subject.InRolling && (ProgramMachine.IsDown(from) || from == ProgramPhase.Stopping) && to is ProgramPhase.Starting or ProgramPhase.Waiting)
            NoteStartAsked(subject);
        switch (to)
        {
            case ProgramPhase.Starting:
                subject.SpawnFailureCode = null;
                subject.FailedForGood = false;
                if (from == ProgramPhase.Backoff)
                {
                    if (WasAskedFor(subject))
                        subject.Failures = 0;
                    break;
                }

                CheckGate(subject);
                subject.RunningSince = null;
                if (from != ProgramPhase.Waiting || !subject.KeepsCount)
                    subject.Failures = 0;
                break;
            case ProgramPhase.Waiting:
                // Out of BACKOFF because what it requires is being restarted: its failures count on.
                subject.KeepsCount = from == ProgramPhase.Backoff && !WasAskedFor(subject);
                subject.FailedForGood = false;
                break;
            case ProgramPhase.Running:
                subject.RunningSince = _now;
                if (subject.Main is null && subject.Reaped is null)
                    throw Broken($"{subject.Name} is RUNNING without a process");
                if ((subject.Main ?? subject.Reaped) is { } process && _now < process.Born + subject.GraceAtSpawn)
                    throw Broken($"{subject.Name} is RUNNING {Durations.Text(_now - process.Born)} after its spawn; its grace is {Durations.Text(subject.GraceAtSpawn)}");
                break;
            case ProgramPhase.Backoff or ProgramPhase.Fatal:
                subject.FailedForGood = to == ProgramPhase.Fatal;
                NoteFailure(subject, to);
                break;
            case ProgramPhase.Stopping:
                subject.StopAsBegan = subject.Policy.Stop;
                if (subject.InRolling && _core.StateOf(subject.Name).StopReason == StopReason.Restart)
                    NoteStartAsked(subject);
                CheckStopOrder(subject);
                break;
            default:
                subject.FailedForGood = to == ProgramPhase.Fatal || (to == ProgramPhase.Exited && !subject.EndedWell);
                subject.RunningSince = null;
                subject.KeepsCount = false;
                break;
        }
    }

    /// <summary>It leaves BACKOFF before its time, because somebody asked: then the core counts anew.</summary>
    private bool WasAskedFor(Subject subject) => !_failedNow.Contains(subject.Name) && _core.StateOf(subject.Name).Attempt == 0;

    private void NoteFailure(Subject subject, ProgramPhase to)
    {
        BackoffPolicy backoff = subject.Policy.Backoff;
        bool hadBeenRunning = subject.RunningSince is not null;
        if (subject.RunningSince is { } since && _now - since >= backoff.ResetAfter)
            subject.Failures = 0;
        subject.Failures++;
        subject.RunningSince = null;
        if (to == ProgramPhase.Fatal)
        {
            bool once = subject.Policy.Restart == RestartMode.Never;
            if (!once && backoff.Attempts == 0)
                throw Broken($"{subject.Name} is FATAL, and may try for ever");
            if (!once && subject.Failures < backoff.Attempts + 1)
                throw Broken($"{subject.Name} is FATAL after {subject.Failures} failures in a row; it has {backoff.Attempts} restarts");
            return;
        }

        if (backoff.Attempts > 0 && subject.Failures > backoff.Attempts)
            throw Broken($"{subject.Name} tries again after {subject.Failures} failures in a row; it has {backoff.Attempts} restarts");

        subject.RestartIsFree = subject.Failures == 1 && hadBeenRunning && !subject.SetUpFailed;
        _failedNow.Add(subject.Name);
    }

    private void CheckGate(Subject subject)
    {
        foreach (Subject needed in RequiredBy(subject))
        {
            if (!needed.Ready || needed.Phase == ProgramPhase.Stopping)
                throw Broken($"{subject.Name} is started and {needed.Name}, which it requires, is {needed.Phase}{(needed.Ready ? "" : " and not ready")}");
        }
    }

    private void CheckStopOrder(Subject subject)
    {
        StopReason reason = _core.StateOf(subject.Name).StopReason;
        if (_orderOff || _shutdownDeadline <= _now || reason is not (StopReason.User or StopReason.Shutdown or StopReason.Restart or StopReason.Removed))
            return;
        if (subject.Main is null && subject.Reaped is null)
            return;

        foreach (Subject dependant in DependantsOf(subject))
        {
            if (dependant.AskedDown && dependant.Main is { Alive: true })
                throw Broken($"{subject.Name} is stopped ({reason}) while {dependant.Name}, which depends on it and is to go down too, is alive");
        }
    }

    // --- Checks after each step -----------------------------------------------------------------------------------------

    private void CheckAll(SystemEvent happening)
    {
        foreach (Subject subject in _subjects.Values)
        {
            if (_core.Knows(subject.Name))
                Check(subject);
        }

        if (happening is SystemEvent.DeadlineReached && !_completed && _core.NextDeadline is { } due && due < _now)
            throw Broken($"DeadlineReached was handled at {Time(_now)} and the next deadline is in the past: {Time(due)}");
    }

    private void Check(Subject subject)
    {
        string name = subject.Name;
        ProgramState state = _core.StateOf(name);
        if (state.Phase != subject.Phase)
            throw Broken($"{name} is {state.Phase} and was announced as {subject.Phase}");
        if (state.Ready != subject.Ready)
            throw Broken($"{name}: ready is {state.Ready} and was announced as {subject.Ready}");

        FakeProcess? process = subject.Main ?? subject.Reaped;
        if (!subject.AnswerPending && state.Pid != process?.Pid)
            throw Broken($"{name}: the core believes in pid {state.Pid}, and it is {process?.Pid}");
        if (subject.Main is null && subject.Reaped is null)
            subject.AskedDown &= subject.AnswerPending;

        if (state.Hook != subject.Hook?.Kind && subject.Hook is not { Ended: true })
            throw Broken($"{name}: the core believes in hook {state.Hook}, and it is {subject.Hook?.Kind}");

        bool hasAnswerComing = subject.AnswerPending;
        switch (subject.Phase)
        {
            case ProgramPhase.Backoff:
                if (state.Deadline is not { } due)
                    throw Broken($"{name} is in BACKOFF without a deadline");
                CheckDelay(subject, state, due);
                CheckNothingRuns(subject);
                break;
            case ProgramPhase.Starting when !hasAnswerComing && state.Deadline is null:
                // Grace over: readiness decides, with its own deadline or for as long as it takes.
                if (!state.GraceOver || state.Ready || subject.Policy.Readiness is not { } readiness)
                    throw Broken($"{name} is STARTING and nothing will ever happen to it: {state}");
                bool probing = state.ReadyProbe.UnderWay || state.ReadyProbe.DueAt is not null;
                if (readiness.Source is ReadinessSource.Polled or ReadinessSource.Delay && !probing)
                    throw Broken($"{name} is STARTING and its readiness is not looked for: {state}");
                break;
            case ProgramPhase.Stopping when !hasAnswerComing && state.Deadline is null:
                throw Broken($"{name} is STOPPING without a deadline: {state}");
            case ProgramPhase.Waiting:
                CheckNothingRuns(subject);
                if (_core.BlockersOf(name).Count == 0)
                    throw Broken($"{name} is WAITING for nobody");
                break;
            case ProgramPhase.Stopped or ProgramPhase.Exited or ProgramPhase.Fatal or ProgramPhase.Absent:
                CheckNothingRuns(subject);
                if (subject.Phase == ProgramPhase.Stopped && subject.SweepAsked)
                    throw Broken($"{name} is STOPPED before what it left behind is gone");
                if (ProgramMachine.NextDeadline(state) is not null)
                    throw Broken($"{name} is {subject.Phase} and has a deadline: {state}");
                break;
            default:
                break;
        }

        if (subject.Hook is { Ended: false } hook && _now > hook.Limit && state.Deadline is { } deadline && deadline > _now && hook.Kind is not HookKind.AfterStart)
            throw Broken($"{name}: the {hook.Kind} hook runs beyond its limit");
    }

    private void CheckDelay(Subject subject, ProgramState state, Instant due)
    {
        if (!_failedNow.Contains(subject.Name))
            return;

        // The first restart of a program that had been RUNNING comes at once, or when the least time between two tries is over.
        Instant latest = subject.RestartIsFree ? _now : _now + subject.Policy.Backoff.Max;
        if (state.TriedAt is { } tried && tried + ProgramMachine.TryInterval > latest)
            latest = tried + ProgramMachine.TryInterval;
        if (due < _now || due > latest)
            throw Broken($"{subject.Name} waits {Durations.Text(due - _now)} in BACKOFF; at most {Durations.Text(subject.Policy.Backoff.Max)} is allowed");
    }

    private void CheckNothingRuns(Subject subject)
    {
        if (subject.Main is not null || subject.AnswerPending)
            throw Broken($"{subject.Name} is {subject.Phase} and a process of it is there");
        if (subject.Hook is not null)
            throw Broken($"{subject.Name} is {subject.Phase} and its {subject.Hook.Kind} hook runs");
        if (subject.ReadyProbe is { Ended: false } || subject.HealthProbe is { Ended: false })
            throw Broken($"{subject.Name} is {subject.Phase} and is probed");
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

    private static string NameOf(SystemEvent happening) => happening is SystemEvent.OfProgram(_, var inner) ? inner.GetType().Name : happening.GetType().Name;

    /// <summary>Short, and free of anything that differs from run to run.</summary>
    private static string Describe(SystemEvent happening) => happening switch
    {
        SystemEvent.OfProgram(var name, var inner) => inner switch
        {
            ProgramEvent.Spawned(var pid) => $"> {name} spawned as {pid}",
            ProgramEvent.SpawnFailed failed => $"> {name} could not be spawned: {failed.Why}",
            ProgramEvent.Exited(var status) => $"> {name} ended: {status}",
            ProgramEvent.HookEnded hook => $"> {name} hook {hook.Hook} ended {(hook.Success ? "well" : "badly")}",
            ProgramEvent.ProbeEnded probe => $"> {name} {probe.Role} probe {(probe.Success ? "well" : "badly")}",
            _ => $"> {name} {inner.GetType().Name}",
        },
        SystemEvent.StartAsked(var names) => $"> start {string.Join(' ', names)}",
        SystemEvent.StopAsked(var names) => $"> stop {string.Join(' ', names)}",
        SystemEvent.RestartAsked(var names, var rolling) => $"> restart{(rolling ? " one after another" : "")} {string.Join(' ', names)}",
        SystemEvent.ScheduleDue(var name) => $"> schedule due {name}",
        SystemEvent.Reconfigured change => $"> reload, restarting {string.Join(' ', change.Restart)}\n        {string.Join("\n        ", change.Policies.Select(Describe))}",
        _ => $"> {happening.GetType().Name}",
    };

    private static string Describe(SystemEffect effect) => effect switch
    {
        SystemEffect.OfProgram(var name, var inner) => inner switch
        {
            ProgramEffect.RunHook(var kind) => $"{name} run hook {kind}",
            ProgramEffect.Signal(var number, var group) => $"{name} signal {number}{(group ? " to the group" : "")}",
            ProgramEffect.Sweep(var number) => $"{name} sweep with {number}",
            ProgramEffect.StartProbe(var role) => $"{name} start {role} probe",
            ProgramEffect.CancelProbe(var role) => $"{name} cancel {role} probe",
            ProgramEffect.Announce(ProgramNotice.PhaseChanged(var from, var to, var detail)) => $"{name} {from} -> {to} {detail}",
            ProgramEffect.Announce(ProgramNotice.ReadyChanged(var ready)) => $"{name} {(ready ? "ready" : "not ready")}",
            ProgramEffect.Announce(ProgramNotice.HealthChanged(var health, _)) => $"{name} {health}",
            ProgramEffect.Announce(ProgramNotice.ProcessEnded(var status, _)) => $"{name} process ended: {status}",
            ProgramEffect.Announce(ProgramNotice.HookFailed(var kind, var detail)) => $"{name} hook {kind} failed: {detail}",
            _ => $"{name} {inner.GetType().Name}",
        },
        SystemEffect.ShutdownCompleted(var code, var left) => $"shutdown completed with {code}, left: {string.Join(' ', left)}",
        SystemEffect.ShutdownBegan(var cause) => $"shutdown began: {cause}",
        SystemEffect.RollingRestartEnded(var failed, var rest) => $"rolling restart ended at {failed} before {string.Join(' ', rest)}",
        SystemEffect.Forgotten(var name) => $"forgotten {name}",
        _ => effect.GetType().Name,
    };

    private static string Describe(ProgramPolicy policy)
    {
        string requires = string.Join(',', policy.Requires.Select(needed => needed.Program + (needed.Restart ? "!" : "")));
        string readiness = policy.Readiness is { } ready ? $"{ready.Source}/{Durations.Text(ready.Interval)}/{(ready.Timeout is { } limit ? Durations.Text(limit) : "-")}" : "-";
        BackoffPolicy backoff = policy.Backoff;
        StopPolicy stop = policy.Stop;
        return FormattableString.Invariant(
            $"{policy.Name} requires=[{requires}] after=[{string.Join(',', policy.After)}] {policy.Restart}{(policy.Enabled ? "" : " disabled")}{(policy.Scheduled ? " scheduled" : "")}{(policy.Optional ? " optional" : "")}{(policy.Critical ? " critical" : "")}{(policy.OnExit == OnExit.Shutdown ? " on_exit=shutdown" : "")} grace={Durations.Text(policy.StartGrace)} ready={readiness} backoff={Durations.Text(backoff.Initial)}x{backoff.Factor}<{Durations.Text(backoff.Max)} reset={Durations.Text(backoff.ResetAfter)} attempts={backoff.Attempts} stop={stop.Signal}/{Durations.Text(stop.Grace)}/{stop.FinalSignal}{(stop.Group ? " group" : "")}{(stop.HasCommand ? " command" : "")} health={(policy.Health is { } health ? $"{Durations.Text(health.Interval)}x{health.Failures}" : "-")} watchdog={(policy.Watchdog is { } dog ? Durations.Text(dog) : "-")} hooks={(policy.Hooks.BeforeStart ? "b" : "")}{(policy.Hooks.AfterStart ? "a" : "")}{(policy.Hooks.AfterStop ? "s" : "")}/{Durations.Text(policy.Hooks.Timeout)}");
    }

    private readonly record struct Queued(SystemEvent? Event, Action? OnDelivery);

    /// <summary>A reload is made when its turn comes, for it changes the configuration that is in force then.</summary>
    private sealed record Reload;
}

internal sealed class BrokenInvariantException(string message) : Exception(message);
