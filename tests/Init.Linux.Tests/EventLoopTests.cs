using Init.Base;

namespace Init.Linux.Tests;

public sealed class EventLoopTests : IDisposable
{
    private readonly EventLoop _loop = new();
    private readonly List<string> _story = [];

    private static Instant Soon => MonotonicClock.Now + TimeSpan.FromSeconds(10);

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void Timers_WhenDue_RunInOrderOfDueTimeAndNeverEarly()
    {
        Instant start = MonotonicClock.Now;
        Dictionary<string, Instant> firedAt = [];
        _loop.At(start + TimeSpan.FromMilliseconds(9), () => Note("9"));
        _loop.At(start + TimeSpan.FromMicroseconds(1500), () => Note("1.5"));
        _loop.At(start + TimeSpan.FromMilliseconds(4), () => Note("4a"));
        _loop.At(start + TimeSpan.FromMilliseconds(4), () => Note("4b"));
        LoopTimer cancelled = _loop.At(start + TimeSpan.FromMilliseconds(2), () => Note("cancelled"));
        cancelled.Cancel();
        _loop.At(start + TimeSpan.FromMilliseconds(10), _loop.Stop);

        _loop.Run();

        Assert.Equal(["1.5", "4a", "4b", "9"], _story);
        Assert.True(firedAt["1.5"] >= start + TimeSpan.FromMicroseconds(1500));
        Assert.True(firedAt["9"] >= start + TimeSpan.FromMilliseconds(9));
        Assert.True(_loop.WakeUps <= 5, $"{_loop.WakeUps} wake-ups for 5 times: some found nothing to do");

        void Note(string name)
        {
            _story.Add(name);
            firedAt[name] = MonotonicClock.Now;
        }
    }

    [Fact]
    public void Timer_WhenCancelledByAnEarlierOne_DoesNotRun()
    {
        LoopTimer? second = null;
        _loop.At(_loop.Now, () => second!.Cancel());
        second = _loop.At(_loop.Now, () => _story.Add("second"));

        _loop.RunOnce(_loop.Now);
        _loop.RunOnce(_loop.Now);

        Assert.Empty(_story);
        Assert.False(second.IsPending);
    }

    [Fact]
    public void Timer_WhenSetByATimerAndDueAtOnce_WaitsForItsTurn()
    {
        var (read, write) = Pipes.Create();
        _loop.Watch(read, IoEvents.Readable, _ => _story.Add("pipe"));
        _loop.At(_loop.Now, Again);
        Files.Write(write, "x"u8);

        _loop.RunOnce(Soon);
        _loop.RunOnce(Soon);

        Assert.Equal(["pipe", "timer", "pipe", "timer"], _story);
        Array.ForEach([read, write], Files.Close);

        void Again()
        {
            _story.Add("timer");
            _loop.At(_loop.Now, Again);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RunOnce_WhenNothingHappens_ReturnsAtItsDeadlineAndNotBefore(bool hasPreciseWait)
    {
        using EventLoop loop = new() { HasPreciseWait = hasPreciseWait };
        for (int i = 0; i < 20; i++)
        {
            // Rounded down to milliseconds, this would be no wait at all.
            Instant until = MonotonicClock.Now + TimeSpan.FromMicroseconds(900);
            loop.RunOnce(until);
            Assert.True(MonotonicClock.Now >= until);
        }

        loop.Post(() => _story.Add("posted"));
        loop.RunOnce(until: null);
        Assert.Equal(["posted"], _story);
    }

    [Fact]
    public void Timers_WhenManyAreSetAndCancelledAtRandom_TheRestRunsInOrder()
    {
        const int Seed = 4711;
        Random random = new(Seed);
        Instant start = _loop.Now;
        List<(long Due, int Number)> expected = [];
        List<int> ran = [];
        List<LoopTimer> timers = [];
        for (int i = 0; i < 2000; i++)
        {
            int number = i;
            Instant due = new(start.Nanoseconds - random.Next(500));
            timers.Add(_loop.At(due, () => ran.Add(number)));
            expected.Add((due.Nanoseconds, number));
        }

        for (int i = 0; i < 1000; i++)
        {
            int victim = random.Next(2000);
            timers[victim].Cancel();
            expected.RemoveAll(entry => entry.Number == victim);
        }

        _loop.RunOnce(_loop.Now);

        Assert.Equal(expected.Order().Select(entry => entry.Number), ran);
    }

    [Fact]
    public void Post_FromAnotherThread_WakesTheLoopAndKeepsOrder()
    {
        Thread other = new(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                int number = i;
                _loop.Post(() => _story.Add($"{number}"));
            }

            _loop.Post(_loop.Stop);
        });
        other.Start();

        _loop.Run();

        other.Join();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), _story);
    }

    [Fact]
    public void Post_WhenAnActionThrows_TheOthersStillRunLater()
    {
        _loop.Post(() => _story.Add("first"));
        _loop.Post(() => throw new InvalidOperationException("test"));
        _loop.Post(() => _story.Add("third"));

        Assert.Throws<InvalidOperationException>(() => _loop.RunOnce(Soon));
        _loop.RunOnce(Soon);

        Assert.Equal(["first", "third"], _story);
    }

    [Fact]
    public void Watch_WhenPeerCloses_ReportsHangUpAfterData()
    {
        var (read, write) = Pipes.Create();
        List<IoEvents> seen = [];
        _loop.Watch(read, IoEvents.Readable, seen.Add);
        Files.Write(write, "x"u8);
        Files.Close(write);

        _loop.RunOnce(Soon);
        Files.Read(read, new byte[1]);
        _loop.RunOnce(Soon);

        Assert.Equal([IoEvents.Readable | IoEvents.HangUp, IoEvents.HangUp], seen);
        Files.Close(read);
    }

    [Fact]
    public void Dispatch_WhenADescriptorIsReusedInTheSamePass_ItsNewOwnerIsNotCalled()
    {
        // Both pipes are ready in one pass. Whichever is served first closes the other, and a new pipe, with nothing in it, gets its number.
        var (readA, writeA) = Pipes.Create();
        var (readB, writeB) = Pipes.Create();
        Files.Write(writeA, "x"u8);
        Files.Write(writeB, "x"u8);
        _loop.Watch(readA, IoEvents.Readable, _ => Replace(readB));
        _loop.Watch(readB, IoEvents.Readable, _ => Replace(readA));

        _loop.RunOnce(Soon);

        Assert.Equal(["replaced"], _story);

        void Replace(int victim)
        {
            _story.Add("replaced");
            _loop.Unwatch(victim);
            Files.Close(victim);
            var (read, write) = Pipes.Create();
            OpenResult reused = read == victim ? new OpenResult(read, 0) : Files.Duplicate(read, victim);
            Assert.Equal(victim, reused.Fd);
            Files.Write(write, "for the new owner"u8);
            _loop.Watch(victim, IoEvents.Readable, _ => _story.Add("new owner"));
        }
    }

    [Fact]
    public void Dispatch_WhenADescriptorWasClosedWithoutUnwatch_ItsEventsEnd()
    {
        // The open file lives on in a duplicate, as it would in a child, so epoll goes on reporting the closed number.
        var (read, write) = Pipes.Create();
        OpenResult alive = Files.Duplicate(read, 200);
        _loop.Watch(read, IoEvents.Readable, _ => _story.Add("read"));
        Files.Close(read);
        Files.Write(write, "x"u8);
        _loop.Unwatch(read);

        _loop.RunOnce(Soon); // Finds the stray event and gets rid of it.
        long before = _loop.WakeUps;
        Instant until = MonotonicClock.Now + TimeSpan.FromMilliseconds(20);
        while (MonotonicClock.Now < until)
            _loop.RunOnce(until);

        Assert.Empty(_story);
        Assert.Equal(before + 1, _loop.WakeUps);
        Array.ForEach([alive.Fd, write], Files.Close);
    }

    [Fact]
    public void Change_ToNone_SilencesReadiness()
    {
        var (read, write) = Pipes.Create();
        Files.Write(write, "x"u8);
        _loop.Watch(read, IoEvents.Readable, _ => _story.Add("read"));
        _loop.Change(read, IoEvents.None);
        _loop.RunOnce(_loop.Now + TimeSpan.FromMilliseconds(5));
        Assert.Empty(_story);

        _loop.Change(read, IoEvents.Readable);
        _loop.RunOnce(Soon);

        Assert.Equal(["read"], _story);
        Array.ForEach([read, write], Files.Close);
    }

    [Fact]
    public void Watch_OfARegularFile_IsRefused()
    {
        using FileStream file = File.OpenRead(typeof(EventLoopTests).Assembly.Location);

        SyscallException refusal = Assert.Throws<SyscallException>(() => _loop.Watch((int)file.SafeFileHandle.DangerousGetHandle(), IoEvents.Readable, _ => { }));

        Assert.Equal(Errno.EPERM, refusal.Errno);
    }
}
