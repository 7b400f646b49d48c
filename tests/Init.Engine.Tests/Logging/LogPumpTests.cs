using System.Text;
using Init.Base;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed class LogPumpTests
{
    [Fact]
    public void Watch_WhenALineMatchesOnEitherStream_CallsBackOnceOnTheMainLoop()
    {
        using PumpHarness harness = PumpHarness.Create();
        List<string> found = [];
        int thread = 0;
        harness.Pump.Watch("web", "listening on :[0-9]+$", line =>
        {
            found.Add(line);
            thread = Environment.CurrentManagedThreadId;
        });
        int stdout = harness.Attach("web", harness.File("web.log"));
        int stderr = harness.Attach("web", harness.File("web.err"), OutputStream.Stderr);
        PumpHarness.Write(stdout, "starting\nlistening on nothing\n");
        harness.UntilReceived("web", 30);
        PumpHarness.Write(stderr, "now liste");
        PumpHarness.Write(stderr, "ning on :8080\r\nlistening on :8081\n");
        harness.UntilReceived("web", 73);
        PumpHarness.Write(stdout, "listening on :8082\n");
        harness.UntilReceived("web", 92);
        harness.Settle();

        Assert.Equal(["now listening on :8080"], found);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void Watch_WhenAnEarlierProcessSpeaks_DoesNotTakeItForTheReplacement()
    {
        using PumpHarness harness = PumpHarness.Create();
        int old = harness.Attach("web", harness.File("web.log"));
        List<string> found = [];
        harness.Pump.Watch("web", "ready", found.Add);
        PumpHarness.Write(old, "ready old\n");
        harness.UntilReceived("web", 10);
        int replacement = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(replacement, "ready new\n");
        harness.Until(() => found.Count > 0, "the line is found");

        Assert.Equal(["ready new"], found);
    }

    [Fact]
    public void Watch_WhenCancelled_IsSilent()
    {
        using PumpHarness harness = PumpHarness.Create();
        List<string> found = [];
        LogWatch watch = harness.Pump.Watch("web", "ready", found.Add);
        int fd = harness.Attach("web", harness.File("web.log"));
        watch.Cancel();
        PumpHarness.Write(fd, "ready\n");
        harness.UntilReceived("web", 6);
        harness.Settle();

        Assert.Empty(found);
    }

    [Fact]
    public void Watch_WhenALineIsVeryLong_LooksAtItsFirst64KiB()
    {
        using PumpHarness harness = PumpHarness.Create();
        List<string> found = [];
        harness.Pump.Watch("web", "^x+ready", found.Add);
        harness.Pump.Watch("web", "needle", found.Add);
        int fd = harness.Attach("web", harness.File("web.log"));
        string line = new string('x', 60_000) + "ready" + new string('x', 1_000_000) + "needle\n";
        PumpHarness.Write(fd, line);
        harness.Until(() => found.Count > 0, "the beginning is matched");
        harness.UntilReceived("web", line.Length);
        harness.Settle();

        Assert.Single(found);
        PumpHarness.Write(fd, "needle\n");
        harness.Until(() => found.Count > 1, "the next line is matched");
        Assert.Equal("needle", found[1]);
    }

    [Fact]
    public void Watch_WhenThePatternIsCruel_CostsNoTime()
    {
        using PumpHarness harness = PumpHarness.Create();
        bool isFound = false;
        harness.Pump.Watch("web", "(a+)+$", _ => isFound = true);
        int fd = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(fd, new string('a', 30_000) + "b\nok a\n");
        harness.Until(() => isFound, "the second line matches");
    }

    [Fact]
    public void Tail_WhenLinesOrBytesAreWanted_GivesTheEndAcrossARotation()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log", maxSize: 100, keep: 2));
        for (int i = 0; i < 25; i++)
            PumpHarness.Write(fd, $"line {i:D3}\n"); // 9 bytes; 11 to a file.
        PumpHarness.Write(fd, "half");
        harness.UntilReceived("web", 229);

        Assert.Equal("line 024\nhalf", PumpHarness.TextOf(harness.Tail("web", TailRequest.Lines(2))));
        Assert.Equal("e 024\nhalf", PumpHarness.TextOf(harness.Tail("web", TailRequest.Bytes(10))));
        Assert.Equal("line 020\nline 021\nline 022\nline 023\nline 024\nhalf", PumpHarness.TextOf(harness.Tail("web", TailRequest.Lines(6))));
        LogExcerpt all = harness.Tail("web", TailRequest.Lines(1000));
        Assert.StartsWith("line 011\n", PumpHarness.TextOf(all), StringComparison.Ordinal);
        Assert.Equal(-99, all.Offset);
        Assert.Equal("", PumpHarness.TextOf(harness.Tail("web", TailRequest.Lines(0))));
        Assert.Equal("", PumpHarness.TextOf(harness.Tail("unknown", TailRequest.Lines(5))));
    }

    [Fact]
    public void Tail_WhenThereIsNoFile_ComesFromMemory()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", PumpHarness.MirrorOnly);
        for (int i = 0; i < 10_000; i++)
            PumpHarness.Write(fd, $"line {i:D5}\n");
        harness.UntilReceived("web", 110_000);

        Assert.Equal("line 09998\nline 09999\n", PumpHarness.TextOf(harness.Tail("web", TailRequest.Lines(2))));
        Assert.Equal(16 << 10, harness.Tail("web", TailRequest.Bytes(1 << 20)).Bytes.Length);
    }

    [Fact]
    public void Read_WhenOffsetIsGiven_GivesThatPart()
    {
        using PumpHarness harness = PumpHarness.Create();
        PumpHarness.Write(harness.Attach("web", harness.File("web.log")), "0123456789");
        harness.UntilReceived("web", 10);
        List<LogExcerpt> read = [];
        harness.Pump.Read("web", OutputStream.Stdout, 3, 4, read.Add);
        harness.Pump.Read("web", OutputStream.Stdout, 8, 100, read.Add);
        harness.Pump.Read("web", OutputStream.Stdout, 100, 4, read.Add);
        harness.Until(() => read.Count == 3, "all is read");

        Assert.Equal(["3456", "89", ""], read.Select(PumpHarness.TextOf));
        Assert.All(read, excerpt => Assert.Equal(10, excerpt.LogSize));
    }

    [Fact]
    public void Follow_WhenTheProgramRestarts_GoesOnWithoutAGap()
    {
        using PumpHarness harness = PumpHarness.Create();
        int first = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(first, "one\ntwo\nthree\n");
        harness.UntilReceived("web", 14);
        StringBuilder heard = new();
        LogSubscription subscription = harness.Pump.Follow(
            "web", OutputStream.Stdout, TailRequest.Lines(2), chunk => heard.Append(Encoding.UTF8.GetString(chunk.Bytes.Span)));
        PumpHarness.Write(first, "four\n");
        harness.Close(first);
        harness.UntilReceived("web", 19);
        int second = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(second, "five\n");
        harness.Until(() => heard.ToString() == "two\nthree\nfour\nfive\n", "all is heard");
        subscription.Cancel();
        PumpHarness.Write(second, "six\n");
        harness.UntilReceived("web", 28);
        harness.Settle();

        Assert.Equal("two\nthree\nfour\nfive\n", heard.ToString());
    }

    [Fact]
    public void Follow_WhenTheMainLoopIsSlow_DropsAndSaysHowMuch()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log"));
        long heard = 0, dropped = 0;
        harness.Pump.Follow("web", OutputStream.Stdout, TailRequest.Lines(0), chunk =>
        {
            heard += chunk.Bytes.Length;
            dropped += chunk.DroppedBefore;
        });
        for (int i = 0; i < 50; i++)
            PumpHarness.Write(fd, new string('x', 99_999) + "\n"); // The main loop does not run meanwhile.
        SpinWait.SpinUntil(() => harness.Pump.StatisticsOf("web").Bytes == 5_000_000, PumpHarness.Patience);
        harness.Settle();
        PumpHarness.Write(fd, "last\n");
        harness.Until(() => heard + dropped == 5_000_005, "what was dropped is told");

        Assert.InRange(dropped, 1_000_000, 5_000_000 - 100_000);
    }

    [Fact]
    public void Clear_WhenThereAreRotatedFiles_LeavesAnEmptyOne()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log", maxSize: 10, keep: 3));
        PumpHarness.Write(fd, "aaaaaa\nbbbbbb\ncccccc\n");
        harness.UntilReceived("web", 21);
        harness.Pump.Clear("web");
        harness.Settle();

        Assert.Equal(["web.log"], Directory.GetFiles(harness.Directory.Path).Select(Path.GetFileName));
        Assert.Equal("", harness.Text("web.log"));
    }

    [Fact]
    public void InitLog_WhenWritten_IsOnStdoutAndInARollingFile()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe((options, directory) => options with
        {
            LogDirectory = directory.Path,
            InitLogMaxSize = new ByteSize(1000),
            InitLogFiles = 3,
        });
        for (int i = 0; i < 100; i++)
            harness.Pump.Log.Write(LogLevel.Information, "test", $"message {i:D3}");
        StdoutReader read = harness.ReadStdout();
        Assert.True(harness.Stop());

        string[] stdout = read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"init | message {i:D3}"), stdout.Select(line => line[25..]));
        string[] files = [.. Directory.GetFiles(harness.Directory.Path, "init*.log").Order()];
        Assert.Equal(3, files.Length);
        Assert.EndsWith("init | message 099\n", File.ReadAllText(files[^1]), StringComparison.Ordinal);
        Assert.True(files.All(file => new FileInfo(file).Length < 1100));
    }

    [Fact]
    public void InitLog_WhenItsDirectoryCannotBeWritten_SaysSoOnStdoutOnce()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe((options, _) => options with { LogDirectory = "/proc/nowhere" });
        harness.Pump.Log.Write(LogLevel.Information, "test", "one");
        harness.Pump.Log.Write(LogLevel.Information, "test", "two");
        StdoutReader read = harness.ReadStdout();
        harness.Until(() => harness.Pump.Log.HasQueued == false, "it is taken");
        Thread.Sleep(InitLogFile.MadeAfter * 2);
        Assert.True(harness.Stop());

        Assert.Equal(2, read.Text.Split("cannot write Init's own log file").Length);
    }

    [Fact]
    public void Pump_WhenAThousandProgramsAreIdle_NeitherWakesUpNorNeedsMemory()
    {
        using PumpHarness harness = PumpHarness.Create();
        using EventLoop probe = new();
        int limit = Math.Min(1000, OpenFileLimit() / 3);
        harness.Settle();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < limit; i++)
            PumpHarness.Write(harness.Attach($"program-{i}", harness.File($"{i}.log")), "hello\n");
        harness.Until(() => harness.Pump.StatisticsOf($"program-{limit - 1}").Bytes == 6, "all are heard");
        harness.Settle();
        long perProgram = (GC.GetTotalMemory(forceFullCollection: true) - before) / limit;

        Assert.InRange(perProgram, 0, 2048);
        long wakeUps = harness.Pump.WakeUps;
        Thread.Sleep(1000);
        Assert.Equal(wakeUps, harness.Pump.WakeUps);
    }

    [Fact]
    public void Pump_WhenOneProgramFloods_StillServesTheOthersQuickly()
    {
        using PumpHarness harness = PumpHarness.Create();
        int flood = harness.Attach("flood", harness.File("flood.log", maxSize: 10_000_000, keep: 1));
        int quiet = harness.Attach("quiet", harness.File("quiet.log"));
        using CancellationTokenSource end = new();
        Thread flooder = new(() =>
        {
            byte[] line = Encoding.ASCII.GetBytes(new string('x', 99) + "\n");
            while (!end.IsCancellationRequested)
                PumpHarness.Write(flood, line);
        });
        flooder.Start();
        harness.UntilReceived("flood", 5_000_000);

        List<TimeSpan> delays = [];
        for (int i = 1; i <= 50; i++)
        {
            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            PumpHarness.Write(quiet, "line\n");
            harness.UntilReceived("quiet", i * 5);
            delays.Add(System.Diagnostics.Stopwatch.GetElapsedTime(began));
        }

        end.Cancel();
        flooder.Join();
        delays.Sort();
        Assert.True(delays[25] < TimeSpan.FromMilliseconds(500), $"median {delays[25]}");
    }

    [Fact]
    public void Pump_WhenAFloodIsOver_SleepsAgainAndHearsTheNextLine()
    {
        // In a flood the pipe is read without being watched; it must be watched again afterwards, and cost nothing.
        using PumpHarness harness = PumpHarness.Create();
        int flood = harness.Attach("flood", harness.File("flood.log", maxSize: 10_000_000, keep: 1));
        byte[] line = Encoding.ASCII.GetBytes(new string('x', 99) + "\n");
        const int Lines = 300_000;
        Thread flooder = new(() =>
        {
            for (int i = 0; i < Lines; i++)
                PumpHarness.Write(flood, line);
        });
        flooder.Start();
        harness.UntilReceived("flood", Lines * 100L);
        flooder.Join();

        // That nothing happens takes time to be seen. A pipe that is not watched wakes the log thread after a millisecond at most, so 100 without a wake-up are the sleep
        // that is meant. Were the thread merely kept off the processor for so long, the line below would still have to be heard: that cannot fail the test, only ease it.
        long wakeUps = -1;
        harness.Until(
            () =>
            {
                long before = wakeUps;
                wakeUps = harness.Pump.WakeUps;
                Thread.Sleep(100);
                return before == wakeUps;
            },
            "the log thread sleeps");
        PumpHarness.Write(flood, "after\n");

        harness.UntilReceived("flood", (Lines * 100L) + 6);
    }

    private static int OpenFileLimit()
    {
        string line = File.ReadAllLines("/proc/self/limits").Single(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        return int.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[3]);
    }
}
