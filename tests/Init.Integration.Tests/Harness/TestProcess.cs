using System.Runtime.InteropServices;
using System.Text;
using Init.Base;
using Init.Linux;

namespace Init.Integration.Tests.Harness;

/// <summary>
/// A process under test with its stdout and stderr in pipes. Every wait is for an event and has a deadline, after which the test fails with what was seen so far.
/// When disposed of, it and every process that has inherited its environment mark is killed, so that a failed test leaves nothing behind.
/// </summary>
internal sealed class TestProcess : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string MarkVariable = "INIT_TEST_MARK";

    private readonly string _mark;
    private readonly EventLoop _loop = new();
    private readonly TestStream _stdout;
    private readonly TestStream _stderr;
    private readonly int _handle;
    private bool _isGone;

    // Whoever started the test runner may have left descriptors open.
    static TestProcess() => Processes.MarkCloseOnExec(3);

    private TestProcess(int pid, string mark, int stdout, int stderr)
    {
        Pid = pid;
        _mark = mark;
        _stdout = new TestStream(_loop, stdout);
        _stderr = new TestStream(_loop, stderr);
        _handle = Processes.OpenHandle(pid).OrThrow("watch", $"process {pid}");
        _loop.Watch(_handle, IoEvents.Readable, _ =>
        {
            _isGone = true;
            _loop.Unwatch(_handle);
        });
    }

    public int Pid { get; }

    public string Stdout => _stdout.Text;

    public string Stderr => _stderr.Text;

    /// <summary>Starts with the environment of the tests and, in front, what <paramref name="environment"/> says.</summary>
    public static TestProcess Start(IEnumerable<string> command, IEnumerable<string>? environment = null, string? directory = null)
    {
        string mark = Guid.NewGuid().ToString("N");
        List<string> variables = [.. environment ?? [], $"{MarkVariable}={mark}"];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (!variables.Exists(entry => entry.StartsWith($"{variable.Key}=", StringComparison.Ordinal)))
                variables.Add($"{variable.Key}={variable.Value}");
        }

        string[] argv = [.. command];
        CommandLookup.Found found = Assert.IsType<CommandLookup.Found>(CommandLookup.Find(argv[0], Environment.GetEnvironmentVariable("PATH"), directory));
        var (outRead, outWrite) = Pipes.Create(nonBlockingRead: true);
        var (errRead, errWrite) = Pipes.Create(nonBlockingRead: true);
        SpawnResult result = Spawner.Spawn(
            new SpawnRequest { Path = found.Path, Argv = argv, Environment = variables, Directory = directory, Stdout = outWrite, Stderr = errWrite });
        Files.Close(outWrite);
        Files.Close(errWrite);
        return new TestProcess(Assert.IsType<SpawnResult.Spawned>(result).Pid, mark, outRead, errRead);
    }

    /// <summary><c>init ARGUMENTS</c>.</summary>
    public static TestProcess StartInit(params string[] arguments) => Start([TestPaths.Init, .. arguments]);

    /// <summary>Runs it to its end.</summary>
    public static (ExitStatus Status, string Stdout, string Stderr) Run(params string[] command)
    {
        using TestProcess process = Start(command);
        ExitStatus status = process.WaitForExit();
        return (status, process.Stdout, process.Stderr);
    }

    /// <summary>The next line of stdout.</summary>
    public string ReadLine()
    {
        string? line = null;
        WaitUntil(() => _stdout.TryTakeLine(out line), "a line on stdout");
        return line!;
    }

    /// <summary>Reads lines up to and including this one.</summary>
    public void ReadUntil(string line)
    {
        while (ReadLine() != line)
        {
            // The lines before it are somebody else's.
        }
    }

    public void WaitForStderr(string part) => WaitUntil(() => Stderr.Contains(part, StringComparison.Ordinal), $"\"{part}\" on stderr");

    public void Signal(int signal) => Assert.Equal(0, Processes.Kill(Pid, signal));

    /// <summary>Waits for its end and for the end of its output.</summary>
    public ExitStatus WaitForExit()
    {
        WaitUntil(() => _isGone, "its end");
        WaitUntil(() => _stdout.IsAtEnd && _stderr.IsAtEnd, "the end of its output");
        return Reaper.WaitFor(Pid);
    }

    /// <summary>The complete lines of stdout so far.</summary>
    public IReadOnlyList<string> Lines => _stdout.Lines;

    /// <summary>Waits for something that is no event of this process: looks now, whenever one of its events comes, and every few milliseconds.</summary>
    public void WaitUntil(Func<bool> condition, string what, TimeSpan? patience = null) => WaitUntil(condition, () => what, patience);

    /// <inheritdoc cref="WaitUntil(Func{bool}, string, TimeSpan?)"/>
    public void WaitUntil(Func<bool> condition, Func<string> what, TimeSpan? patience = null)
    {
        TimeSpan limit = patience ?? Patience;
        Instant deadline = MonotonicClock.Now + limit;
        while (!condition())
        {
            if (MonotonicClock.Now >= deadline)
                Assert.Fail($"waited {limit.TotalSeconds} s in vain for {what()}\n--- stdout\n{Stdout}\n--- stderr\n{Stderr}");
            _loop.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>The children of this process at this moment, zombies included.</summary>
    public List<ProcessInfo> Children() => ProcFs.ListProcesses().FindAll(process => process.ParentPid == Pid);

    public void Dispose()
    {
        foreach (int pid in ProcFs.ListPids())
        {
            if (ProcFs.ReadEnvironmentValue(pid, MarkVariable) == _mark && ProcFs.Read(pid) is { } process)
                _ = Processes.KillExactly(pid, process.StartTime, Signals.SIGKILL);
        }

        while (!_isGone)
            _loop.RunOnce(null);
        _ = Reaper.Reap(Pid); // Null when WaitForExit has done so.
        _stdout.Dispose();
        _stderr.Dispose();
        Files.Close(_handle);
        _loop.Dispose();
    }

    /// <summary>All that has come out of a pipe, and how much of it was taken as lines.</summary>
    private sealed class TestStream : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly int _fd;
        private readonly List<byte> _bytes = [];
        private readonly List<string> _lines = [];
        private int _taken;
        private int _split;

        public TestStream(EventLoop loop, int fd)
        {
            _loop = loop;
            _fd = fd;
            loop.Watch(fd, IoEvents.Readable, _ => ReadWhatIsThere());
        }

        public bool IsAtEnd { get; private set; }

        public IReadOnlyList<string> Lines
        {
            get
            {
                for (int end; (end = _bytes.IndexOf((byte)'\n', _split)) >= 0; _split = end + 1)
                    _lines.Add(Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_bytes)[_split..end]));
                return _lines;
            }
        }

        public string Text => Encoding.Latin1.GetString([.. _bytes]) is var latin && latin.Any(c => c > 127) ? Encoding.UTF8.GetString([.. _bytes]) : latin;

        public bool TryTakeLine(out string? line)
        {
            int end = _bytes.IndexOf((byte)'\n', _taken);
            line = end < 0 ? null : Encoding.UTF8.GetString([.. _bytes[_taken..end]]);
            if (end >= 0)
                _taken = end + 1;
            return end >= 0;
        }

        public void Dispose()
        {
            if (!IsAtEnd)
                _loop.Unwatch(_fd);
            Files.Close(_fd);
        }

        private void ReadWhatIsThere()
        {
            Span<byte> buffer = stackalloc byte[32768];
            IoResult result = Files.Read(_fd, buffer);
            _bytes.AddRange(buffer[..result.Count]);
            if (!result.IsEndOfFile)
                return;

            IsAtEnd = true;
            _loop.Unwatch(_fd);
        }
    }
}
