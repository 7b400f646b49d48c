using Init.Base;

namespace Init.Linux;

[Flags]
public enum IoEvents : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,

    /// <summary>Always reported, asked for or not.</summary>
    Error = 0x8,

    /// <summary>Always reported, asked for or not. What was written before it can still be read.</summary>
    HangUp = 0x10,

    /// <summary>The peer of a stream socket has shut down its writing half (EPOLLRDHUP).</summary>
    PeerClosed = 0x2000,
}

/// <summary>
/// One thread, one epoll: file descriptors, timers, and actions posted from other threads. It sleeps until the kernel has something or the
/// earliest timer is due, so a loop with no timer and no traffic never wakes up. Level-triggered: a handler that leaves something
/// unread is called again.
/// </summary>
/// <remarks>
/// All members except <see cref="Post"/> and <see cref="Stop"/> belong to the thread that runs the loop. Within a pass, ready descriptors are handled
/// first, then posted actions, then due timers in the order of their due time, then <see cref="AfterPass"/>. What a handler throws goes to
/// <see cref="Fault"/>, or leaves <see cref="RunOnce"/>; the loop may be run again after that.
/// </remarks>
public sealed unsafe class EventLoop : IDisposable
{
    /// <summary>Events taken from the kernel at once. More ready descriptors than this are served in the next pass, in turn.</summary>
    private const int EventsPerPass = 256;

    private readonly Dictionary<int, WatchedDescriptor> _watched = [];
    private readonly TimerHeap _timers = new();
    private readonly byte[] _events = GC.AllocateArray<byte>(EventsPerPass * Libc.EpollEventSize, pinned: true);
    private readonly Lock _postedLock = new();
    private readonly int _wakeUp;
    private List<Action> _posted = [];
    private List<Action> _postedInHand = [];
    private int _epoll;
    private uint _generation;
    private int _removedInPass;
    private bool _hasPreciseWait = true;
    private bool _isDisposed;
    private volatile bool _stopped;

    public EventLoop()
    {
        _epoll = CreateEpoll();
        _wakeUp = OpenResult.Of(Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK)).OrThrow("create", "event descriptor");
        Watch(_wakeUp, IoEvents.Readable, _ => RunPosted());
        Now = MonotonicClock.Now;
    }

    /// <summary>When this pass began. Read once per pass, so that all that happens in one pass happens at one time.</summary>
    public Instant Now { get; private set; }

    /// <summary>Called at the end of each pass, before the loop sleeps.</summary>
    public Action? AfterPass { get; set; }

    /// <summary>
    /// Gets what a handler or a timer throws; the others still have their turn. Null: it leaves <see cref="RunOnce"/>, and what was to come in that pass is
    /// left out.
    /// </summary>
    public Action<Exception>? Fault { get; set; }

    /// <summary>False: as on a kernel without epoll_pwait2(2), whose waits are rounded up to whole milliseconds.</summary>
    internal bool HasPreciseWait { init => _hasPreciseWait = value; }

    /// <summary>How many times the loop has returned from its sleep, for the figure of 0 wake-ups when idle.</summary>
    public long WakeUps { get; private set; }

    /// <summary>How long the passes took, from the return of the sleep to the next: for as long, what came meanwhile had to wait.</summary>
    public LatencyHistogram PassTimes { get; } = new();

    /// <summary>How late timers were.</summary>
    public LatencyHistogram TimerDelays { get; } = new();

    /// <summary>Returns after <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopped)
            RunOnce(until: null);
    }

    /// <summary>From any thread: <see cref="Run"/> returns after the pass under way.</summary>
    public void Stop()
    {
        _stopped = true;
        lock (_postedLock)
            WakeUp();
    }

    /// <summary>Sleeps until something is ready, a timer is due or <paramref name="until"/> is reached (null = however long it takes), and handles it.</summary>
    public void RunOnce(Instant? until)
    {
        int count = Wait(Instant.Min(until ?? Instant.Never, _timers.EarliestDue));
        WakeUps++;
        Now = MonotonicClock.Now;
        _removedInPass = 0;

        for (int i = 0; i < count; i++)
        {
            try
            {
                Dispatch(_events.AsSpan(i * Libc.EpollEventSize, Libc.EpollEventSize));
            }
            catch (Exception exception) when (Fault is not null)
            {
                Fault(exception);
            }
        }

        // A timer that is set by a handler of this pass and is due at once has its turn in the next, after the descriptors have had theirs.
        long newest = _timers.NewestSequence;
        while (_timers.TakeDue(Now, newest) is { } timer)
        {
            TimerDelays.Add(Now - timer.Due);
            try
            {
                timer.Fire();
            }
            catch (Exception exception) when (Fault is not null)
            {
                Fault(exception);
            }
        }

        AfterPass?.Invoke();
        PassTimes.Add(MonotonicClock.Now - Now);
    }

    /// <summary>Calls <paramref name="handler"/> whenever the descriptor is ready for one of <paramref name="events"/>, or has failed or hung up.</summary>
    /// <exception cref="SyscallException">The kernel refuses, such as EPERM for a regular file.</exception>
    public void Watch(int fd, IoEvents events, Action<IoEvents> handler)
    {
        WatchedDescriptor watched = new(fd, ++_generation, events, handler);
        if (!_watched.TryAdd(fd, watched))
            throw new InvalidOperationException($"descriptor {fd} is being watched already");

        int errno = Control(Libc.EPOLL_CTL_ADD, watched);
        if (errno != 0)
        {
            _watched.Remove(fd);
            throw new SyscallException("watch", $"descriptor {fd}", errno);
        }
    }

    /// <summary>Watches for other events from now on, with the same handler. With <see cref="IoEvents.None"/> only failure and hang-up are reported.</summary>
    public void Change(int fd, IoEvents events)
    {
        WatchedDescriptor watched = _watched[fd];
        if (watched.Events == events)
            return;

        watched.Events = events;
        int errno = Control(Libc.EPOLL_CTL_MOD, watched);
        if (errno != 0)
            throw new SyscallException("watch", $"descriptor {fd}", errno);
    }

    /// <summary>Must come before close(2), which does not end the watch when another process still has the same open file. Unknown descriptors are ignored.</summary>
    public void Unwatch(int fd)
    {
        if (!_watched.Remove(fd, out WatchedDescriptor? watched))
            return;

        _removedInPass++;

        // An error means that the descriptor was closed first, and with it the watch, or else the next pass will find the stray one.
        _ = Control(Libc.EPOLL_CTL_DEL, watched);
    }

    /// <summary>Runs <paramref name="action"/> once, not before <paramref name="due"/>.</summary>
    public LoopTimer At(Instant due, Action action)
    {
        LoopTimer timer = new(_timers, due, action);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Runs <paramref name="action"/> once, when <paramref name="delay"/> has passed since the time of the call (not of the pass).</summary>
    public LoopTimer After(TimeSpan delay, Action action) => At(MonotonicClock.Now + delay, action);

    /// <summary>From any thread: runs <paramref name="action"/> on the loop's thread, in the order of posting. After <see cref="Dispose"/> nothing runs it.</summary>
    public void Post(Action action)
    {
        lock (_postedLock)
        {
            _posted.Add(action);
            if (_posted.Count == 1)
                WakeUp();
        }
    }

    public void Dispose()
    {
        lock (_postedLock)
        {
            _ = Libc.close(_epoll);
            _ = Libc.close(_wakeUp);
            _isDisposed = true;
        }
    }

    private static int CreateEpoll() => OpenResult.Of(Libc.epoll_create1(Libc.EPOLL_CLOEXEC)).OrThrow("create", "epoll instance");

    private int Wait(Instant deadline)
    {
        // In one go: what is ready, without sleeping, when a deadline has passed already.
        long nanoseconds = deadline == Instant.Never ? -1 : Math.Max(0, deadline.Nanoseconds - MonotonicClock.Now.Nanoseconds);
        fixed (byte* events = _events)
        {
            int count = _hasPreciseWait ? WaitPrecisely(events, nanoseconds) : WaitRoundedUp(events, nanoseconds);
            if (count >= 0)
                return count;

            int errno = Libc.LastErrno;
            if (errno is Errno.ENOSYS or Errno.EPERM && _hasPreciseWait)
            {
                _hasPreciseWait = false; // Linux before 5.11, or a seccomp filter that does not know the call (older ones answer EPERM).
                return Wait(deadline);
            }

            if (errno == Errno.EINTR)
                return 0; // A debugger, or SIGSTOP and SIGCONT (signal(7)): the next pass sleeps on.

            throw new SyscallException("wait for", "events", errno);
        }
    }

    private int WaitPrecisely(byte* events, long nanoseconds)
    {
        Libc.timespec timeout = new() { tv_sec = nanoseconds / 1_000_000_000, tv_nsec = nanoseconds % 1_000_000_000 };
        return (int)Libc.syscall(
            Libc.SYS_epoll_pwait2, _epoll, (long)events, EventsPerPass, nanoseconds < 0 ? 0 : (long)&timeout, 0, 0);
    }

    private int WaitRoundedUp(byte* events, long nanoseconds)
    {
        // Rounding down would be early, and would then spin through the rest of the millisecond.
        long milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999_999) / 1_000_000;
        return Libc.epoll_wait(_epoll, events, EventsPerPass, (int)Math.Min(milliseconds, int.MaxValue));
    }

    private void Dispatch(ReadOnlySpan<byte> epollEvent)
    {
        IoEvents events = (IoEvents)BitConverter.ToUInt32(epollEvent);
        ulong data = BitConverter.ToUInt64(epollEvent[Libc.EpollDataOffset..]);
        if (_watched.TryGetValue((int)(uint)data, out WatchedDescriptor? watched) && watched.Generation == (uint)(data >> 32))
        {
            watched.Handler(events);
            return;
        }

        // Not ours, or no longer: an earlier handler of this pass has ended that watch. If none has, then a descriptor was closed without
        // Unwatch while a child holds the same open file, and epoll(7) Q6 applies: its events go on for ever and it cannot be
        // removed any more. A new epoll instance is the only way to be rid of it.
        if (_removedInPass == 0)
            Rebuild();
    }

    private void Rebuild()
    {
        int old = _epoll;
        _epoll = CreateEpoll();
        _ = Libc.close(old);
        foreach (WatchedDescriptor watched in _watched.Values)
            _ = Control(Libc.EPOLL_CTL_ADD, watched); // EBADF: closed without Unwatch; it can have no more events.
    }

    private int Control(int operation, WatchedDescriptor watched)
    {
        byte* epollEvent = stackalloc byte[Libc.EpollEventSize];
        *(uint*)epollEvent = (uint)watched.Events;
        ulong data = ((ulong)watched.Generation << 32) | (uint)watched.Fd;
        new ReadOnlySpan<byte>(&data, sizeof(ulong)).CopyTo(new Span<byte>(epollEvent + Libc.EpollDataOffset, sizeof(ulong)));
        return Libc.epoll_ctl(_epoll, operation, watched.Fd, epollEvent) == 0 ? 0 : Libc.LastErrno;
    }

    /// <summary>With the lock held.</summary>
    private void WakeUp()
    {
        if (_isDisposed)
            return; // The descriptor may be another file's by now.

        // EAGAIN: the counter is full, so a wake-up is under way.
        ulong one = 1;
        _ = Libc.write(_wakeUp, (byte*)&one, sizeof(ulong));
    }

    private void RunPosted()
    {
        ulong count;
        _ = Libc.read(_wakeUp, (byte*)&count, sizeof(ulong));
        lock (_postedLock)
            (_posted, _postedInHand) = (_postedInHand, _posted);

        int done = 0;
        try
        {
            while (done < _postedInHand.Count)
                _postedInHand[done++]();
        }
        finally
        {
            _postedInHand.RemoveRange(0, done);
            if (_postedInHand.Count > 0)
                PutBack();
        }
    }

    /// <summary>After an exception: what was not run yet runs in the next pass, before what was posted since.</summary>
    private void PutBack()
    {
        lock (_postedLock)
        {
            _posted.InsertRange(0, _postedInHand);
            _postedInHand.Clear();
            WakeUp();
        }
    }

    private sealed class WatchedDescriptor(int fd, uint generation, IoEvents events, Action<IoEvents> handler)
    {
        public int Fd { get; } = fd;

        /// <summary>Tells this watch from an earlier one of the same number, whose events may still be in hand.</summary>
        public uint Generation { get; } = generation;

        public IoEvents Events { get; set; } = events;

        public Action<IoEvents> Handler { get; } = handler;
    }
}
