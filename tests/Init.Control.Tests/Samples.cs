using Init.Base;

namespace Init.Control.Tests;

/// <summary>One of everything that travels, with fixed values.</summary>
internal static class Samples
{
    public static ProgramStatus Running(string name, int index = 0) => new()
    {
        Name = name,
        Program = name.Split(':')[0],
        Groups = ["bots"],
        Group = name.Split(':')[0],
        Process = name.Split(':')[^1],
        StartedAt = 1_699_999_999_000,
        StoppedAt = 1_699_999_998_000,
        StdoutLog = "/var/log/web.log",
        Index = index,
        State = "RUNNING",
        StateCode = 20,
        Pid = 4242,
        Ready = true,
        Health = "healthy",
        Since = 1_700_000_000_000,
        UptimeSeconds = 62.5,
        Restarts = 3,
        LastExit = "exit code 1",
        LastExitSuccess = false,
        Enabled = true,
        Wanted = true,
        Critical = true,
        Description = "pid 4242, uptime 0:01:02",
        CpuSeconds = 1.25,
        MemoryBytes = 12_582_912,
        LogBytes = 100_000,
    };

    public static ProgramStatus InState(string name, string state, int code, string description = "") => new()
    {
        Name = name,
        Program = name.Split(':')[0],
        State = state,
        StateCode = code,
        Since = 1_700_000_000_000,
        Enabled = true,
        Wanted = true,
        Description = description,
    };

    public static ProgramSettings Configured(string name) => new()
    {
        Name = name,
        Program = name,
        Group = "site",
        Process = name,
        InUse = true,
        Configured = true,
        GroupPriority = 999,
        ProcessPriority = 10,
        Command = "/bin/web --port 80",
        Autostart = true,
        Autorestart = "unexpected",
        Directory = "/srv",
        Uid = 33,
        ExitCodes = [0, 2],
        StartSeconds = 1,
        StartRetries = 3,
        StopSignal = 15,
        StopWaitSeconds = 10,
        KillAsGroup = true,
        RedirectStderr = true,
        Stdout = new LogSettings { File = "/var/log/web.log", MaxBytes = 50 << 20, Backups = 10 },
        Stderr = new LogSettings { IsAuto = true, CaptureMaxBytes = 1024, EventsEnabled = true },
    };

    public static ServerMetrics Measured { get; } = new()
    {
        StartedAt = 1_700_000_000_000,
        CpuSeconds = 0.5,
        MemoryBytes = 20_000_000,
        WakeUps = 1000,
        LoopPass = new Histogram([new HistogramBucket(0.001, 990), new HistogramBucket(0.01, 999)], 1000, 0.75, 0.02),
        TimerDelay = new Histogram([], 0, 0, 0),
        OrphansReaped = 4,
        Reloads = 1,
        ControlConnections = 2,
        ControlConnectionsTotal = 50,
        ControlRequestsTotal = 60,
    };

    public static ProgramMetrics MeasuredProgram { get; } = new()
    {
        Name = "web",
        Program = "web",
        Group = "web",
        Process = "web",
        State = "RUNNING",
        StateCode = 20,
        StartedAt = 1_700_000_000_000,
        Ready = true,
        Health = "healthy",
        Wanted = true,
        Restarts = 3,
        Exits = [new ExitCount(0, null, 1), new ExitCount(null, "SIGKILL", 2)],
        CpuSeconds = 1.5,
        MemoryBytes = 1_000_000,
        LogBytes = 100,
        LogLines = 5,
    };

    public static IReadOnlyList<ControlRequest> Requests { get; } =
    [
        new ControlRequest.Status([]),
        new ControlRequest.Status(["web", "bots:*"]),
        new ControlRequest.Status([], Usage: false),
        new ControlRequest.Start(["all"], Wait: true),
        new ControlRequest.Stop(["worker:0"], Wait: false),
        new ControlRequest.Restart(["worker"], Rolling: true, Wait: true),
        new ControlRequest.Signal(["web"], SignalNumber: 10),
        new ControlRequest.Reload(["nginx"]),
        new ControlRequest.Pid([]),
        new ControlRequest.Pid(["naïve ☃"]),
        new ControlRequest.Tail("web", LogStream.Stderr, Lines: 50, Bytes: null, Follow: true),
        new ControlRequest.Tail("web", LogStream.Stdout, Lines: null, Bytes: 1024, Follow: false),
        new ControlRequest.Tail(null, LogStream.Stdout, Lines: 20, Bytes: null, Follow: true),
        new ControlRequest.ReadLog("web", LogStream.Stderr, Offset: -1600, Length: 0),
        new ControlRequest.ReadLog(null, LogStream.Stdout, Offset: 10, Length: 1024),
        new ControlRequest.ClearOwnLog(),
        new ControlRequest.Clear(["web"]),
        new ControlRequest.Reread(),
        new ControlRequest.Update(),
        new ControlRequest.GroupAdd("bots"),
        new ControlRequest.GroupRemove("bots"),
        new ControlRequest.Config(),
        new ControlRequest.SendInput("web", "sí\n"u8.ToArray()),
        new ControlRequest.SendInput("web", new byte[] { 0xff, 0 }),
        new ControlRequest.RemoteEvent("deploy", "version 2\nof today"),
        new ControlRequest.Events(["program.*"], ["web"]),
        new ControlRequest.Events([], []),
        new ControlRequest.Env("web"),
        new ControlRequest.Explain("web"),
        new ControlRequest.Shutdown(),
        new ControlRequest.RestartInit(),
        new ControlRequest.Metrics(),
        new ControlRequest.Version(),
    ];

    public static IReadOnlyList<(string Op, ControlResult? Result)> Results { get; } =
    [
        ("start", null),
        ("status", new ControlResult.Status([Running("worker:0"), InState("db", "WAITING", 1001) with { WaitingFor = ["disk"] }],
            [new UnknownName("wbe", "did you mean \"web\"?")])),
        ("pid", new ControlResult.Pids([new InstancePid("init", 1), new InstancePid("db", null)], [])),
        ("update", new ControlResult.Changes(
            Applied: true, [new ConfigChange("program.web", "changed", "restart", ["command", "environment"])], ["supervisor.toml:3:1: x: y"],
            new GroupChanges([], ["web"], []))),
        ("group-add", new ControlResult.Changes(
            Applied: true, [new ConfigChange("program.web", "added", "start", [])], [], new GroupChanges(["web"], [], []))),
        ("config", new ControlResult.Config([Configured("web")])),
        ("read-log", new ControlResult.LogPart("línea\n"u8.ToArray(), 10, 17, "/var/log/web.log")),
        ("read-log", new ControlResult.LogPart(new byte[] { 0xff, 0 }, 0, 2, null)),
        ("metrics", new ControlResult.Metrics(Measured, [MeasuredProgram])),
        ("env", new ControlResult.EnvironmentOf("web", [new EnvironmentVariable("HOME", "/app", Secret: false), new EnvironmentVariable("TOKEN", null, Secret: true)])),
        ("explain", new ControlResult.Explanation(
            [InState("db", "WAITING", 1001)],
            [new UnmetRequirement("disk", "disk is STARTING, and not ready")],
            [new ProgramExit("db", 1_700_000_000_000, 17, ExitStatus.Exited(3).ToString(), 0.25)],
            [new ProbeReport("db", "ready", "tcp 127.0.0.1:5432", "connection refused", 4)],
            ["db is WAITING for disk"])),
        ("version", new ControlResult.Version(new ServerVersion("0.1.0", 1, 1, "running", "/app/supervisor.toml", 1_700_000_000_000, "supervisor"))),
    ];

    public static IReadOnlyList<(string Op, ControlItem Item)> Items { get; } =
    [
        ("start", new ControlItem.Outcome("web", OutcomeCode.Failed, "cannot start program \"web\": cannot execute /app/web: No such file or directory (errno 2)")),
        ("stop", new ControlItem.Outcome("web", OutcomeCode.Stopped)),
        ("tail", new ControlItem.LogChunk("línea <1>\n\"zwei\"\t\0"u8.ToArray())),
        ("tail", new ControlItem.LogChunk(new byte[] { 0xff, 0xfe, (byte)'a', 0 })),
        ("tail", new ControlItem.LogChunk(Array.Empty<byte>())),
        ("events", new ControlItem.EventRaised(new ControlEvent
        {
            Time = 1_700_000_000_123,
            Type = "program.running",
            Name = "worker:0",
            Program = "worker",
            From = "STARTING",
            To = "RUNNING",
            Pid = 4242,
        })),
    ];
}
