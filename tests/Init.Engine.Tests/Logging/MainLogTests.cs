using System.Text.RegularExpressions;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed partial class MainLogTests
{
    [Fact]
    public void MainLog_OfEachLevel_IsWrittenAsSupervisordDoes()
    {
        using PumpHarness harness = Harness(maxSize: 0, toStdout: true);

        harness.Pump.Log.Write(LogLevel.Critical, "x", "one");
        harness.Pump.Log.Write(LogLevel.Error, "x", "two");
        harness.Pump.Log.Write(LogLevel.Warning, "x", "three");
        harness.Pump.Log.Write(LogLevel.Information, "x", "four\nforged");
        harness.Pump.Log.Write(LogLevel.Debug, "x", "not at this level");
        Assert.True(harness.Pump.Stop(TimeSpan.FromSeconds(10)));

        string[] lines = File.ReadAllLines(harness.Directory["main.log"]);
        Assert.All(lines, line => Assert.Matches(Stamp(), line));
        Assert.Equal(["CRIT one", "ERRO two", "WARN three", "INFO four\\nforged"], lines.Select(line => line[24..]));
        Assert.False(File.Exists(harness.Directory["init.log"]));
    }

    [Fact]
    public void MainLog_WhenItIsFull_IsRotatedByNumber()
    {
        using PumpHarness harness = Harness(maxSize: 200, toStdout: false);

        for (int i = 0; i < 20; i++)
            harness.Pump.Log.Write(LogLevel.Information, "x", $"line {i:00}");
        Assert.True(harness.Pump.Stop(TimeSpan.FromSeconds(10)));

        Assert.Equal(3, harness.Directory.Rotated("main.log").Length);
        Assert.EndsWith("line 19", File.ReadAllLines(harness.Directory["main.log"])[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/stdout", false, null, true)]
    [InlineData("/dev/stdout", true, null, true)]
    [InlineData("/dev/null", true, null, false)]
    [InlineData("/x/main.log", false, "/x/main.log", true)]
    [InlineData("/x/main.log", true, "/x/main.log", false)]
    public void MainLogOptions_OfSettings_WriteEachLineOnce(string logFile, bool silent, string? path, bool toStdout)
    {
        var options = MainLogOptions.Of(new SupervisordSettings { ChildLogDirectory = "/tmp", LogFile = logFile, Silent = silent });

        Assert.Equal((path, toStdout), (options.Path, options.ToStdout));
    }

    [Theory]
    [InlineData("/dev/stdout", 1)]
    [InlineData("/dev/fd/1", 1)]
    [InlineData("/proc/self/fd/2", 2)]
    [InlineData("/dev/stderr", 2)]
    [InlineData("/dev/fd/12", null)]
    [InlineData("/dev/tty", null)]
    public void StandardStreams_ByAnyOfTheirNames_AreFound(string path, int? descriptor) => Assert.Equal(descriptor, StandardStreams.DescriptorOf(path));

    [Fact]
    public void Output_WithALogFileThatIsStdout_GoesThereAsItIs()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int pipe = harness.Attach("web", new LogSpec("/dev/stdout", default, 0, Mirror: false));

        PumpHarness.Write(pipe, "one\ntwo\nhalf");
        harness.Close(pipe);
        Assert.True(harness.Pump.Stop(TimeSpan.FromSeconds(10)));

        byte[] got = new byte[100];
        int count = Files.Read(harness.StdoutReadEnd, got).Count;
        Assert.Equal("one\ntwo\nhalf\n", System.Text.Encoding.UTF8.GetString(got, 0, count));
    }

    [Fact]
    public void Output_WithEscapeSequencesThatAreToGo_IsKeptWithoutThem()
    {
        using PumpHarness harness = PumpHarness.Create();
        int pipe = harness.Attach("web", harness.File("web.log") with { StripsAnsi = true });

        PumpHarness.Write(pipe, "\u001b[1;31mred\u001b[0m text\n");
        harness.Close(pipe);
        Assert.True(harness.Pump.Stop(TimeSpan.FromSeconds(10)));

        Assert.Equal("red text\n", File.ReadAllText(harness.Directory["web.log"]));
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]{4} ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Stamp();

    private static PumpHarness Harness(long maxSize, bool toStdout) => PumpHarness.Create((options, directory) => options with
    {
        LogDirectory = directory.Path,
        MainLog = new MainLogOptions(directory["main.log"], new ByteSize(maxSize), Backups: 2, toStdout),
    });
}
