using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed partial class LogPumpMirrorTests
{
    [Fact]
    public void Mirror_WhenText_HasTimeNameAndLine()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int stdout = harness.Attach("napcat", PumpHarness.MirrorOnly);
        int stderr = harness.Attach("napcat", PumpHarness.MirrorOnly, OutputStream.Stderr);
        PumpHarness.Write(stdout, "one\r\n\ntwo");
        harness.Close(stdout);
        harness.UntilReceived("napcat", 9);
        PumpHarness.Write(stderr, "three\n");
        harness.UntilReceived("napcat", 15);
        StdoutReader read = harness.ReadStdout();
        Assert.True(harness.Stop());

        string[] lines = read.Text.Split('\n');
        Assert.Equal(["napcat | one", "napcat | ", "napcat | two", "napcat ! three", ""], lines.Select(line => TimePattern().Replace(line, "")));
        Assert.Matches(TimePattern(), lines[0]);
    }

    [Fact]
    public void Mirror_WhenJson_HasOneValidObjectPerLineForAnyBytes()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe((options, _) => options with { Format = LogFormat.Json });
        int fd = harness.Attach("web", PumpHarness.MirrorOnly);
        byte[] bytes = new byte[50_000];
        new Random(1).NextBytes(bytes);
        bytes[^1] = (byte)'\n';
        PumpHarness.Write(fd, bytes);
        harness.Pump.Log.Write(LogLevel.Warning, "test.event", "of Init's own", new LogField("program", "web"));
        harness.UntilReceived("web", bytes.Length);
        StdoutReader read = harness.ReadStdout();
        Assert.True(harness.Stop());

        int childLines = 0;
        foreach (string line in read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            Assert.True(DateTimeOffset.TryParse(document.RootElement.GetProperty("time").GetString(), CultureInfo.InvariantCulture, out _));
            Assert.Equal("web", document.RootElement.GetProperty("program").GetString());
            if (document.RootElement.TryGetProperty("stream", out JsonElement stream))
            {
                Assert.Equal("stdout", stream.GetString());
                childLines++;
            }
            else
            {
                Assert.Equal("test.event", document.RootElement.GetProperty("event").GetString());
            }
        }

        Assert.Equal(bytes.Count(value => value == '\n'), childLines);
    }

    [Fact]
    public void Mirror_WhenManyProgramsFlood_NeverMixesLinesNorLosesOneWhileItIsRead()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        StdoutReader read = harness.ReadStdout();
        Thread[] writers = [.. Enumerable.Range(0, 4).Select(number =>
        {
            int fd = harness.Attach($"p{number}", PumpHarness.MirrorOnly);
            return new Thread(() =>
            {
                for (int line = 0; line < 10_000; line++)
                    PumpHarness.Write(fd, $"{line}:{new string((char)('a' + number), line % 200)}.\n");
            });
        })];
        Array.ForEach(writers, writer => writer.Start());
        Array.ForEach(writers, writer => writer.Join());
        Assert.True(harness.Stop());

        long dropped = Enumerable.Range(0, 4).Sum(number => harness.Pump.StatisticsOf($"p{number}").MirrorDroppedLines);
        int[] count = new int[4];
        foreach (string line in read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Match match = FloodPattern().Match(line);
            if (line.Contains(" init | ", StringComparison.Ordinal))
                continue;

            Assert.True(match.Success, line);
            int number = int.Parse(match.Groups["program"].Value, CultureInfo.InvariantCulture);
            int ordinal = int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture);
            Assert.Equal(new string((char)('a' + number), ordinal % 200), match.Groups["text"].Value);
            count[number]++;
        }

        Assert.Equal(40_000, count.Sum() + dropped);
    }

    [Fact]
    public void Mirror_WhenNobodyReadsStdout_DropsWholeLinesAndSaysSoOnceWhenItFlowsAgain()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int fd = harness.Attach("web", harness.File("web.log", mirror: true));
        int quiet = harness.Attach("quiet", PumpHarness.MirrorOnly);
        const int Lines = 100_000;
        string line = new string('x', 89);
        for (int i = 0; i < Lines; i++)
            PumpHarness.Write(fd, $"{i:D9} {line}\n"); // Would never end if stdout could hold up the pump.
        harness.UntilReceived("web", Lines * 100L);
        harness.Until(() => harness.Pump.StatisticsOf("web").MirrorDroppedLines > 0, "lines are dropped");
        long dropped = harness.Pump.StatisticsOf("web").MirrorDroppedLines;
        Assert.Equal(dropped * 99, harness.Pump.StatisticsOf("web").MirrorDroppedBytes);

        // Init's own lines have a place that programs cannot take.
        harness.Pump.Log.Write(LogLevel.Information, "test", "said while stdout is full");
        harness.Settle();
        StdoutReader read = harness.ReadStdout();
        harness.Until(
            () =>
            {
                PumpHarness.Write(quiet, "hello\n");
                return harness.Pump.StatisticsOf("quiet").MirrorDroppedLines == 0 && harness.Pump.StatisticsOf("quiet").Lines > 3;
            },
            "it flows again");
        Assert.True(harness.Stop());

        string[] lines = read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] web = [.. lines.Where(text => text.Contains(" web | ", StringComparison.Ordinal))];
        Assert.Equal(Lines, web.Length + dropped);
        for (int i = 0; i < web.Length; i++)
            Assert.EndsWith($" web | {i:D9} {line}", web[i], StringComparison.Ordinal);
        Assert.Contains(lines, text => text.EndsWith("init | said while stdout is full", StringComparison.Ordinal));
        Assert.Single(lines, text => text.EndsWith($"init | warning: {dropped} lines of web were dropped: stdout is not being read", StringComparison.Ordinal));
        Assert.Equal(Lines * 100, new FileInfo(harness.Directory["web.log"]).Length);
    }

    [Fact]
    public void Stop_WhenNobodyReadsStdout_ReturnsWithinTheLimitAndSaysThatNotAllIsWritten()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int fd = harness.Attach("web", PumpHarness.MirrorOnly);
        for (int i = 0; i < 2000; i++)
            PumpHarness.Write(fd, new string('x', 99) + "\n");
        harness.UntilReceived("web", 200_000);

        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.False(harness.Stop(seconds: 0.4));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Mirror_WhenReaderIsGone_IsOffAndSaidOnceInTheFile()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe((options, directory) => options with { LogDirectory = directory.Path });
        int fd = harness.Attach("web", harness.File("web.log", mirror: true));
        harness.CloseStdoutReadEnd();
        for (int i = 1; i <= 20; i++)
        {
            PumpHarness.Write(fd, "line\n");
            harness.UntilReceived("web", i * 5);
        }

        Assert.True(harness.Stop());
        Assert.Equal(string.Concat(Enumerable.Repeat("line\n", 20)), harness.Text("web.log"));
        Assert.Equal(2, harness.Text("init.log").Split("cannot write to stdout: Broken pipe (errno 32)").Length);
    }

    [Fact]
    public void Mirror_WhenStdoutIsSharedWithOurParent_DoesNotMakeItNonBlocking()
    {
        var (read, write) = Pipes.Create();
        int shared = Files.Duplicate(write).OrThrow("duplicate", "pipe");
        using PumpHarness harness = PumpHarness.Create((options, _) => options with { StdoutFd = shared });
        PumpHarness.Write(harness.Attach("web", PumpHarness.MirrorOnly), "line\n");
        byte[] received = new byte[100];
        Assert.True(Files.Read(read, received).Count > 0);

        Assert.Equal(0, FlagsOf(write) & (int)OpenFlags.NonBlocking);
        Files.Close(write);
        Files.Close(read);
    }

    [Fact]
    public void Mirror_WhenStdoutIsAFile_LeavesTheSharedOffsetBehindItsLines()
    {
        int shell = -1;
        using PumpHarness harness = PumpHarness.Create((options, directory) =>
        {
            shell = Files.Open(directory["stdout"], OpenFlags.Write | OpenFlags.Create).OrThrow("open", "file");
            return options with { StdoutFd = Files.Duplicate(shell).OrThrow("duplicate", "file") };
        });
        PumpHarness.Write(harness.Attach("web", PumpHarness.MirrorOnly), "line\n");
        harness.Until(() => harness.Text("stdout").EndsWith("web | line\n", StringComparison.Ordinal), "the line is there");
        PumpHarness.Write(shell, "what the shell says afterwards\n");
        Files.Close(shell);

        Assert.EndsWith("web | line\nwhat the shell says afterwards\n", harness.Text("stdout"), StringComparison.Ordinal);
    }

    [Fact]
    public void Mirror_WhenStdoutIsASocketThatNobodyReads_NeitherWaitsNorLosesWhatIsQueued()
    {
        Assert.Equal(0, UnixSockets.TryCreatePair(out int ours, out int theirs));
        using PumpHarness harness = PumpHarness.Create((options, _) => options with { StdoutFd = ours });
        int fd = harness.Attach("web", PumpHarness.MirrorOnly);
        for (int i = 0; i < 10_000; i++)
            PumpHarness.Write(fd, new string('x', 99) + "\n");
        harness.UntilReceived("web", 1_000_000);

        long received = 0;
        Thread reader = new(() =>
        {
            byte[] buffer = new byte[1 << 16];
            while (Files.Read(theirs, buffer) is { Count: > 0 } piece)
                received += piece.Count;
        });
        reader.Start();
        Assert.True(harness.Stop());
        reader.Join();
        Files.Close(theirs);
        Assert.Equal(10_000 * (100 + "2026-11-21T05:14:00.123Z web | ".Length), received);
    }

    [Fact]
    public void Mirror_WhenALineIsVeryLong_ShowsItInPieces()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int fd = harness.Attach("web", PumpHarness.MirrorOnly);
        StdoutReader read = harness.ReadStdout();
        string text = string.Concat(Enumerable.Repeat("äöü", 100_000));
        PumpHarness.Write(fd, text + "\nshort\n");
        harness.Close(fd);
        Assert.True(harness.Stop());

        string[] lines = read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(text, string.Concat(lines[..^1].Select(line => line[(line.IndexOf('|', StringComparison.Ordinal) + 2)..])));
        Assert.EndsWith("web | short", lines[^1], StringComparison.Ordinal);
        Assert.InRange(lines.Length, 10, 30);
    }

    private static int FlagsOf(int fd)
    {
        string line = File.ReadAllLines($"/proc/self/fdinfo/{fd}").Single(text => text.StartsWith("flags:", StringComparison.Ordinal));
        return Convert.ToInt32(line[6..].Trim(), 8);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TimePattern();

    [GeneratedRegex(@"^\S{24} p(?<program>\d) \| (?<line>\d+):(?<text>\w*)\.$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FloodPattern();
}
