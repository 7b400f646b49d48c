using Init.Base;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class InitLogFileTests
{
    private static readonly DateTimeOffset T0 = new(2026, 11, 21, 5, 14, 0, TimeSpan.Zero);

    [Fact]
    public void Write_WhenTheDirectoryBecomesUsable_GoesOnAfterAPauseAndSaysWhatIsMissing()
    {
        using TestDirectory directory = new();
        InitLog log = new(TimeProvider.System, LogLevel.Debug, () => { });
        File.WriteAllText(directory["logs"], "a file where a directory should be");
        using InitLogFile file = new(directory["logs/init.log"], new ByteSize(1000), 3, log);
        file.Make();
        file.Write(T0, LogLevel.Information, "one\n");
        file.Write(T0.AddSeconds(1), LogLevel.Information, "two\n");
        File.Delete(directory["logs"]);
        file.Write(T0.AddSeconds(2), LogLevel.Information, "three\n"); // Too early for another try.
        file.Write(T0.AddSeconds(12), LogLevel.Information, "four\n");
        file.Write(T0.AddSeconds(13), LogLevel.Information, "five\n");

        Assert.Equal("four\nfive\n", File.ReadAllText(directory["logs/init.log"]));
        string[] said = [.. log.Take().Select(entry => entry.Text)];
        Assert.Equal(2, said.Length);
        Assert.StartsWith("cannot write Init's own log file", said[0], StringComparison.Ordinal);
        Assert.EndsWith("3 lines are missing in it", said[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Reopen_WhenTheFileWasRenamed_WritesANewOne()
    {
        using TestDirectory directory = new();
        using InitLogFile file = new(directory["init.log"], new ByteSize(1000), 3, new InitLog(TimeProvider.System, LogLevel.Debug, () => { }));
        Assert.True(file.Write(T0, LogLevel.Information, "one\n"));
        Assert.False(file.Write(T0, LogLevel.Information, "two\n"));
        file.Make();
        File.Move(directory["init.log"], directory["renamed.log"]);
        file.Reopen();
        file.Write(T0, LogLevel.Information, "three\n");

        Assert.Equal("one\ntwo\n", File.ReadAllText(directory["renamed.log"]));
        Assert.Equal("three\n", File.ReadAllText(directory["init.log"]));
    }
}
