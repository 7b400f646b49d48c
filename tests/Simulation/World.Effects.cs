using System.Globalization;
using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <content>How what the core decides is carried out, and what the kernel and the programs make of it.</content>
public sealed partial class World
{
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
            case SystemEffect.RollingRestartEnded { How: RollingEnd.Failed }:
                See("rolling restart ended");
                NoteRolling();
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
            subject.AskedDown = false;
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
        (subject.Ended, subject.EndedAt) = (process, _now);
        subject.EndedEarly = _now < process.Born + subject.GraceAtSpawn;
        if (IsUp(subject.Phase))
            NoteGoneDown(subject);
        subject.EndedInSuccess = subject.EndedWell() && subject.Phase != ProgramPhase.Stopping; // Told to end: no success of its own.
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
                    if (Probe(subject, role) is not null)
                        throw Broken($"{subject.Name}: the result of a cancelled {role} probe meets another one");
                    return;
                }

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
        StopPolicy stop = subject.Policy.Stop;
        bool isFinal = number != stop.Signal;
        if (stop == subject.StopAsBegan && stop.Signal != 9 && toGroup != (stop.Group || (isFinal && stop.FinalGroup)))
            throw Broken($"{subject.Name}: signal {number} is sent {(toGroup ? "" : "not ")}to the group");
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
}
