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
    /// Things that are valid and yet deserve a word (a limit that needs root). Said once at start.
    /// </summary>
    public ImmutableArray<ConfigProblem> Warnings { get; init; } = [];

    /// <summary>Pools of event listeners, as supervisord has them.</summary>
    public ImmutableArray<EventListenerPool> EventListeners { get; init; } = [];

    /// <summary>Where Init's HTTP interface (XML-RPC, REST, metrics) listens. Not empty and no program with the role "gateway": Init runs the role by itself.</summary>
    public ImmutableArray<HttpEndpoint> HttpEndpoints { get; init; } = [];

    /// <summary>The public port of the same role; null: it forwards nothing.</summary>
    public ProxySettings? Proxy { get; init; }

    /// <summary>What the role "backup" does; null when there is neither <c>[backup]</c> nor a program with that role.</summary>
    public BackupOptions? Backup { get; init; }

    /// <summary>What the role "chat" does; null when there is neither <c>[chat]</c> nor a program with that role.</summary>
    public ChatOptions? Chat { get; init; }

    /// <summary>What only a supervisord.conf says; null when the configuration is a supervisor.toml.</summary>
    public SupervisordSettings? Supervisord { get; init; }

    /// <summary>The servers of a supervisord.conf, in supervisord's order.</summary>
    public ImmutableArray<SupervisordServer> SupervisordServers { get; init; } = [];

    /// <summary>What a supervisord.conf calls those <c>[rpcinterface:x]</c> that are there, in its order.</summary>
    public ImmutableArray<string> RpcInterfaces { get; init; } = [];
}

/// <summary><c>[eventlistener:x]</c>: its programs are those whose group is called so.</summary>
/// <param name="Name">The pool; the group of its programs.</param>
/// <param name="Events">supervisord's event types, abstract ones as written ("PROCESS_STATE", "TICK_60").</param>
/// <param name="BufferSize">Events kept while all listeners of the pool are busy; at least 1. Beyond it the oldest is dropped.</param>
/// <param name="At">Where the section stands.</param>
public sealed record EventListenerPool(string Name, ImmutableArray<string> Events, int BufferSize, SourcePosition At);

/// <summary>One listening address of the HTTP interface. Exactly one of <see cref="UnixPath"/> and <see cref="Port"/> is set.</summary>
public sealed record HttpEndpoint
{
    public string? UnixPath { get; init; }

    /// <summary>Of the unix socket.</summary>
    public int UnixMode { get; init; } = 0b111_000_000;

    /// <summary>Of the unix socket: "user" or "user:group"; null = as Init.</summary>
    public string? UnixOwner { get; init; }

    /// <summary>The address to listen on; null = all.</summary>
    public System.Net.IPAddress? Address { get; init; }

    /// <summary>1..65535.</summary>
    public int? Port { get; init; }

    /// <summary>Basic authentication is asked for when it is set.</summary>
    public string? Username { get; init; }

    /// <summary>A secret: plain, or "{SHA}" and 40 hexadecimal digits.</summary>
    public string? Password { get; init; }

    /// <summary>A secret: whoever brings it as a bearer token (RFC 6750) needs no password. Null = no token is taken.</summary>
    public string? Token { get; init; }

    /// <summary>True: nobody has to prove who he is.</summary>
    public bool IsOpen => Username is null && Password is null && Token is null;
}

/// <summary><c>[supervisord]</c>, as far as it has no counterpart in a supervisor.toml. All paths are absolute.</summary>
public sealed record SupervisordSettings
{
    public string Identifier { get; init; } = "supervisor";

    /// <summary>The main log, in supervisord's format. Null = none.</summary>
    public string? LogFile { get; init; }

    /// <summary>0 = never rotated.</summary>
    public ByteSize LogMaxSize { get; init; } = new(50 << 20);

    public int LogBackups { get; init; } = 10;

    /// <summary>critical error warn info debug trace blather.</summary>
    public string LogLevel { get; init; } = "info";

    public string? PidFile { get; init; }

    /// <summary>Null = as Init was started: supervisord sets it only when it becomes a daemon.</summary>
    public int? Umask { get; init; }

    /// <summary>What Init changes into before anything else; null = where it was started. supervisord changes only when it becomes a daemon.</summary>
    public string? Directory { get; init; }

    /// <summary><c>minfds</c>: Init raises its own limit of open files, which programs inherit, to at least this.</summary>
    public int OpenFilesMin { get; init; } = 1024;

    /// <summary><c>minprocs</c>: the same for RLIMIT_NPROC.</summary>
    public int ProcessesMin { get; init; } = 200;

    /// <summary>Whom Init itself becomes after it has bound and opened what needs root; null = it stays who it is.</summary>
    public string? User { get; init; }

    /// <summary>Where log files with the name AUTO are made (see <see cref="LogSpec.AutoPrefix"/>).</summary>
    public required string ChildLogDirectory { get; init; }

    /// <summary>False: AUTO log files of an earlier run are deleted at start.</summary>
    public bool NoCleanup { get; init; }

    /// <summary>True: the main log does not go to stdout as well.</summary>
    public bool Silent { get; init; }
}

/// <summary>What the main log says of a server.</summary>
/// <param name="Section">Its name in the file: <c>unix_http_server</c>, <c>inet_http_server:name</c>.</param>
/// <param name="AsksForPassword">False: whoever can reach it may do everything.</param>
public sealed record SupervisordServer(string Section, bool AsksForPassword);

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

    /// <summary>Those of <see cref="Secrets"/> that only the role "backup" is given.</summary>
    public ImmutableArray<string> BackupSecrets { get; init; } = [];

    /// <summary>Those of <see cref="Secrets"/> that only the role "chat" is given.</summary>
    public ImmutableArray<string> ChatSecrets { get; init; } = [];
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

    /// <summary>What supervisord's clients call its group; null = <c>Policy.Program</c>.</summary>
    public string? GroupName { get; init; }

    /// <summary>What supervisord's clients call it within its group; null = the program's name, or the index when it has replicas.</summary>
    public string? ProcessName { get; init; }

    /// <summary>supervisord's group, whether it is named or follows from the program.</summary>
    public string SupervisordGroup => GroupName ?? Policy.Program;

    /// <summary>supervisord's process within its group, whether it is named or follows from the program.</summary>
    public string SupervisordProcess =>
        ProcessName ?? (Replicas > 1 ? Index.ToString(System.Globalization.CultureInfo.InvariantCulture) : Policy.Program);

    /// <summary>What only supervisord's clients ask about; null when the configuration is a supervisor.toml.</summary>
    public SupervisordProgram? Supervisord { get; init; }

    /// <summary>True: it is Init's own (a role that it runs by itself) and is not listed among the user's programs.</summary>
    public bool IsOwn { get; init; }

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

/// <summary>What a supervisord.conf says about a process and nothing but getAllConfigInfo needs.</summary>
/// <param name="Priority">Of the process within its group; that of the group is <see cref="ProgramPolicy.ShutdownPriority"/>.</param>
/// <param name="Command">Expanded, on one line and not split into words.</param>
/// <param name="ServerUrl">Null = AUTO.</param>
public sealed record SupervisordProgram(int Priority, string Command, string? ServerUrl);

/// <summary>How to run it.</summary>
public sealed record LaunchSpec
{
    /// <summary>argv, not empty, expanded. Element 0 is looked up in the program's own PATH when it has no slash. With <see cref="Builtin"/>, what follows the role's name.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>
    /// Why <see cref="Command"/> cannot be run, in supervisord's words ("can't parse command 'x"': No closing quotation"): each start fails with this text.
    /// supervisord runs the other programs of a file with such a command, so it is no problem of the configuration. Null = nothing is wrong.
    /// </summary>
    public string? CommandFault { get; init; }

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

    /// <summary>True: stdin is a pipe to which clients may write (supervisord's sendProcessStdin), and not /dev/null.</summary>
    public bool HasStdinPipe { get; init; }

    /// <summary>A listening socket that Init makes before the first start, keeps open, and gives as stdin to each process of the group (FastCGI). Null = none.</summary>
    public SharedSocket? Socket { get; init; }

    /// <summary>True when posix_spawn alone cannot set this up, so that <c>init exec-child</c> must.</summary>
    public bool NeedsExecChild =>
        User is not null || Umask is not null || Nice is not null || NoNewPrivileges || OomScoreAdjust is not null || Limits.Any;
}

/// <param name="Group">The group whose processes share it.</param>
/// <param name="UnixPath">The socket's path; null for TCP.</param>
/// <param name="Address">For TCP; null = all addresses.</param>
/// <param name="Port">For TCP.</param>
/// <param name="Backlog">As for listen(2); null = the system's largest.</param>
/// <param name="Owner">"user" or "user:group", of a unix socket; null = as Init.</param>
/// <param name="Mode">Of a unix socket.</param>
public sealed record SharedSocket(string Group, string? UnixPath, System.Net.IPAddress? Address, int Port, int? Backlog, string? Owner, int Mode);

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

/// <summary>Where a stream of output goes. In a supervisor.toml at least one of file and mirror is set.</summary>
/// <param name="File">Absolute path, or null for no file.</param>
/// <param name="MaxSize">The file is rotated before it grows beyond this; 0 = never.</param>
/// <param name="Keep">How many rotated files (NAME.1 …) stay; 0 = truncate.</param>
/// <param name="Mirror">Also to Init's stdout, with prefix and timestamp.</param>
public sealed record LogSpec(string? File, ByteSize MaxSize, int Keep, bool Mirror)
{
    /// <summary>More than 0: what stands between supervisord's communication tags is taken out and made an event, at most so many bytes of it.</summary>
    public ByteSize CaptureMax { get; init; }

    /// <summary>
    /// supervisord's AUTO: <see cref="File"/> is null, and the file is this absolute path, some random characters and ".log", chosen anew at each start of Init.
    /// </summary>
    public string? AutoPrefix { get; init; }

    /// <summary>Each piece of output is made an event for supervisord's event listeners.</summary>
    public bool RaisesEvents { get; init; }

    /// <summary>Lines go to syslog(3) as well.</summary>
    public bool Syslog { get; init; }

    /// <summary>Each line becomes one of Init's own log, with the level that it begins with ("warning: "), else as an error. For Init's own roles.</summary>
    public bool IsOwnLog { get; init; }

    /// <summary>ANSI escape sequences are taken out before anything is kept.</summary>
    public bool StripsAnsi { get; init; }

    /// <summary>False: there is nothing to be done with the output, and it may go to /dev/null.</summary>
    public bool IsUsed => File is not null || AutoPrefix is not null || Mirror || CaptureMax.Bytes > 0 || RaisesEvents || Syslog || IsOwnLog;
}

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
