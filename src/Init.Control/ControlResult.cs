namespace Init.Control;

/// <summary>What a request is answered with in the end: the <c>result</c> of a reply.</summary>
public abstract record ControlResult
{
    private ControlResult() { }

    /// <param name="Programs">Every selected instance, in the order of the configuration, then by index.</param>
    /// <param name="Unknown">The names that selected nothing.</param>
    public sealed record Status(IReadOnlyList<ProgramStatus> Programs, IReadOnlyList<UnknownName> Unknown) : ControlResult
    {
        /// <summary>The supervisor's own at the same moment, as <see cref="ServerVersion.State"/>: who needs both asks once.</summary>
        public string ServerState { get; init; } = ServerVersion.Running;
    }

    /// <param name="Programs">As for <see cref="Status"/>.</param>
    /// <param name="Unknown">The names that selected nothing.</param>
    public sealed record Pids(IReadOnlyList<InstancePid> Programs, IReadOnlyList<UnknownName> Unknown) : ControlResult;

    /// <param name="Applied">False for a reread.</param>
    /// <param name="Items">Empty: the files say what is running already.</param>
    /// <param name="Warnings">Ready-made lines about things that are valid and deserve a word.</param>
    /// <param name="Groups">The same, by supervisord's groups.</param>
    public sealed record Changes(bool Applied, IReadOnlyList<ConfigChange> Items, IReadOnlyList<string> Warnings, GroupChanges Groups) : ControlResult;

    /// <param name="Programs">In the order of the configuration; the supervisor's own roles are not among them.</param>
    public sealed record Config(IReadOnlyList<ProgramSettings> Programs) : ControlResult;

    /// <summary>A piece of a log, byte for byte. It travels as <c>text</c> when it is valid UTF-8, else as <c>base64</c>.</summary>
    /// <param name="Bytes">What was asked for, or less: the log ends there, or the answer would be too long.</param>
    /// <param name="Offset">Where in the log they begin.</param>
    /// <param name="Size">Of the whole log, at that moment.</param>
    /// <param name="Path">The file; null when the log is kept in memory only.</param>
    public sealed record LogPart(ReadOnlyMemory<byte> Bytes, long Offset, long Size, string? Path) : ControlResult;

    /// <param name="Server">Of the supervisor as a whole.</param>
    /// <param name="Programs">Every instance, the supervisor's own roles included.</param>
    public sealed record Metrics(ServerMetrics Server, IReadOnlyList<ProgramMetrics> Programs) : ControlResult;

    /// <param name="Name">The instance.</param>
    /// <param name="Variables">Sorted by name.</param>
    public sealed record EnvironmentOf(string Name, IReadOnlyList<EnvironmentVariable> Variables) : ControlResult;

    /// <param name="Programs">The instances' status, as in <see cref="Status"/>.</param>
    /// <param name="WaitsFor">Each requirement that is not met, with the reason.</param>
    /// <param name="Exits">The last exits, newest first.</param>
    /// <param name="Probes">What the readiness and health probes said last.</param>
    /// <param name="Lines">The same for a person to read, without colours.</param>
    public sealed record Explanation(
        IReadOnlyList<ProgramStatus> Programs,
        IReadOnlyList<UnmetRequirement> WaitsFor,
        IReadOnlyList<ProgramExit> Exits,
        IReadOnlyList<ProbeReport> Probes,
        IReadOnlyList<string> Lines) : ControlResult;

    public sealed record Version(ServerVersion Server) : ControlResult;
}

/// <summary>What is true now of one program instance. Times are Unix milliseconds (wall clock); a property without a value is left out of the JSON.</summary>
public sealed record ProgramStatus
{
    /// <summary>The instance: "napcat", or "worker:0" when the program has replicas.</summary>
    public required string Name { get; init; }

    /// <summary>The program in the configuration, the same for all its replicas.</summary>
    public required string Program { get; init; }

    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>supervisord's group: the <c>[group:x]</c> of a supervisord.conf, else the program itself.</summary>
    public string Group { get; init; } = "";

    /// <summary>What supervisord's clients call it within <see cref="Group"/>.</summary>
    public string Process { get; init; } = "";

    public int Index { get; init; }

    /// <summary>STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL WAITING ABSENT.</summary>
    public required string State { get; init; }

    /// <summary>supervisord's number of the state; 1001 for WAITING and 1002 for ABSENT, which supervisord does not have.</summary>
    public required int StateCode { get; init; }

    public int? Pid { get; init; }

    public bool Ready { get; init; }

    /// <summary>"healthy", "unhealthy" or "unknown"; left out when no health probe is set.</summary>
    public string? Health { get; init; }

    /// <summary>When the present state was entered.</summary>
    public long Since { get; init; }

    /// <summary>When it was last tried to start it; left out when never.</summary>
    public long? StartedAt { get; init; }

    /// <summary>When its process last ended; left out when never.</summary>
    public long? StoppedAt { get; init; }

    /// <summary>Since the process was started; left out when there is none.</summary>
    public double? UptimeSeconds { get; init; }

    /// <summary>How often the supervisor has restarted it.</summary>
    public int Restarts { get; init; }

    /// <summary>Failures in a row.</summary>
    public int Attempt { get; init; }

    /// <summary>"exit code 1", "terminated by SIGKILL"; left out when nothing has exited yet.</summary>
    public string? LastExit { get; init; }

    /// <summary>True when <see cref="LastExit"/> was a success (an exit code listed in success_exit_codes).</summary>
    public bool? LastExitSuccess { get; init; }

    /// <summary>supervisord's number: the last process' exit code, -1 when a signal ended it, 0 while it runs, and when it ended too early to count as started.</summary>
    public int ExitStatus { get; init; }

    /// <summary>supervisord's text about the last failure ("Exited too quickly (process log may have details)"); empty when there is none.</summary>
    public string SpawnError { get; init; } = "";

    public string? Problem { get; init; }

    /// <summary>What its process says of itself (STATUS= of sd_notify(3)), one line; left out when it has said nothing.</summary>
    public string? StatusText { get; init; }

    /// <summary>Names of the programs that it waits for.</summary>
    public IReadOnlyList<string> WaitingFor { get; init; } = [];

    /// <summary>When its timetable runs it next; left out for a program without one.</summary>
    public long? NextRun { get; init; }

    /// <summary>BACKOFF: how long until the next try.</summary>
    public double? NextTrySeconds { get; init; }

    /// <summary>It starts at boot.</summary>
    public bool Enabled { get; init; }

    /// <summary>It is meant to be up: it was started, at boot or by somebody, and nobody has stopped it since.</summary>
    public bool Wanted { get; init; }

    public bool Optional { get; init; }

    public bool Critical { get; init; }

    /// <summary>For people, as supervisord has it: "pid 42, uptime 0:01:02".</summary>
    public string Description { get; init; } = "";

    /// <summary>User and system time of the main process.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>Resident memory of the main process.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The file of its standard output; left out when there is none.</summary>
    public string? StdoutLog { get; init; }

    /// <summary>The file of its standard error; left out when there is none of its own.</summary>
    public string? StderrLog { get; init; }

    /// <summary>Bytes written to its logs since Init started.</summary>
    public long LogBytes { get; init; }

    /// <summary>Lines dropped because a disk was full or a reader too slow.</summary>
    public long LogDroppedLines { get; init; }
}

/// <param name="Name">The instance, or "init" for the supervisor itself.</param>
/// <param name="Pid">Null when it has no process.</param>
public sealed record InstancePid(string Name, int? Pid);

/// <param name="Name">What has changed: "program.web", "group.bots", "on_event.alert", "init".</param>
/// <param name="Change">"added", "removed" or "changed".</param>
/// <param name="Action">What that takes: "start", "stop", "restart", "apply" (without a restart), "none" (it is stopped, and stays so), or "needs-init-restart".</param>
/// <param name="Fields">The keys that differ; empty for "added" and "removed".</param>
public sealed record ConfigChange(string Name, string Change, string Action, IReadOnlyList<string> Fields);

/// <summary>What a configuration changes, by supervisord's groups; each list is sorted.</summary>
public sealed record GroupChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Changed, IReadOnlyList<string> Removed)
{
    public static GroupChanges None { get; } = new([], [], []);
}

/// <param name="Name">As the program sees it.</param>
/// <param name="Value">Left out for a secret.</param>
/// <param name="Secret">Its name is listed in <c>[init].secrets</c> or in the program's <c>secrets</c>.</param>
public sealed record EnvironmentVariable(string Name, string? Value, bool Secret);

public sealed record UnmetRequirement(string Name, string Reason);

/// <param name="Name">The instance.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Pid">Of the process that ended.</param>
/// <param name="Status">"exit code 1", "terminated by SIGKILL (core dumped)".</param>
/// <param name="UptimeSeconds">How long it had lived.</param>
public sealed record ProgramExit(string Name, long At, int Pid, string Status, double UptimeSeconds);

/// <param name="Name">The instance.</param>
/// <param name="Kind">"ready" or "health".</param>
/// <param name="Probe">What is asked, as in "tcp 127.0.0.1:7860".</param>
/// <param name="Result">What it said last.</param>
/// <param name="Failures">Failures in a row.</param>
public sealed record ProbeReport(string Name, string Kind, string Probe, string Result, int Failures);

/// <param name="Version">Of the running binary, which may differ from the client's.</param>
/// <param name="Protocol">See <see cref="ControlProtocol.Version"/>.</param>
/// <param name="Pid">The supervisor's; 1 in a container.</param>
/// <param name="State">"running", "shutting-down", or "restarting" when it begins anew after that.</param>
/// <param name="ConfigFile">The main file, absolute.</param>
/// <param name="StartedAt">Unix milliseconds.</param>
/// <param name="Identifier">What it is called: <c>identifier</c> of a supervisord.conf, "supervisor" otherwise.</param>
public sealed record ServerVersion(string Version, int Protocol, int Pid, string State, string? ConfigFile, long StartedAt, string Identifier)
{
    /// <summary>The <see cref="State"/> in which everything may be asked for.</summary>
    public const string Running = "running";
}
