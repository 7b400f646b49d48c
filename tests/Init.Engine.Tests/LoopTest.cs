using Init.Base;
using Init.Linux;

namespace Init.Engine.Tests;

/// <summary>A test with a real event loop on its own thread.</summary>
public abstract class LoopTest : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    protected EventLoop Loop { get; } = new();

    protected static string MakeTemporaryDirectory() => Directory.CreateTempSubdirectory("init-test-").FullName;

    /// <summary>Runs the loop until it is so. What other threads do is noticed within 20 ms.</summary>
    protected void RunUntil(Func<bool> isSo, string what)
    {
        Instant deadline = MonotonicClock.Now + Deadline;
        while (!isSo())
        {
            Assert.True(MonotonicClock.Now < deadline, $"in {Durations.Text(Deadline)} it did not happen that {what}");
            Loop.RunOnce(MonotonicClock.Now + TimeSpan.FromMilliseconds(20));
        }
    }

    protected void RunFor(TimeSpan time)
    {
        Instant end = MonotonicClock.Now + time;
        while (MonotonicClock.Now < end)
            Loop.RunOnce(end);
    }

    /// <summary>Sockets of this process, whoever has opened them.</summary>
    protected static int CountSockets() =>
        Directory.GetFiles("/proc/self/fd").Count(fd => Files.ReadLink(fd)?.StartsWith("socket:", StringComparison.Ordinal) == true);

    public virtual void Dispose()
    {
        Loop.Dispose();
        GC.SuppressFinalize(this);
    }
}
