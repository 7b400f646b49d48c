using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>What is true now: of the supervisor, its processes and its configuration.</summary>
internal sealed class InfoMethods(SupervisorQueries supervisor, TimeProvider clock)
{
    private const string ApiVersion = "3.0";

    /// <summary>The supervisor whose interface this is: clients decide by it what they may call. Ours is in the REST interface.</summary>
    private const string SupervisorVersion = "4.2.5";

    private const int RunningState = 1;

    public IEnumerable<RpcMethod> All =>
    [
        new("supervisor.getAPIVersion", ["string"], "The version of this interface.", (_, _) => Text(ApiVersion)),
        new("supervisor.getVersion", ["string"], "The same as getAPIVersion.", (_, _) => Text(ApiVersion)),
        new("supervisor.getSupervisorVersion", ["string"], "The version of supervisor that this is compatible with.", (_, _) => Text(SupervisorVersion)),
        new("supervisor.getIdentification", ["string"], "The identifier of the supervisor.", async (_, cancellation) =>
            XmlRpcValue.Of((await supervisor.VersionAsync(cancellation)).Identifier)),
        new("supervisor.getState", ["struct"], "The state of the supervisor: statecode and statename.", (_, _) =>
            Task.FromResult(XmlRpcValue.Of(("statecode", XmlRpcValue.Of(RunningState)), ("statename", XmlRpcValue.Of("RUNNING"))))),
        new("supervisor.getPID", ["int"], "The process id of the supervisor.", async (_, cancellation) =>
            XmlRpcValue.Of((await supervisor.VersionAsync(cancellation)).Pid)),
        new("supervisor.getProcessInfo", ["struct", "string"], "What is true now of one process.", async (arguments, cancellation) =>
            ProcessInfo.Of(await supervisor.FindOneAsync(arguments.Text(0), cancellation), clock.GetUtcNow())),
        new("supervisor.getAllProcessInfo", ["array"], "What is true now of every process, by group and name.", AllProcessInfoAsync)
        {
            // Clients poll it: it looks at the state by itself, in the answer that has the processes.
            NeedsRunning = false,
        },
        new("supervisor.getAllConfigInfo", ["array"], "How every process of the configuration is configured, by name.", AllConfigInfoAsync),
    ];

    private static Task<XmlRpcValue> Text(string text) => Task.FromResult(XmlRpcValue.Of(text));

    private async Task<XmlRpcValue> AllProcessInfoAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        IReadOnlyList<ProgramStatus> all = await supervisor.AllOfRunningAsync(cancellation);
        DateTimeOffset now = clock.GetUtcNow();
        return XmlRpcValue.Of(all
            .OrderBy(status => status.Group, StringComparer.Ordinal)
            .ThenBy(status => status.Process, StringComparer.Ordinal)
            .Select(status => ProcessInfo.Of(status, now)));
    }

    private async Task<XmlRpcValue> AllConfigInfoAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        IReadOnlyList<ProgramSettings> all = (await supervisor.AskAsync<ControlResult.Config>(new ControlRequest.Config(), cancellation)).Programs;
        return XmlRpcValue.Of(all.Where(settings => settings.Configured).OrderBy(settings => settings.Process, StringComparer.Ordinal).Select(ConfigInfo));
    }

    private static XmlRpcValue ConfigInfo(ProgramSettings settings) => XmlRpcValue.Of(
        ("autostart", XmlRpcValue.Of(settings.Autostart)),
        ("directory", XmlRpcValue.Of(settings.Directory ?? None)),
        ("uid", settings.Uid is { } uid ? XmlRpcValue.Of(uid) : XmlRpcValue.Of(None)),
        ("command", XmlRpcValue.Of(settings.Command)),
        ("exitcodes", XmlRpcValue.Of(settings.ExitCodes.Select(code => XmlRpcValue.Of(code)))),
        ("group", XmlRpcValue.Of(settings.Group)),
        ("group_prio", XmlRpcValue.Of(settings.GroupPriority)),
        ("inuse", XmlRpcValue.Of(settings.InUse)),
        ("killasgroup", XmlRpcValue.Of(settings.KillAsGroup)),
        ("name", XmlRpcValue.Of(settings.Process)),
        ("process_prio", XmlRpcValue.Of(settings.ProcessPriority)),
        ("redirect_stderr", XmlRpcValue.Of(settings.RedirectStderr)),
        ("startretries", XmlRpcValue.Of(settings.StartRetries ?? int.MaxValue)),
        ("startsecs", Whole(settings.StartSeconds)),
        ("stdout_capture_maxbytes", XmlRpcValue.Of(settings.Stdout.CaptureMaxBytes)),
        ("stdout_events_enabled", XmlRpcValue.Of(settings.Stdout.EventsEnabled)),
        ("stdout_logfile", LogFile(settings.Stdout)),
        ("stdout_logfile_backups", XmlRpcValue.Of(settings.Stdout.Backups)),
        ("stdout_logfile_maxbytes", XmlRpcValue.Of(settings.Stdout.MaxBytes)),
        ("stdout_syslog", XmlRpcValue.Of(settings.Stdout.Syslog)),
        ("stopsignal", XmlRpcValue.Of(settings.StopSignal)),
        ("stopwaitsecs", Whole(settings.StopWaitSeconds)),
        ("stderr_capture_maxbytes", XmlRpcValue.Of(settings.Stderr.CaptureMaxBytes)),
        ("stderr_events_enabled", XmlRpcValue.Of(settings.Stderr.EventsEnabled)),
        ("stderr_logfile", LogFile(settings.Stderr)),
        ("stderr_logfile_backups", XmlRpcValue.Of(settings.Stderr.Backups)),
        ("stderr_logfile_maxbytes", XmlRpcValue.Of(settings.Stderr.MaxBytes)),
        ("stderr_syslog", XmlRpcValue.Of(settings.Stderr.Syslog)),
        ("serverurl", XmlRpcValue.Of(settings.ServerUrl ?? None)));

    /// <summary>What supervisord says where it has nothing, for the format has no nil.</summary>
    private const string None = "none";

    private static XmlRpcValue LogFile(LogSettings log) => XmlRpcValue.Of(log.IsAuto ? "auto" : log.File ?? None);

    /// <summary>supervisord knows whole seconds only.</summary>
    private static XmlRpcValue Whole(double seconds) => XmlRpcValue.Of((long)Math.Ceiling(Math.Min(seconds, int.MaxValue)));
}
