using System.Text;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervisord;

/// <summary>Log files that are none: Init's own streams, a FIFO, a terminal.</summary>
public sealed class DeviceLogTests
{
    [SupervisordTheory]
    [InlineData("/dev/stdout", "/dev/stderr")]
    [InlineData("/dev/fd/1", "/dev/fd/2")]
    [InlineData("/proc/self/fd/1", "/proc/self/fd/2")]
    public void OwnStreams_ByEachName_GetTheOutputAsItIs(string stdout, string stderr)
    {
        var (supervisord, init) = SupervisorRun.StartBoth($"""
            [program:shown]
            command=sh -c 'echo on stdout; echo on stderr >&2; sleep 1000'
            stdout_logfile={stdout}
            stdout_logfile_maxbytes=0
            stderr_logfile={stderr}
            stderr_logfile_maxbytes=0
            """);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitUntil(() => run.Stdout.Split('\n').Contains("on stdout"), "output on stdout");
            run.WaitUntil(() => run.Stderr.Split('\n').Contains("on stderr"), "output on stderr");
            Assert.Equal(ExitStatus.Exited(0), run.End());
        }
    }

    [SupervisordFact]
    public void Fifo_WithAReader_GetsTheOutput()
    {
        const string config = "[program:piped]\ncommand=sh -c 'echo first; echo second; sleep 1000'\nstdout_logfile=@DIR@/fifo\nstdout_logfile_maxbytes=0";
        using FifoReader theirReader = new(), ourReader = new();
        using var supervisord = SupervisorRun.StartSupervisord(config, before: theirReader.Make);
        using var init = SupervisorRun.StartInit(config, before: ourReader.Make);
        foreach (var (run, reader) in ((SupervisorRun, FifoReader)[])[(supervisord, theirReader), (init, ourReader)])
        {
            run.WaitUntil(() => reader.Read() == "first\nsecond\n", "both lines in the FIFO");
            Assert.Equal(ExitStatus.Exited(0), run.End());
        }
    }

    /// <summary>supervisord waits in open(2) until somebody reads, and everything waits with it.</summary>
    [SupervisordFact]
    public void Fifo_WithoutAReader_HoldsNobodyUpAndIsFedWhenThereIsOne()
    {
        const string config = """
            [program:piped]
            command=sh -c 'while :; do echo line; sleep 0.2; done'
            stdout_logfile=@DIR@/fifo
            stdout_logfile_maxbytes=0
            [program:other]
            command=sh -c 'echo something; sleep 1000'
            stdout_logfile=@DIR@/other.log
            """;
        using FifoReader reader = new();
        using var init = SupervisorRun.StartInit(config, before: directory => FifoReader.MakeFifo(Path.Combine(directory, "fifo")));

        init.WaitForLog("success: piped");
        init.WaitUntil(() => init.Read("other.log") == "something\n", "the other's log");
        reader.Open(init.PathOf("fifo"));

        init.WaitUntil(() => reader.Read().StartsWith("line\n", StringComparison.Ordinal), "whole lines in the FIFO");
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    [SupervisordFact]
    public void Terminal_AsStdout_GetsOutputAndMainLog()
    {
        using var init = SupervisorRun.StartInit(
            "[program:shown]\ncommand=sh -c 'echo on the terminal; sleep 1000'\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0",
            wrapper: ["/usr/bin/python3", "-c", "import pty, sys; pty.spawn(sys.argv[1:])"]);

        init.WaitUntil(() => init.Stdout.Contains("on the terminal\r\n", StringComparison.Ordinal), "output on the terminal");
        init.WaitUntil(() => init.Stdout.Contains("success: shown", StringComparison.Ordinal), "the main log on the terminal");

        Assert.Equal(0, Processes.Kill(int.Parse(init.Read("supervisord.pid"), System.Globalization.CultureInfo.InvariantCulture), Signals.SIGTERM));
        init.WaitForExit();
    }

    /// <summary>Takes what comes out of a FIFO, without waiting.</summary>
    private sealed class FifoReader : IDisposable
    {
        private readonly StringBuilder _text = new();
        private int _fd = -1;

        public static void MakeFifo(string path) => Assert.Equal(ExitStatus.Exited(0), TestProcess.Run("/usr/bin/mkfifo", path).Status);

        public void Make(string directory)
        {
            string path = Path.Combine(directory, "fifo");
            MakeFifo(path);
            Open(path);
        }

        public void Open(string path) => _fd = Files.Open(path, OpenFlags.Read | OpenFlags.NonBlocking).OrThrow("open", path);

        public string Read()
        {
            Span<byte> buffer = stackalloc byte[4096];
            for (IoResult result = Files.Read(_fd, buffer); result.Count > 0; result = Files.Read(_fd, buffer))
                _text.Append(Encoding.UTF8.GetString(buffer[..result.Count]));
            return _text.ToString();
        }

        public void Dispose()
        {
            if (_fd >= 0)
                Files.Close(_fd);
        }
    }
}
