using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class OutputSinkTests
{
    [Fact]
    public void RecentBytes_WhenMoreComesThanFits_KeepsTheNewest()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            RecentBytes recent = new(1000);
            List<byte> all = [];
            for (int i = 0; i < 40; i++)
            {
                byte[] piece = new byte[random.Next(0, random.Next(2) == 0 ? 30 : 1500)];
                random.NextBytes(piece);
                all.AddRange(piece);
                recent.Add(piece);
                Assert.True(recent.ToArray().AsSpan().SequenceEqual(all.TakeLast(1000).ToArray()), $"seed {seed}, round {round}");
            }
        }
    }

    [Fact]
    public void InitLog_WhenLogThreadIsHeldUp_DropsAndSaysHowMany()
    {
        int woken = 0;
        InitLog log = new(TimeProvider.System, LogLevel.Information, () => woken++);
        for (int i = 0; i < InitLog.QueuedMax + 7; i++)
            log.Write(LogLevel.Information, "test", "line");
        log.Write(LogLevel.Debug, "test", "below the minimum");

        List<InitLogEntry> taken = log.Take();

        Assert.Equal(1, woken);
        Assert.Equal(InitLog.QueuedMax + 1, taken.Count);
        Assert.StartsWith("7 messages", taken[^1].Text, StringComparison.Ordinal);
        Assert.Empty(log.Take());
    }
}
