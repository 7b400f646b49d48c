using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Control;
using Init.Engine.Children;
using Init.Engine.Control;
using Init.Engine.ControlHandling;
using Init.Engine.Core;
using Init.Engine.Daemon;
using Init.Engine.EventHooks;
using Init.Engine.Journal;
using Init.Engine.Listeners;
using Init.Engine.Logging;
using Init.Engine.OwnRoles;
using Init.Engine.Probes;
using Init.Engine.Programs;
using Init.Engine.Reloading;
using Init.Engine.State;
using Init.Engine.Sweeping;
using Init.Engine.Telling;
using Init.Engine.Timetables;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine;

/// <summary>What an engine is started with.</summary>
/// <param name="ConfigFile">The main file, absolute.</param>
/// <param name="Load">Reads and validates the configuration.</param>
/// <param name="Version">Of this binary.</param>
public sealed record EngineOptions(string ConfigFile, Func<ConfigResult> Load, string Version)
{
    /// <summary>Options for roles that Init runs by itself, so that the file means to them what it means to <see cref="Load"/>.</summary>
    public IReadOnlyList<string> RoleOptions { get; init; } = [];
}

/// <summary>
/// PID 1: one loop that turns the world into events for the core and the core's effects into system calls. It wires the parts together, hears
/// the signals, and ends when the core says so.
/// </summary>
public sealed class Engine : IEffectSink, IDisposable
{
    /// <summary>What is left of the container's time for the last log lines, and for orphans to be reaped.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    /// <summary>Between two tries to listen on the control socket.</summary>
    private static readonly TimeSpan ControlRetry = TimeSpan.FromSeconds(1);

    /// <summary>A program that crashes every few seconds must not cost a collection each time.</summary>
    private static readonly TimeSpan TrimInterval = TimeSpan.FromMinutes(1);

    private readonly EngineOptions _options;

    /// <summary>Where it listens until it ends, whatever a later reading of the configuration says.</summary>
    private readonly string _controlSocket;
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly EventLoop _loop = new();
    private readonly SignalSource _signals = new(OwnSignals.Set);
    private readonly ProcessTable _processes = new();
    private readonly LogPump _pump;
    private readonly InitLog _log;
    private readonly ProgramTable _programs;
    private readonly ProgramEffects _effects;
    private readonly ProgramOutputs _outputs;
    private readonly EventListening _listening;
    private readonly CoreDriver _driver;
    private readonly Sweeper _sweeper;
    private readonly Scheduler _scheduler;

    /// <summary>Those whose next start is the timetable's doing.</summary>
    private readonly HashSet<string> _dueRuns = [];
    private readonly StateStore _state;
    private readonly EventJournal _journal = new(TimeProvider.System);
    private readonly EventHookRunner _eventHooks;
    private readonly Operations _operations;
    private readonly Reloader _reloader;
    private readonly string? _stateProblem;
    private readonly Func<ControlServer> _listen;
    private readonly BackupRequests _backupRequests;
    private readonly OwnSignals _ownSignals;
    private readonly INarrator _narrator;
    private readonly DaemonSetup? _daemon;
    private readonly RestingTrim _memory;
    private readonly SharedSockets _sockets = new();
    private readonly AutoLogFiles _autoLogs = new();
    private readonly Guardian? _guardian;
    private ControlServer? _control;
    private bool _saidNoControl;
    private int? _exitCode;

    public Engine(EngineOptions options, SystemConfig config)
    {
        _options = options;
        _controlSocket = config.Settings.ControlSocket;
        config = Complete(config);
        string ownExecutable = Processes.OwnExecutable() ?? "/proc/self/exe";
        string instanceId = Guid.NewGuid().ToString("N");
        InitSettings settings = config.Settings;

        _pump = new LogPump(new LogPumpOptions
        {
            MainLoop = _loop,
            StdoutFd = Files.Duplicate(1).Fd,
            StderrFd = Files.Duplicate(2).Fd,
            Format = settings.LogFormat,
            LogDirectory = settings.LogDirectory,
            MainLog = config.Supervisord is { } main ? MainLogOptions.Of(main) : null,
            MinimumLevel = config.Supervisord is { } daemon ? MainLogOptions.LevelOf(daemon.LogLevel) : LogLevel.Information,
        });
        _log = _pump.Log;
        _loop.Fault = exception => _log.Fault("handle an event", exception);
        var launcher = new Launcher(_loop, ownExecutable, instanceId);
        _programs = new ProgramTable(launcher);
        _programs.Define(config);
        _outputs = new ProgramOutputs(_pump, _programs.DefinitionOf);
        var commands = new CommandRunner(_loop, _processes, launcher, _outputs.OpenForCommand);
        _sweeper = new Sweeper(_loop, _processes, instanceId);
        _listening = new EventListening(_loop, TimeProvider.System, _programs, _pump, PhaseOf);
        var streams = new ProgramStreams(_loop, _outputs, _listening.Pools, _sockets);
        _daemon = config.Supervisord is { } daemonSettings ? new DaemonSetup(daemonSettings) : null;
        _narrator = config.Supervisord is { } supervisord
            ? new SupervisordNarrator(_log, _loop, _programs, () => _driver!.Core, supervisord)
            : new InitNarrator(_log, options.Version, options.ConfigFile);
        _processes.OrphanEnded = _narrator.OrphanReaped;
        _effects = new ProgramEffects(
            _loop, _processes, launcher, commands, new Prober(_loop, commands), _sweeper, _outputs, streams, _listening, new ProgramCgroups(_log.Trouble), settings.StateDirectory, _journal, _narrator, _log);

        var core = new Supervisor([.. config.Programs.Select(definition => definition.Policy)], Reloader.OptionsOf(settings), Random.Shared.NextDouble);
        _driver = new CoreDriver(core, _loop) { Sink = this };
        _effects.Connect(_driver);
        _programs.Connect(core);
        _state = StateStore.Open(_loop, settings.StateDirectory, DateTimeOffset.UtcNow, _log.Trouble, out _stateProblem);
        _scheduler = new Scheduler(
            _loop, TimeProvider.System, _state.LastRun, TakeScheduleDue);
        _memory = new RestingTrim(_loop, TrimInterval);
        _eventHooks = new EventHookRunner(commands, ownExecutable, TimeProvider.System, _journal.Publish, _log.Trouble);
        _journal.Subscribe(_eventHooks.Handle);
        _operations = new Operations(core);
        _reloader = new Reloader(LoadCompletely, config, _driver, _programs, _journal, _log, ApplySettings);
        var reporter = new StatusReporter(core, _programs, _pump, _scheduler);
        var metrics = new MetricsReporter(_loop, core, _programs, _processes, _pump, _reloader, _startedAt, () => _control);
        var handler = new ControlHandler(
            _driver, _programs, _operations, reporter, metrics, new LogRequests(_pump), _journal, _listening, _reloader, DescribeSelf, RequestRestart);
        _listen = () => new ControlServer(_loop, _controlSocket, handler, _log.Trouble);
        _backupRequests = new BackupRequests(_loop, _driver, _programs, _log);
        _guardian = Processes.GetPid() == 1 ? null : new Guardian(_loop, _processes, ownExecutable, instanceId, _log);
        _ownSignals = new OwnSignals(
            _driver, _processes, _reloader, _backupRequests, _pump, _narrator, restart: () => RequestRestart(), callOffRestart: () => IsRestartWanted = false);
    }

    /// <summary>Runs until everything is down.</summary>
    /// <returns>The container's exit code.</returns>
    public int Run()
    {
        PrepareSystem();
        _loop.AfterPass = EndPass;
        _loop.Watch(_signals.Fd, IoEvents.Readable, _ => TakeSignals());
        _pump.Start();
        PrepareLogs();
        ApplySettings(_reloader.Current);
        _narrator.Started(_reloader.Current);
        _listening.NoteBegin();

        // Before the first program: whatever happens to us from then on, nothing is left unguarded.
        _guardian?.Start();

        // Before the first program, too: programs take all the descriptors there are, and whoever wants to stop them must be able to come in. Nobody is served before the loop runs.
        StartControl();
        _programs.NoteInstalled(_programs.All.Select(program => program.Name));
        _driver.Feed(new SystemEvent.Boot());
        _driver.Drain();
        if (_stateProblem is { } problem)
            _log.Trouble(problem);
        _journal.Add("init.started");
        while (_exitCode is null)
            RunPass();

        return End(_exitCode.Value);
    }

    /// <summary>True when Init is to be executed anew after <see cref="Run"/>, which has ended everything.</summary>
    public bool IsRestartWanted { get; private set; }

    /// <summary>
    /// Ends everything in order, as a shutdown does, and has <see cref="Run"/> return with <see cref="IsRestartWanted"/>. Nothing happens when the configuration on disk is not valid:
    /// then there would be nothing to come back with.
    /// </summary>
    /// <returns>Why not, for people; null when it has begun.</returns>
    public string? RequestRestart()
    {
        if (_driver.Core.IsShuttingDown)
            return IsRestartWanted ? null : "cannot restart: init is shutting down";

        ConfigResult result = _options.Load();
        if (result.Config is null)
        {
            _log.ReloadRefused(result.Problems);
            return $"cannot restart: {CheckReport.Count(result.Problems.Length)} in the configuration; nothing has changed";
        }

        IsRestartWanted = true;
        _driver.Feed(new SystemEvent.ShutdownAsked());
        return null;
    }

    public void CarryOut(SystemEffect effect)
    {
        try
        {
            CarryOutOrThrow(effect);
        }
        catch (Exception exception)
        {
            // The effects that come after it are about other programs, and the core counts on all of them.
            _log.Fault($"carry out {effect}", exception);
        }
    }

    private void CarryOutOrThrow(SystemEffect effect)
    {
        switch (effect)
        {
            case SystemEffect.OfProgram(var name, var programEffect) when _programs.Find(name) is { } program:
                CarryOut(program, programEffect);
                break;
            case SystemEffect.OfProgram(var name, var lost):
                _log.Trouble($"cannot carry out {lost.GetType().Name} for program \"{name}\": it is not known any more; please report this");
                break;
            case SystemEffect.Forgotten(var name) when _programs.Find(name) is { } program:
                _effects.Forget(program);
                _programs.Remove(name);
                _listening.NoteForgotten(name);
                break;
            case SystemEffect.RunSkipped(var name):
                _dueRuns.Remove(name);
                _log.RunSkipped(name);
                break;
            case SystemEffect.StartedWithout(var name, var missing):
                _log.StartedWithout(name, string.Join(", ", missing));
                break;
            case SystemEffect.RollingRestartEnded end:
                _log.RollingRestartEnded(end);
                _operations.NoteRollingEnd(end);
                break;
            case SystemEffect.ShutdownBegan(var cause):
                _narrator.ShutdownBegan(cause);
                _journal.Add("init.shutdown", cause);
                _listening.NoteShutdown();
                break;
            case SystemEffect.ShutdownCompleted(var exitCode, var left):
                _narrator.ShutdownCompleted(exitCode, left);
                _exitCode = exitCode;
                break;
        }
    }

    public void Dispose()
    {
        _listening.Dispose();
        _scheduler.Dispose();
        _pump.Dispose();
        _signals.Dispose();
        _loop.Dispose();
    }

    /// <summary>A fault in one effect is the trouble of one program; PID 1 goes on.</summary>
    private void CarryOut(ProgramRuntime program, ProgramEffect effect)
    {
        try
        {
            if (effect is ProgramEffect.Spawn && program.Definition.Schedule is not null)
                NoteScheduledRun(program.Name);
            _effects.CarryOut(program, effect);
        }
        catch (Exception exception)
        {
            _log.Fault($"carry out {effect} for program \"{program.Name}\"", exception);
            if (effect is ProgramEffect.Spawn && program.Pid is null)
                _driver.Feed(program.Name, new ProgramEvent.SpawnFailed(exception.Message, NotInstalled: false, ExitCode.CannotExecute));
        }
    }

    private void TakeScheduleDue(string instance)
    {
        _dueRuns.Add(instance);
        _driver.Feed(new SystemEvent.ScheduleDue(instance));
    }

    /// <summary>A run that somebody asked for moves the timetable; one that the timetable has asked for keeps its pace, and a retry is no run of its own.</summary>
    private void NoteScheduledRun(string instance)
    {
        if (_driver.Core.StateOf(instance).Attempt > 0)
            return;

        _state.SetLastRun(instance, DateTimeOffset.UtcNow);
        if (!_dueRuns.Remove(instance))
            _scheduler.Started(instance);
    }

    /// <summary>One pass of the loop. Whatever a handler throws is said, and the loop goes on: PID 1 must not die of a feature.</summary>
    private void RunPass()
    {
        try
        {
            _loop.RunOnce(until: null);
        }
        catch (Exception exception)
        {
            _log.Fault("finish a pass of the loop", exception);
        }
    }

    private void EndPass()
    {
        _driver.Drain();
        if (!_journal.ProgramsChanged && !_operations.HasNews)
            return;

        _journal.ProgramsChanged = false;
        _memory.NoteWork();
        _operations.Advance();
        _backupRequests.Advance();
    }

    // --- Signals ------------------------------------------------------------------------------------------------------

    private void TakeSignals()
    {
        while (_signals.TryRead(out ReceivedSignal received))
        {
            try
            {
                _ownSignals.Take(received.Signal);
            }
            catch (Exception exception)
            {
                // Others that came with it have been taken from the kernel already.
                _log.Fault($"act on {SignalNames.NameOf(received.Signal)}", exception);
            }
        }
    }

    // --- Beginning and end --------------------------------------------------------------------------------------------

    private void PrepareSystem()
    {
        InitSettings settings = _reloader.Current.Settings;
        if (Processes.GetPid() != 1 && Processes.SetChildSubreaper() is var errno and not 0)
            _log.Trouble($"cannot become the reaper of this process tree: {Errno.Describe(errno)}; daemons that programs leave behind are not found");

        foreach (string problem in _daemon?.Prepare() ?? [])
            _log.Trouble(problem);
        List<string> directories = _daemon is null ? [settings.StateDirectory, settings.LogDirectory] : [settings.StateDirectory];
        foreach (string directory in directories)
        {
            if (Files.MakeDirectories(directory, 0x1ED /* 0755 */) is var failure and not 0)
                _log.Trouble($"cannot make directory {directory}: {Errno.Describe(failure)}; what belongs there is not kept");
        }

        // With all the rights there are; the logs and the pid file belong to the user that is left.
        foreach (string problem in _sockets.Configure(_reloader.Current.Programs))
            _log.Trouble(problem);
        _daemon?.BecomeUser(directories);
    }

    private void PrepareLogs()
    {
        if (_reloader.Current.Supervisord is { NoCleanup: false } supervisord && AutoLogFiles.CleanUp(supervisord) is { } problem)
            _log.Trouble(problem);
        if (_daemon?.WritePidFile() is { } failure)
            _log.Write(LogLevel.Critical, "init.pid-file", failure);
    }

    private void StartControl()
    {
        try
        {
            _control = _listen();
        }
        catch (SyscallException exception)
        {
            // Without it nobody can look on or steer, but the programs run: that is what Init is there for. A child that a killed Init was about to start may hold its socket for a moment yet.
            if (!_saidNoControl)
                _log.Trouble($"{exception.Message}; \"init status\" and the other commands cannot reach this Init until it can (tried again every {ControlRetry.TotalSeconds:0} s)");
            _saidNoControl = true;
            _loop.After(ControlRetry, StartControl);
        }
    }

    private void ApplySettings(SystemConfig config)
    {
        foreach (ProgramDefinition definition in config.Programs)
        {
            AutoLogFiles.Create(definition);
            _outputs.Configure(definition);
        }

        foreach (string problem in _sockets.Configure(config.Programs))
            _log.Trouble(problem);
        var timetables = config.Programs
            .Where(definition => definition.Schedule is not null)
            .Select(definition => (definition.Policy.Name, definition.Schedule!));
        foreach (string problem in _scheduler.Configure(timetables))
            _log.Trouble(problem);
        _eventHooks.Configure(config.EventHooks);
        _listening.Configure(config);
    }

    private ProgramPhase PhaseOf(string name) => _driver.Core.Knows(name) ? _driver.Core.StateOf(name).Phase : ProgramPhase.Stopped;

    /// <summary>Nothing that Init has brought into the world outlives it; then the last log lines.</summary>
    private int End(int exitCode)
    {
        _control?.Dispose();
        _guardian?.Dismiss();
        _eventHooks.Stop();
        KillTheRest();
        _sockets.Dispose();
        _daemon?.RemovePidFile();
        _state.Flush();
        _pump.Stop(DrainLimit);
        return exitCode;
    }

    private void KillTheRest()
    {
        Instant limit = MonotonicClock.Now + DrainLimit;
        while (true)
        {
            // A restart ends what descends from this Init. Others in the container (a shell of "docker exec") belong to nobody who is going away.
            int left = Processes.GetPid() == 1 && !IsRestartWanted
                ? Processes.KillAll(Signals.SIGKILL) == 0 ? 1 : 0
                : _sweeper.SignalAllDescendants(Signals.SIGKILL);
            _processes.ReapAll();
            if (left == 0 || MonotonicClock.Now >= limit)
                return;

            // SIGCHLD wakes it; the time is for those that are not our children yet.
            _loop.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>With what the file leaves to Init: roles of its own, and names for AUTO log files.</summary>
    private SystemConfig Complete(SystemConfig config) =>
        _autoLogs.Resolve(OwnPrograms.AddTo(config, _options.ConfigFile, _options.RoleOptions, _controlSocket));

    private ConfigResult LoadCompletely()
    {
        ConfigResult result = _options.Load();
        return result.Config is { } config ? result with { Config = Complete(config) } : result;
    }

    private ServerVersion DescribeSelf() => new(
        _options.Version,
        ControlProtocol.Version,
        Processes.GetPid(),
        _driver.Core.IsShuttingDown ? (IsRestartWanted ? "restarting" : "shutting-down") : ServerVersion.Running,
        _options.ConfigFile,
        _startedAt.ToUnixTimeMilliseconds(),
        _reloader.Current.Supervisord?.Identifier ?? "supervisor");
}
