using System.Collections.Immutable;
using Init.Base;
using Init.Supervision;

namespace Init.Config;

/// <summary>A configuration that has been read, expanded and found valid: everything the engine runs on, and nothing it must look up again.</summary>
public sealed record SystemConfig(
    InitSettings Settings,
    ImmutableArray<ProgramDefinition> Programs,
    ImmutableArray<GroupDefinition> Groups,
    ImmutableArray<EventHookDefinition> EventHooks)
{
    /// <summary>Every file that was read (the main one, includes, env files), absolute, in the order of reading.</summary>
    public ImmutableArray<string> Files { get; init; } = [];

    /// <summary>
    /// Things that are valid and yet deserve a word (an optional env file that is missing, a limit that needs root). Said once at start.
    /// </summary>
    public ImmutableArray<ConfigProblem> Warnings { get; init; } = [];
}

/// <summary>The <c>[init]</c> table. All paths are absolute.</summary>
public sealed record InitSettings
{
    public required string StateDirectory { get; init; }

    public required string LogDirectory { get; init; }

    public required string ControlSocket { get; init; }

    /// <summary>Limit of the whole shutdown; what is left then is killed.</summary>
    public TimeSpan Shutdown { get; init; } = TimeSpan.FromSeconds(25);

    public OnFatal OnFatal { get; init; } = OnFatal.Keep;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Names of environment variables that no program sees unless it lists them in <c>secrets</c>.</summary>
    public ImmutableArray<string> Secrets { get; init; } = [];
}

public enum OnFatal
{
    Keep,
    Exit,
}

public enum LogFormat
{
    Text,
    Json,
}

/// <summary>One program instance: a program with <c>replicas = 3</c> gives three of these, with ${INDEX} already filled in.</summary>
public sealed record ProgramDefinition
{
    /// <summary>What the core needs; its Name is the instance's name.</summary>
    public required ProgramPolicy Policy { get; init; }

    public required LaunchSpec Launch { get; init; }

    /// <summary>0 .. replicas-1.</summary>
    public int Index { get; init; }

    public int Replicas { get; init; } = 1;

    /// <summary>Null when the program's stdout is neither kept nor mirrored (then it is /dev/null).</summary>
    public LogSpec? Stdout { get; init; }

    /// <summary>Null as for stdout. Equal by reference to <see cref="Stdout"/> when stderr goes the same way (<c>stderr = "stdout"</c>).</summary>
    public LogSpec? Stderr { get; init; }

    public Probe? Ready { get; init; }

    public Probe? Health { get; init; }

    public HookCommands Hooks { get; init; } = new();

    public Timetable? Schedule { get; init; }

    /// <summary>What <c>initctl reload NAME</c> sends; default SIGHUP (1).</summary>
    public int ReloadSignal { get; init; } = 1;

    /// <summary>Where <c>[program.NAME]</c> stands.</summary>
    public required SourcePosition At { get; init; }

    /// <summary>
    /// What the file says, by key ("command", "stop.grace"), each on one line and before any expansion: for showing to people, since it
    /// holds names of variables and never their values. <c>environment</c> is not in it, and keys that are not written are not either.
    /// </summary>
    public ImmutableDictionary<string, string> Written { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>How to run it.</summary>
public sealed record LaunchSpec
{
    /// <summary>argv, not empty, expanded. Element 0 is looked up in the program's own PATH when it has no slash. Empty when <see cref="Builtin"/> is set.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>A role of this binary ("gateway", "backup", "chat"), run as <c>init ROLE</c>; null for ordinary programs.</summary>
    public string? Builtin { get; init; }

    /// <summary>The working directory; null = Init's own.</summary>
    public string? Directory { get; init; }

    /// <summary>The whole environment as "KEY=VALUE", sorted by key, each key once: inherited, env files, own, secrets granted.</summary>
    public ImmutableArray<string> Environment { get; init; } = [];

    /// <summary>Names of the variables in <see cref="Environment"/> whose values are never shown: the secrets that the program was granted.</summary>
    public ImmutableArray<string> SecretNames { get; init; } = [];

    /// <summary>"uid", "uid:gid", "name" or "name:group"; null = as Init. Names are resolved at each spawn.</summary>
    public string? User { get; init; }

    public int? Umask { get; init; }

    /// <summary>-20..19.</summary>
    public int? Nice { get; init; }

    public ResourceLimits Limits { get; init; } = new();

    public bool NoNewPrivileges { get; init; }

    /// <summary>-1000..1000.</summary>
    public int? OomScoreAdjust { get; init; }

    /// <summary>True when posix_spawn alone cannot set this up, so that <c>init exec-child</c> must.</summary>
    public bool NeedsExecChild =>
        User is not null || Umask is not null || Nice is not null || NoNewPrivileges || OomScoreAdjust is not null || Limits.Any;
}

/// <summary>Null = not limited by us. OpenFiles and Core are rlimits (setrlimit(2)); the others are cgroup v2 controls.</summary>
public sealed record ResourceLimits
{
    public long? OpenFiles { get; init; }

    public ByteSize? Core { get; init; }

    public ByteSize? Memory { get; init; }

    /// <summary>In CPUs: 1.5 = one and a half.</summary>
    public double? Cpu { get; init; }

    public long? Processes { get; init; }

    public bool Any => OpenFiles is not null || Core is not null || NeedsCgroup;

    public bool NeedsCgroup => Memory is not null || Cpu is not null || Processes is not null;
}

/// <summary>Where a stream of output goes. At least one of file and mirror is set.</summary>
/// <param name="File">Absolute path, or null for no file.</param>
/// <param name="MaxSize">The file is rotated before it grows beyond this; 0 = never.</param>
/// <param name="Keep">How many rotated files (NAME.1 …) stay; 0 = truncate.</param>
/// <param name="Mirror">Also to Init's stdout, with prefix and timestamp.</param>
public sealed record LogSpec(string? File, ByteSize MaxSize, int Keep, bool Mirror);

/// <summary>How readiness or health is found out.</summary>
public abstract record Probe
{
    private Probe() { }

    public sealed record PathExists(string Path) : Probe;

    /// <summary>The host is a literal address (v4 or v6), for PID 1 never resolves names.</summary>
    public sealed record Tcp(System.Net.IPAddress Address, int Port) : Probe;

    /// <summary>GET; ready when the status is 200..399 and, if set, the body contains <paramref name="BodyContains"/>.</summary>
    public sealed record Http(System.Net.IPAddress Address, int Port, string HostHeader, string PathAndQuery, string? BodyContains) : Probe;

    /// <summary>Ready when the command exits 0 in time. It runs with the program's environment and directory.</summary>
    public sealed record Exec(ImmutableArray<string> Command) : Probe;

    /// <summary>Ready when a line of output matches (non-backtracking).</summary>
    public sealed record LogLine(string Pattern) : Probe;

    /// <summary>sd_notify(3).</summary>
    public sealed record Notify : Probe;

    public sealed record Exit : Probe;

    public sealed record Delay(TimeSpan After) : Probe;
}

/// <summary>argv of each hook, empty = none. They run with the program's environment and directory.</summary>
public sealed record HookCommands
{
    public ImmutableArray<string> BeforeStart { get; init; } = [];

    public ImmutableArray<string> AfterStart { get; init; } = [];

    public ImmutableArray<string> Stop { get; init; } = [];

    public ImmutableArray<string> AfterStop { get; init; } = [];
}

/// <summary>When a scheduled program runs.</summary>
public abstract record Timetable
{
    private Timetable() { }

    /// <summary>A cron expression in a time zone (null = the container's TZ).</summary>
    public sealed record Cron(string Expression, string? TimeZone) : Timetable;

    /// <summary>At this pace, counted from the start of the previous run (the first run comes one period after boot).</summary>
    public sealed record Every(TimeSpan Period) : Timetable;
}

public sealed record GroupDefinition(string Name, ImmutableArray<string> Programs, SourcePosition At);

/// <summary><c>[on_event.NAME]</c>: exactly one of command and URL is set.</summary>
public sealed record EventHookDefinition(
    string Name, ImmutableArray<string> Events, ImmutableArray<string> Command, Uri? Url, TimeSpan Timeout, SourcePosition At)
{
    /// <summary>The hook's whole environment as for a program, without any secret unless the hook lists it.</summary>
    public ImmutableArray<string> Environment { get; init; } = [];
}
