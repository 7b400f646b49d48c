using System.Diagnostics;
using System.Text;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

/// <summary>A log pump with real pipes; the test's own thread is the main loop.</summary>
internal sealed class PumpHarness : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<int> _writeEnds = [];

    private PumpHarness(LogPumpOptions options, TestDirectory directory, int stdoutReadEnd)
    {
        Directory = directory;
        Main = options.MainLoop;
        StdoutReadEnd = stdoutReadEnd;
        Pump = new LogPump(options);
        Pump.Start();
    }

    public TestDirectory Directory { get; }

    public EventLoop Main { get; }

    public LogPump Pump { get; }

    /// <summary>-1 when stdout is no pipe.</summary>
    public int StdoutReadEnd { get; private set; }

    public static PumpHarness Create(Func<LogPumpOptions, TestDirectory, LogPumpOptions>? change = null)
    {
        TestDirectory directory = new();
        LogPumpOptions options = new() { MainLoop = new EventLoop() };
        return new PumpHarness(change?.Invoke(options, directory) ?? options, directory, -1);
    }

    /// <summary>stdout is a pipe that the test reads, or does not.</summary>
    public static PumpHarness WithStdoutPipe(Func<LogPumpOptions, TestDirectory, LogPumpOptions>? change = null)
    {
        TestDirectory directory = new();
        var (read, write) = Pipes.Create();
        LogPumpOptions options = new() { MainLoop = new EventLoop(), StdoutFd = write };
        return new PumpHarness(change?.Invoke(options, directory) ?? options, directory, read);
    }

    public LogSpec File(string name, long maxSize = 0, int keep = 0, bool mirror = false) => new(Directory[name], new ByteSize(maxSize), keep, mirror);

    public static LogSpec MirrorOnly { get; } = new(null, default, 0, Mirror: true);

    /// <summary>The writing end of a program's stdout or stderr.</summary>
    public int Attach(string instance, LogSpec spec, OutputStream stream = OutputStream.Stdout, OutputSource? source = null)
    {
        var (read, write) = Pipes.Create();
        Pump.Attach(instance, stream, read, spec, source);
        _writeEnds.Add(write);
        return write;
    }

    public static void Write(int fd, string text) => Write(fd, Encoding.UTF8.GetBytes(text));

    public static void Write(int fd, byte[] bytes)
    {
        IoResult result = Files.WriteAll(fd, bytes);
        Assert.Equal((bytes.Length, 0), (result.Count, result.Errno));
    }

    public void Close(int writeEnd)
    {
        Assert.True(_writeEnds.Remove(writeEnd));
        Files.Close(writeEnd);
    }

    /// <summary>Runs the main loop until something is so.</summary>
    public void Until(Func<bool> isSo, string what)
    {
        long began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"it did not happen: {what}");
            Main.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(5));
        }
    }

    public void UntilReceived(string instance, long bytes) =>
        Until(() => Pump.StatisticsOf(instance).Bytes >= bytes, $"{bytes} bytes of {instance} are received");

    public string Text(string name) => System.IO.File.Exists(Directory[name]) ? System.IO.File.ReadAllText(Directory[name]) : "";

    public LogExcerpt Tail(string instance, TailRequest request, OutputStream stream = OutputStream.Stdout)
    {
        LogExcerpt? excerpt = null;
        Pump.Tail(instance, stream, request, result => excerpt = result);
        Until(() => excerpt is not null, "the tail is there");
        return excerpt!.Value;
    }

    public static string TextOf(LogExcerpt excerpt) => Encoding.UTF8.GetString(excerpt.Bytes.Span);

    /// <summary>What the log thread has been asked so far, it has done.</summary>
    public void Settle() => Tail("nobody", TailRequest.Lines(1));

    public void CloseStdoutReadEnd()
    {
        Files.Close(StdoutReadEnd);
        StdoutReadEnd = -1;
    }

    /// <summary>Reads stdout on a thread of its own until its end, which <see cref="Stop"/> brings.</summary>
    public StdoutReader ReadStdout()
    {
        StdoutReader reader = new(StdoutReadEnd);
        StdoutReadEnd = -1;
        return reader;
    }

    public bool Stop(double seconds = 20) => Pump.Stop(TimeSpan.FromSeconds(seconds));

    public void Dispose()
    {
        foreach (int fd in _writeEnds)
            Files.Close(fd);
        Pump.Stop(TimeSpan.FromSeconds(1));
        Pump.Dispose();
        if (StdoutReadEnd >= 0)
            Files.Close(StdoutReadEnd);
        Main.Dispose();
        Directory.Dispose();
    }
}

/// <summary>Takes over the reading end of a pipe and reads it to its end.</summary>
internal sealed class StdoutReader
{
    private readonly Thread _thread;
    private byte[] _bytes = [];

    public StdoutReader(int fd)
    {
        _thread = new Thread(() =>
        {
            _bytes = Files.ReadToEnd(fd, 1 << 30, out _)!;
            Files.Close(fd);
        });
        _thread.Start();
    }

    /// <summary>Waits for the end.</summary>
    public byte[] Bytes
    {
        get
        {
            Assert.True(_thread.Join(PumpHarness.Patience), "stdout was not closed");
            return _bytes;
        }
    }

    public string Text => Encoding.UTF8.GetString(Bytes);
}
