using System.Collections.Immutable;
using System.Globalization;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Telling;

/// <summary>In the words of supervisord 4.2 (its main log), for a supervisord.conf: scripts look for them.</summary>
/// <param name="log">Made for supervisord's format.</param>
/// <param name="loop">For the reports that are repeated while something is being waited for; otherwise there is no timer.</param>
/// <param name="programs">All of them.</param>
/// <param name="core">The core, once it is there.</param>
/// <param name="settings">Of the daemon.</param>
internal sealed class SupervisordNarrator(InitLog log, EventLoop loop, ProgramTable programs, Func<Supervisor> core, SupervisordSettings settings) : INarrator
{
    private static readonly TimeSpan BetweenStopReports = TimeSpan.FromSeconds(2), BetweenShutdownReports = TimeSpan.FromSeconds(3);

    private bool _isShutDown;

    public void Started(SystemConfig config)
    {
        if (settings.User is null && Processes.GetUid() == 0)
        {
            Say(
                LogLevel.Critical,
                "Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, " +
                "you can set user=root in the config file to avoid this message.");
        }

        foreach (ConfigProblem warning in config.Warnings)
            Say(LogLevel.Warning, warning.ToString());
        foreach (string include in config.Files.Skip(1))
            Say(LogLevel.Information, $"Included extra file \"{include}\" during parsing");
        if (settings.User is not null)
            Say(LogLevel.Information, $"Set uid to user {Text((int)Processes.GetUid())} succeeded");
        TellServers(config);
        if (settings.Directory is { } directory)
            Say(LogLevel.Information, $"set current directory: '{directory}'");
        Say(LogLevel.Information, $"supervisord started with pid {Text(Processes.GetPid())}");
    }

    public void Spawned(ProgramRuntime program, int pid) => Say(LevelFor(program, LogLevel.Information), $"spawned: '{NameOf(program)}' with pid {Text(pid)}");

    public void SpawnFailed(ProgramRuntime program, string problem) => Say(LevelFor(program, LogLevel.Information), $"spawnerr: {problem}");

    public void Notice(ProgramRuntime program, ProgramNotice notice)
    {
        if (notice is ProgramNotice.PhaseChanged(var from, var to, _))
            NotePhase(program, from, to);
    }

    public void Signalling(ProgramRuntime program, int signal, bool toGroup, bool isFinal)
    {
        if (isFinal)
            Say(LogLevel.Warning, $"killing '{NameOf(program)}' ({Text(program.Pid ?? 0)}) with {SignalNames.NameOf(signal)}");
        Say(
            LogLevel.Debug,
            $"killing {NameOf(program)} (pid {Text(program.Pid ?? 0)}) {(toGroup ? "process group " : "")}with signal {SignalNames.NameOf(signal)}");
    }

    public void SignalReceived(int signal, string effect)
    {
        string name = SignalNames.NameOf(signal);
        switch (signal)
        {
            case Signals.SIGTERM or Signals.SIGINT or Signals.SIGQUIT:
                Say(LogLevel.Warning, $"received {name} indicating exit request");
                break;
            case Signals.SIGHUP when core().IsShuttingDown:
                Say(LogLevel.Warning, $"ignored {name} indicating restart request (shutdown in progress)");
                break;
            case Signals.SIGHUP:
                Say(LogLevel.Warning, $"received {name} indicating restart request");
                break;
            case Signals.SIGUSR2:
                Say(LogLevel.Information, $"received {name} indicating log reopen request");
                break;
            default:
                Say(LogLevel.Debug, $"received {name} indicating nothing");
                break;
        }
    }

    public void ShutdownBegan(string cause) => ReportShutdown();

    public void ShutdownCompleted(int exitCode, ImmutableArray<string> left)
    {
        _isShutDown = true;
        if (!left.IsEmpty)
            Say(LogLevel.Error, $"cannot end {string.Join(", ", left)} even by SIGKILL; going without");
    }

    public void OrphanReaped(int pid, ExitStatus status) => Say(LogLevel.Information, $"reaped unknown pid {Text(pid)} ({Describe(status)})");

    /// <summary>supervisord makes its interfaces anew for each server.</summary>
    private void TellServers(SystemConfig config)
    {
        foreach (SupervisordServer server in config.SupervisordServers)
        {
            foreach (string name in config.RpcInterfaces)
                Say(LogLevel.Information, $"RPC interface '{name}' initialized");
            if (!server.AsksForPassword)
                Say(LogLevel.Critical, $"Server '{server.Section}' running without any HTTP authentication checking");
        }
    }

    private void NotePhase(ProgramRuntime program, ProgramPhase from, ProgramPhase to)
    {
        string name = NameOf(program);
        ExitStatus? end = program.Record.End;
        bool expected = end is { WasSignalled: false } ended && program.Definition.Policy.SuccessExitCodes.Contains(ended.Code);
        LogLevel level = LevelFor(program, expected ? LogLevel.Information : LogLevel.Warning);
        switch (to)
        {
            case ProgramPhase.Running:
                Say(
                    LevelFor(program, LogLevel.Information),
                    $"success: {name} entered RUNNING state, process has stayed up for > than {Text((int)program.Definition.Policy.StartGrace.TotalSeconds)} seconds (startsecs)");
                break;
            case ProgramPhase.Exited when end is { } status:
                Say(level, $"exited: {name} ({Describe(status)}; {(expected ? "expected" : "not expected")})");
                break;
            case ProgramPhase.Backoff when end is { } status:
                Say(LogLevel.Warning, $"exited: {name} ({Describe(status)}; not expected)");
                break;
            case ProgramPhase.Fatal when !core().IsShuttingDown:
                Say(LogLevel.Information, $"gave up: {name} entered FATAL state, too many start retries too quickly");
                break;
            case ProgramPhase.Stopped when end is { } status && from == ProgramPhase.Stopping:
                Say(level, $"stopped: {name} ({Describe(status)})");
                break;
            case ProgramPhase.Stopping when StateOf(program) is { StopReason: StopReason.User }:
                ReportStop(program);
                break;
        }
    }

    private void ReportStop(ProgramRuntime program)
    {
        if (StateOf(program) is not { Phase: ProgramPhase.Stopping })
            return;

        Say(LogLevel.Information, $"waiting for {NameOf(program)} to stop");
        loop.After(BetweenStopReports, () => ReportStop(program));
    }

    private void ReportShutdown()
    {
        List<string> left = [.. programs.All.Where(program => !program.Definition.IsOwn && IsUnstopped(program)).Select(NameOf)];
        if (left.Count == 0 || _isShutDown)
            return;

        Say(LogLevel.Information, $"waiting for {string.Join(", ", left)} to die");
        loop.After(BetweenShutdownReports, ReportShutdown);
    }

    private bool IsUnstopped(ProgramRuntime program) => StateOf(program) is { } state && !ProgramMachine.IsDown(state.Phase);

    private ProgramState? StateOf(ProgramRuntime program) => core().Knows(program.Name) ? core().StateOf(program.Name) : null;

    /// <summary>supervisord has no processes of its own: of ours, only what goes wrong is told.</summary>
    private static LogLevel LevelFor(ProgramRuntime program, LogLevel level) =>
        program.Definition.IsOwn && level == LogLevel.Information ? LogLevel.Debug : level;

    private static string NameOf(ProgramRuntime program) => program.Definition.SupervisordProcess;

    private static string Describe(ExitStatus status) => status.WasSignalled ? status.ToString() : $"exit status {Text(status.Code)}";

    private void Say(LogLevel level, string text) => log.Write(level, "supervisord", text);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
