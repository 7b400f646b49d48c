using System.Diagnostics;
using Init.Base;
using Init.Control;
using Init.Linux;

namespace Init.Integration.Tests.Harness;

/// <summary>How an <see cref="InitUnderTest"/> is started.</summary>
internal sealed record InitOptions
{
    /// <summary>0: root. Any other: that user without privileges, without supplementary groups, and without an entry in /etc/passwd.</summary>
    public int Uid { get; init; }

    /// <summary>False: Init is a child of a shell that is PID 1, so it makes itself the subreaper of its tree.</summary>
    public bool AsPid1 { get; init; } = true;

    /// <summary>True: a shell that is PID 1 starts Init again whenever it has ended.</summary>
    public bool StartsAgain { get; init; }

    /// <summary>A shell command, run as root in Init's own mount namespace before Init; it may use $DIR.</summary>
    public string Prelude { get; init; } = "true";

    /// <summary>In front of Init, after it has become the user: "prlimit --nofile=64", for example.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>After redirections of a shell: "> /dev/full", for example.</summary>
    public string Redirection { get; init; } = "";

    /// <summary>Files beside supervisor.toml, by name. They are executable.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// The published binary, running <c>init run</c> on a configuration in a PID namespace and a directory of its own. The configuration may use ${DIR} (that directory),
/// ${DUMMY} (the child that does what it is told) and ${INIT}. A configuration that begins with <c>[supervisord]</c> is a supervisord.conf, which writes
/// %(ENV_DIR)s and so on, and must say <c>pidfile=%(ENV_DIR)s/state.pid</c>. When disposed of, the whole namespace is killed.
/// </summary>
internal sealed class InitUnderTest : IDisposable
{
    /// <summary>The machine may be busy with other things; a test that is waiting for something that comes does not wait longer for this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>For one answer; stopping a program may take its grace.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    private readonly TestProcess _process;
    private readonly InitOptions _options;
    private readonly bool _isIni;
    private int _nextLine;
    private int? _pid;
    private string? _namespace;
    private ControlClient? _client;

    private InitUnderTest(TestProcess process, string directory, bool isIni, InitOptions options)
    {
        _isIni = isIni;
        _process = process;
        _options = options;
        Directory = directory;
    }

    /// <summary>Everything of this test: configuration, state, logs.</summary>
    public string Directory { get; }

    public string ConfigFile => Path.Combine(Directory, ConfigName(_isIni));

    public string ControlSocket => Path.Combine(Directory, _isIni ? "state.init/control.sock" : "state/control.sock");

    /// <summary>Init's pid, seen from here.</summary>
    public int Pid => _pid ??= FindInit();

    /// <summary>All lines that Init has written to its stdout up to now.</summary>
    public IReadOnlyList<string> Lines => _process.Lines;

    public string Stderr => _process.Stderr;

    /// <param name="config">The configuration; an <c>[init]</c> table with a state directory is put in front unless it has one.</param>
    public static InitUnderTest Start(string config, InitOptions? options = null)
    {
        options ??= new InitOptions();
        string directory = System.IO.Directory.CreateTempSubdirectory("init-").FullName;
        bool isIni = IsIni(config);
        File.WriteAllText(Path.Combine(directory, ConfigName(isIni)), WithInitTable(config));
        foreach (var (name, content) in options.Files)
        {
            string path = Path.Combine(directory, name);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
            Assert.Equal(0, Linux.Files.ChangeMode(path, 0x1ED /* 0755 */));
        }

        // The users of the tests have to write here, whoever they are; nobody else knows the name.
        Assert.Equal(0, Linux.Files.ChangeMode(directory, 0x1FF /* 0777 */));
        TestProcess process = TestProcess.Start(
            CommandOf(options, directory, ConfigName(isIni)), [$"DIR={directory}", $"DUMMY={TestPaths.Dummy}", $"INIT={TestPaths.Init}", "HOME=/", .. options.Environment]);
        return new InitUnderTest(process, directory, isIni, options);
    }

    /// <summary>The configuration of a later reload.</summary>
    public void WriteConfig(string config)
    {
        // Renamed into place, as an editor or a deployment does it.
        File.WriteAllText(ConfigFile + ".new", WithInitTable(config));
        File.Move(ConfigFile + ".new", ConfigFile, overwrite: true);
    }

    // --- Waiting ------------------------------------------------------------------------------------------------------

    /// <summary>The next line that contains this. Lines before it are passed over, so a sequence of calls checks an order.</summary>
    public string WaitForLine(string part)
    {
        string? line = null;
        WaitUntil(() => (line = TakeLine(part)) is not null, $"the line \"{part}\"");
        return line!;
    }

    public void WaitUntil(Func<bool> condition, string what) => WaitUntil(condition, () => what);

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words, asked for when the patience is over.</param>
    public void WaitUntil(Func<bool> condition, Func<string> what) => _process.WaitUntil(condition, what, Patience);

    /// <summary>Waits for the state, with the program's other conditions if there are any.</summary>
    public ProgramStatus WaitForState(string program, string state, Func<ProgramStatus, bool>? condition = null)
    {
        ProgramStatus? status = null;
        WaitUntil(
            () => (status = TryStatusOf(program)) is not null && status.State == state && (condition is null || condition(status)),
            () => $"{program} to be {state}; last seen: {status}");
        return status!;
    }

    public ProgramStatus WaitForReady(string program) => WaitForState(program, "RUNNING", status => status.Ready);

    /// <summary>Waits for the Init that comes after one that has ended.</summary>
    public void WaitForNextInit()
    {
        int old = Pid;
        _client?.Dispose();
        _client = null;
        _pid = null;
        WaitUntil(() => ProcFs.Read(old) is null or { IsZombie: true }, "the old Init to be gone");
        _ = Pid;
    }

    /// <summary>Waits for Init's end.</summary>
    public ExitStatus WaitForExit()
    {
        if (_options.AsPid1)
            return _process.WaitForExit();

        string line = WaitForLine("init ended with ");
        return ExitStatus.Exited(int.Parse(line.Split(' ')[^1]));
    }

    /// <summary>Lets the time pass, for what must not happen in it; with the time, output is collected.</summary>
    public void Watch(TimeSpan time)
    {
        Instant end = MonotonicClock.Now + time;
        WaitUntil(() => MonotonicClock.Now >= end, "the end of a pause");
    }

    // --- Asking -------------------------------------------------------------------------------------------------------

    public ProgramStatus StatusOf(string program)
    {
        ProgramStatus? status = null;
        WaitUntil(() => (status = TryStatusOf(program)) is not null, $"a status of {program}");
        return status!;
    }

    /// <summary>Null while the control socket is not there, or when the program is unknown.</summary>
    public ProgramStatus? TryStatusOf(string program)
    {
        // A connection may have been given up in favour of a newer one; then the next is that newer one.
        return AskStatus(program) ?? AskStatus(program);
    }

    private ProgramStatus? AskStatus(string program)
    {
        ControlClient? client = _client ??= ControlClient.Connect(ControlSocket, out _);
        switch (client?.Ask(new ControlRequest.Status([program])))
        {
            case ControlAnswer.Done(ControlResult.Status(var programs, _)):
                return programs.FirstOrDefault(status => status.Name == program);
            case null:
                return null;
            case ControlAnswer.Lost:
                client?.Dispose();
                _client = null;
                return null;
            case var other:
                throw new InvalidOperationException($"status: {other}");
        }
    }

    /// <summary>Asks on a connection of its own, and gives the outcomes as "name: code".</summary>
    public List<string> Ask(ControlRequest request) =>
        AskOrRefuse(request, out List<string> outcomes) is ControlAnswer.Done ? outcomes : throw new InvalidOperationException($"{request} was not done: {string.Join(", ", outcomes)}");

    public T Ask<T>(ControlRequest request) where T : ControlResult => AskOrRefuse(request, out _) switch
    {
        ControlAnswer.Done(T result) => result,
        var other => throw new InvalidOperationException($"{request}: {other}"),
    };

    public ControlAnswer AskOrRefuse(ControlRequest request, out List<string> outcomes)
    {
        ControlClient? client = null;
        WaitUntil(() => (client = ControlClient.Connect(ControlSocket, out _)) is not null, "the control socket");
        List<string> collected = [];
        using (client)
        {
            // On a thread of its own: an Init that lets nobody in must fail its test, not hang the run.
            Task<ControlAnswer> answer = Task.Factory.StartNew(
                () => client!.Ask(request, item =>
                {
                    if (item is ControlItem.Outcome(var name, var code, _))
                        collected.Add($"{name}: {code}");
                }),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            if (!answer.Wait(AnswerLimit))
                throw new TimeoutException($"no answer to {request} within {AnswerLimit.TotalSeconds:0} s\n--- stdout\n{_process.Stdout}\n--- stderr\n{_process.Stderr}");
            outcomes = collected;
            return answer.GetAwaiter().GetResult();
        }
    }

    public List<string> StartProgram(string name) => Ask(new ControlRequest.Start([name], Wait: true));

    public List<string> StopProgram(string name) => Ask(new ControlRequest.Stop([name], Wait: true));

    public string ReadLog(string file) => File.ReadAllText(Path.Combine(Directory, "state/logs", file));

    // --- Doing --------------------------------------------------------------------------------------------------------

    /// <summary>Sends a signal to Init.</summary>
    public void Signal(int signal) => Assert.Equal(0, Processes.Kill(Pid, signal));

    /// <summary>Sends a signal many times while Init cannot run, so that a machine that is busy cannot stretch the burst.</summary>
    public void SendBurst(int signal, int times)
    {
        Signal(Signals.SIGSTOP);
        for (int i = 0; i < times; i++)
            Signal(signal);
        Signal(Signals.SIGCONT);
    }

    /// <summary>Sends a signal to a process, given by its pid inside the namespace.</summary>
    public void SignalInside(int pid, int signal)
    {
        if (PidFromInside(pid) is { } outside)
            _ = Processes.Kill(outside, signal);
    }

    /// <summary>The pid seen from here of a process, given by its pid inside the namespace; null when there is none.</summary>
    public int? PidFromInside(int pid)
    {
        foreach (ProcessInfo process in ProcessesInside())
        {
            if (Pids(process.Pid) is [.., var inside] && inside == pid)
                return process.Pid;
        }

        return null;
    }

    /// <summary>Every process of the namespace that is no zombie, Init included.</summary>
    public List<ProcessInfo> ProcessesInside()
    {
        string own = _namespace ??= NamespaceOf(Pid) ?? throw new InvalidOperationException("Init has ended too early");
        return ProcFs.ListProcesses().FindAll(process => !process.IsZombie && NamespaceOf(process.Pid) == own);
    }

    /// <summary>As "pid command line" of all processes in the namespace, without Init itself and what the harness has there.</summary>
    public List<string> CommandsInside() =>
        [.. ProcessesInside().Where(process => process.Pid != _pid && !IsOfHarness(process.Pid)).Select(process => CommandLineOf(process.Pid)).Where(line => line.Length > 0)];

    /// <summary>The shell that is PID 1 when Init is not.</summary>
    public bool IsOfHarness(int pid) => !_options.AsPid1 && Pids(pid) is [.., 1];

    public static string CommandLineOf(int pid)
    {
        byte[]? bytes = Linux.Files.ReadAll($"/proc/{pid}/cmdline", 1 << 20, out _);
        return bytes is null ? "" : System.Text.Encoding.UTF8.GetString(bytes).Replace('\0', ' ').TrimEnd();
    }

    /// <summary>A signal for TERM, and its exit with the code; the end of nearly every test.</summary>
    public void EndInOrder(int code = 0)
    {
        Signal(Signals.SIGTERM);
        Assert.Equal(ExitStatus.Exited(code), WaitForExit());
    }

    public void Dispose()
    {
        _client?.Dispose();
        _process.Dispose();
        RemoveDirectory();
    }

    // --- Details ------------------------------------------------------------------------------------------------------

    private static bool IsIni(string config) => config.StartsWith("[supervisord]", StringComparison.Ordinal);

    private static string ConfigName(bool isIni) => isIni ? "supervisord.conf" : "supervisor.toml";

    private static string WithInitTable(string config) =>
        IsIni(config) || config.Contains("state_dir", StringComparison.Ordinal) ? config
        : config.Contains("[init]", StringComparison.Ordinal) ? config.Replace("[init]", "[init]\nstate_dir = \"${DIR}/state\"", StringComparison.Ordinal)
        : $"[init]\nstate_dir = \"${{DIR}}/state\"\n{config}";

    private static string[] CommandOf(InitOptions options, string directory, string configName)
    {
        // /etc/passwd without the user, whoever has that number on this machine.
        string passwd = options.Uid == 0 ? "" : $"grep -v ':{options.Uid}:{options.Uid}:' /etc/passwd > $DIR/passwd; chmod 644 $DIR/passwd; mount --bind $DIR/passwd /etc/passwd; ";
        string[] become = options.Uid == 0
            ? []
            : ["setpriv", $"--reuid={options.Uid}", $"--regid={options.Uid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
        string exec = options.StartsAgain ? "while :; do \"$@\"" : options.AsPid1 ? "exec \"$@\"" : "\"$@\"";
        string after = options.StartsAgain ? "; echo init ended with $?; done" : options.AsPid1 ? "" : "; echo init ended with $?; exec sleep 100000";
        return
        [
            "unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
            "sh", "-c", $"{{ {passwd}{options.Prelude}; }} || exit 99; {exec} {options.Redirection}{after}", "sh",
            .. become, .. options.Wrapper, TestPaths.Init, "run", "-c", Path.Combine(directory, configName),
        ];
    }

    private int FindInit()
    {
        ProcessInfo? found = null;
        _process.WaitUntil(
            () =>
            {
                List<ProcessInfo> all = ProcFs.ListProcesses();
                int shell = all.Find(process => process.ParentPid == _process.Pid).Pid;
                int parent = _options.AsPid1 ? _process.Pid : shell;
                int index = shell == 0 ? -1 : all.FindIndex(process => process.ParentPid == parent && process.Name == "init");
                found = index < 0 ? null : all[index];
                return found is not null;
            },
            "Init to start",
            Patience);
        return found!.Value.Pid;
    }

    private string? TakeLine(string part)
    {
        while (_nextLine < _process.Lines.Count)
        {
            string line = _process.Lines[_nextLine++];
            if (line.Contains(part, StringComparison.Ordinal))
                return line;
        }

        return null;
    }

    private static string? NamespaceOf(int pid) => Linux.Files.ReadLink($"/proc/{pid}/ns/pid");

    /// <summary>The pids of a process, from the outermost namespace to its own.</summary>
    private static int[] Pids(int pid)
    {
        byte[]? status = Linux.Files.ReadAll($"/proc/{pid}/status", 1 << 16, out _);
        string? line = status is null
            ? null
            : System.Text.Encoding.ASCII.GetString(status).Split('\n').FirstOrDefault(line => line.StartsWith("NSpid:", StringComparison.Ordinal));
        return line is null ? [] : [.. line["NSpid:".Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    }

    private void RemoveDirectory()
    {
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (IOException exception)
        {
            // A process that was just killed may have written one more file; what is left is in /tmp.
            Debug.WriteLine(exception.Message);
        }
    }
}
