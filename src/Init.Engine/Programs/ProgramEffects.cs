using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.Core;
using Init.Engine.Journal;
using Init.Engine.Listeners;
using Init.Engine.Logging;
using Init.Engine.Notify;
using Init.Engine.Probes;
using Init.Engine.Sweeping;
using Init.Engine.Telling;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Programs;

/// <summary>Carries out what the core wants done for one program: processes, signals, hooks, probes, sweeps. Every answer goes back as an event.</summary>
public sealed class ProgramEffects(
    EventLoop loop,
    ProcessTable processes,
    Launcher launcher,
    ICommandRunner commands,
    Prober prober,
    Sweeper sweeper,
    ProgramOutputs outputs,
    ProgramStreams streams,
    EventListening listening,
    ProgramCgroups cgroups,
    string stateDirectory,
    EventJournal journal,
    INarrator narrator,
    InitLog log)
{
    private readonly ToldEvents _toldEvents = new(journal.Publish, TimeProvider.System, log.Trouble);
    private CoreDriver? _driver;

    /// <summary>The driver and this object need each other; the driver is made second.</summary>
    public void Connect(CoreDriver driver) => _driver = driver;

    private CoreDriver Driver => _driver ?? throw new InvalidOperationException("not connected yet");

    public void CarryOut(ProgramRuntime program, ProgramEffect effect)
    {
        switch (effect)
        {
            case ProgramEffect.Spawn:
                Spawn(program);
                break;
            case ProgramEffect.RunHook(var hook):
                RunHook(program, hook);
                break;
            case ProgramEffect.CancelHook:
                program.Hook?.Abandon();
                program.HookWasKilled |= program.Hook is not null;
                program.Hook = null;
                break;
            case ProgramEffect.Signal(var number, var toGroup) when number != Signals.SIGKILL && Driver.Core.IsShuttingDown:
                listening.Pools.EndAfterFarewell(program.Name, () => SendSignal(program, number, toGroup));
                break;
            case ProgramEffect.Signal(var number, var toGroup):
                narrator.Signalling(program, number, toGroup, isFinal: Driver.Core.StateOf(program.Name).Step == ProgramStep.Killed);
                SendSignal(program, number, toGroup);
                break;
            case ProgramEffect.Sweep(var number):
                sweeper.Begin(program.Name, program.Group, program.OutputPipes, number, program.HookWasKilled, () => NoteSwept(program));
                program.HookWasKilled = false;
                break;
            case ProgramEffect.KillLeftovers:
                // The main process has just been reaped. Its number can not yet be another group's: the kernel gives pids out in turn.
                if (program.Group is { } group)
                    _ = Processes.KillGroup(group, Signals.SIGKILL); // ESRCH: nothing is left, the usual case.
                program.Group = null;
                break;
            case ProgramEffect.StartProbe(var role):
                StartProbe(program, role);
                break;
            case ProgramEffect.CancelProbe(var role):
                CancelProbe(program, role);
                break;
            case ProgramEffect.Announce(var notice):
                Announce(program, notice);
                break;
        }
    }

    /// <summary>A message that a program sent over its notify socket.</summary>
    public void NoteMessage(ProgramRuntime program, NotifyMessage message)
    {
        if (message.Status is { } status)
            program.StatusText = status.Length == 0 ? null : status;
        if (message.Event is { } happening)
            _toldEvents.Tell(program, happening, message.EventText, loop.Now);
        if (message.Ready && program.Definition.Ready is Probe.Notify)
            Driver.Feed(program.Name, new ProgramEvent.ReadyTold());
        if (message.Watchdog == WatchdogSign.Alive)
            Driver.Feed(program.Name, new ProgramEvent.WatchdogFed());
        else if (message.Watchdog == WatchdogSign.Trigger)
            Driver.Feed(program.Name, new ProgramEvent.WatchdogTriggered());
    }

    /// <summary>Nothing of the program is needed any more.</summary>
    public void Forget(ProgramRuntime program)
    {
        program.Notify?.Dispose();
        outputs.Remove(program.Name);
    }

    // --- Processes ----------------------------------------------------------------------------------------------------

    private void Spawn(ProgramRuntime program)
    {
        LaunchSpec spec = program.Definition.Launch;
        program.Record.NoteStart(DateTimeOffset.UtcNow);
        var ends = new ChildStreams();
        try
        {
            WatchForReadiness(program);
            ends = streams.Open(program);
            program.NoteOutputPipes(ends.Output);
            var request = new LaunchRequest(
                launcher.CommandOf(spec), spec, VariablesOf(program), ends.Stdin, ends.Output.Stdout, ends.Output.Stderr)
            {
                CgroupEntrance = cgroups.EntranceOf(program.Name, spec.Limits),
            };
            switch (launcher.Launch(request))
            {
                case LaunchResult.Launched(var pid, var setup):
                    program.Pid = pid;
                    program.Output!.Pid = pid;
                    program.LastPid = pid;
                    program.Group = pid;
                    program.SpawnedAt = DateTimeOffset.UtcNow;
                    program.StatusText = null;
                    processes.Add(pid, status => NoteExit(program, pid, status, setup));
                    narrator.Spawned(program, pid);
                    Driver.Feed(program.Name, new ProgramEvent.Spawned(pid));
                    break;
                case LaunchResult.Failed(var failure):
                    FailSpawn(program, failure);
                    break;
            }
        }
        catch (SyscallException exception)
        {
            // No descriptors for its pipes, usually: a failed try like any other.
            FailSpawn(program, new LaunchFailure(exception.Message, NotInstalled: false, ExitCode.CannotExecute) { Errno = exception.Errno });
        }
        finally
        {
            ends.CloseOurEnds();
        }
    }

    private void NoteSwept(ProgramRuntime program)
    {
        // From now on these numbers may come to mean somebody else.
        program.Group = null;
        program.OutputPipes.Clear();
        Driver.Feed(program.Name, new ProgramEvent.Swept());
    }

    private void FailSpawn(ProgramRuntime program, LaunchFailure failure)
    {
        EndWatches(program);
        streams.Close(program);
        NoteSpawnFailure(program, failure);
    }

    private void NoteSpawnFailure(ProgramRuntime program, LaunchFailure failure)
    {
        string? text = failure.SupervisordText ?? SpawnErrorText.OfErrno(program.Definition.SupervisordProcess, failure.Errno);
        program.Record.NoteSpawnFailure(text ?? SupervisordRecord.ExitedTooQuickly);
        narrator.SpawnFailed(program, text ?? failure.Message);
        if (text is null && program.Definition.Supervisord is not null)
            outputs.Say(program.Name, $"supervisor: {failure.Message}\nsupervisor: child process was not spawned\n");
        Driver.Feed(program.Name, new ProgramEvent.SpawnFailed(failure.Message, failure.NotInstalled, failure.ExitCode));
    }

    private void NoteExit(ProgramRuntime program, int pid, ExitStatus status, ChildSetup? setup)
    {
        program.Pid = null;
        EndWatches(program);
        listening.NoteExit(program);
        streams.Close(program);
        if (setup?.Conclude() is { } failure)
        {
            // What has ended is our helper; the program itself never ran.
            NoteSpawnFailure(program, failure);
            return;
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        program.Record.NoteEnd(status, now);
        TimeSpan lived = Driver.Core.Knows(program.Name) && Driver.Core.StateOf(program.Name).SpawnedAt is { } spawned ? loop.Now - spawned : TimeSpan.Zero;
        program.ExitCounts.Add(status);
        program.Exits.Add(new PastExit(now, pid, status, lived < TimeSpan.Zero ? TimeSpan.Zero : lived));
        Driver.Feed(program.Name, new ProgramEvent.Exited(status));
    }

    private List<string> VariablesOf(ProgramRuntime program)
    {
        var variables = new List<string>();
        if (program.Notify is { } socket)
            variables.Add($"{EnvironmentNames.NotifySocket}={socket.Address}");
        if (program.Definition.Policy.Watchdog is { } watchdog)
            variables.Add($"{EnvironmentNames.WatchdogMicroseconds}={(long)watchdog.TotalMicroseconds}");
        return variables;
    }

    private static void SendSignal(ProgramRuntime program, int signal, bool toGroup)
    {
        if (program.Pid is not { } pid)
            return;

        // ESRCH from either: it has ended and its exit is on the way.
        _ = toGroup ? Processes.KillGroup(pid, signal) : Processes.Kill(pid, signal);

        // A process that has been stopped (SIGSTOP, a debugger) would hear the signal only when it is continued.
        if (signal != Signals.SIGKILL)
            _ = toGroup ? Processes.KillGroup(pid, Signals.SIGCONT) : Processes.Kill(pid, Signals.SIGCONT);
    }

    // --- Readiness by log line or message -----------------------------------------------------------------------------

    private void WatchForReadiness(ProgramRuntime program)
    {
        EndWatches(program);
        ProgramDefinition definition = program.Definition;
        if (definition.Ready is Probe.LogLine(var pattern))
            program.LogWatch = outputs.WatchForLine(program.Name, pattern, () => Driver.Feed(program.Name, new ProgramEvent.ReadyTold()));

        bool speaks = definition.Ready is Probe.Notify || definition.Policy.Watchdog is not null;
        if (speaks)
        {
            // A new one for each start: the user may be another by now, and what the process before still says must not count for this one.
            program.Notify?.Dispose();
            program.Notify = OpenNotifySocket(program);
        }
    }

    private NotifySocket? OpenNotifySocket(ProgramRuntime program)
    {
        int? uid = program.Definition.Launch.User is { } user && Users.Resolve(user, out _) is { } identity ? (int)identity.Uid : null;
        NotifySocket? socket = NotifySocket.TryOpen(
            loop, stateDirectory, program.Name, uid, (message, _, _) => NoteMessage(program, message), out string? problem);
        if (problem is not null)
            log.Trouble(problem);
        if (socket is not null)
            socket.FirstRefused = why => log.Trouble($"cannot hear a notification for program \"{program.Name}\": {why}; further ones are left out without a word");
        return socket;
    }

    private static void EndWatches(ProgramRuntime program)
    {
        program.LogWatch?.Cancel();
        program.LogWatch = null;
    }

    // --- Hooks and probes ---------------------------------------------------------------------------------------------

    private void RunHook(ProgramRuntime program, HookKind hook)
    {
        ProgramDefinition definition = program.Definition;
        var command = hook switch
        {
            HookKind.BeforeStart => definition.Hooks.BeforeStart,
            HookKind.AfterStart => definition.Hooks.AfterStart,
            HookKind.Stop => definition.Hooks.Stop,
            _ => definition.Hooks.AfterStop,
        };
        if (command.IsEmpty)
        {
            // Taken out of the configuration between the decision and now.
            Driver.Feed(program.Name, new ProgramEvent.HookEnded(hook, Success: true));
            return;
        }

        // The core keeps the time: the limit is a deadline of its state, and what is overdue comes back as CancelHook.
        var environment = program.Pid is { } pid ? definition.Launch.Environment.Add($"INIT_MAIN_PID={pid}") : definition.Launch.Environment;
        var request = new CommandRequest(command, environment, definition.Launch.Directory, Limit: null, new CommandOutput.ToProgramLog(program.Name))
        {
            As = definition.Launch,
        };
        program.Hook = commands.Run(request, outcome =>
        {
            program.Hook = null;
            Driver.Feed(program.Name, new ProgramEvent.HookEnded(hook, outcome.Success, outcome.Describe(limit: null)));
        });
    }

    private void StartProbe(ProgramRuntime program, ProbeRole role)
    {
        CancelProbe(program, role);
        ProgramDefinition definition = program.Definition;
        Probe? probe = role == ProbeRole.Readiness ? definition.Ready : definition.Health;
        TimeSpan? limit = role == ProbeRole.Readiness ? definition.Policy.Readiness?.ProbeTimeout : definition.Policy.Health?.Timeout;
        if (probe is null || limit is not { } timeout)
        {
            Driver.Feed(program.Name, new ProgramEvent.ProbeEnded(role, Success: true, "no longer configured"));
            return;
        }

        IRunningProbe running = prober.Start(probe, new ProbeSubject(program.Name, definition.Launch), timeout, result =>
        {
            SetProbe(program, role, null);
            Driver.Feed(program.Name, new ProgramEvent.ProbeEnded(role, result.Success, result.Detail));
        });
        SetProbe(program, role, running);
    }

    private static void CancelProbe(ProgramRuntime program, ProbeRole role)
    {
        (role == ProbeRole.Readiness ? program.ReadinessProbe : program.HealthProbe)?.Cancel();
        SetProbe(program, role, null);
    }

    private static void SetProbe(ProgramRuntime program, ProbeRole role, IRunningProbe? probe)
    {
        if (role == ProbeRole.Readiness)
            program.ReadinessProbe = probe;
        else
            program.HealthProbe = probe;
    }

    // --- Telling ------------------------------------------------------------------------------------------------------

    private void Announce(ProgramRuntime program, ProgramNotice notice)
    {
        if (notice is ProgramNotice.PhaseChanged(var from, var to, var detail))
        {
            program.ChangedAt = DateTimeOffset.UtcNow;
            program.Record.NotePhase(from, to, detail, code => program.Definition.Policy.SuccessExitCodes.Contains(code));
        }

        narrator.Notice(program, notice);
        journal.Add(program, notice);
        listening.Note(program, notice);
    }
}
