namespace Init.Linux;

/// <summary>
/// Fires when the wall clock shows a given time, and also when somebody sets the clock, in which case whoever set the timer must look at
/// the clock again (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). A timer on the monotonic clock would fire at the wrong time after that.
/// </summary>
public sealed unsafe class WallClockTimer : IDisposable
{
    private readonly EventLoop _loop;
    private readonly Action _fired;
    private readonly int _timer;
    private DateTimeOffset? _due;
    private bool _isDisposed;

    /// <param name="loop">The loop on whose thread everything happens.</param>
    /// <param name="fired">Called when the time has come or the clock was set. The timer is no longer set then.</param>
    public WallClockTimer(EventLoop loop, Action fired)
    {
        _loop = loop;
        _fired = fired;
        _timer = OpenResult.Of(Libc.timerfd_create(Libc.CLOCK_REALTIME, Libc.TFD_CLOEXEC | Libc.TFD_NONBLOCK))
            .OrThrow("create", "wall-clock timer");
        _loop.Watch(_timer, IoEvents.Readable, _ => Expired());
    }

    /// <summary>Null = never; then the kernel does not wake us either, not even when the clock is set.</summary>
    public void Set(DateTimeOffset? due)
    {
        if (due == _due)
            return;

        _due = due;
        Arm();
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;

        _isDisposed = true;
        _loop.Unwatch(_timer);
        Files.Close(_timer);
    }

    private void Arm()
    {
        Libc.itimerspec value = default;
        int flags = 0;
        if (_due is { } due)
        {
            flags = Libc.TFD_TIMER_ABSTIME | Libc.TFD_TIMER_CANCEL_ON_SET;

            // A value of zero would switch the timer off, and the past is due at once whichever part of it it is.
            long ticks = Math.Max(1, (due - DateTimeOffset.UnixEpoch).Ticks);
            value.it_value = new Libc.timespec
            {
                tv_sec = ticks / TimeSpan.TicksPerSecond,
                tv_nsec = ticks % TimeSpan.TicksPerSecond * 100,
            };
        }

        if (Libc.timerfd_settime(_timer, flags, &value, null) == 0)
            return;

        if (Libc.LastErrno != Errno.ECANCELED)
            throw new SyscallException("set", "wall-clock timer", Libc.LastErrno);

        // The clock was set since the timer was last set, and this is the only place where we hear of it: the kernel has forgotten it
        // now (timerfd_setup in fs/timerfd.c), so the descriptor will not become readable for it.
        _loop.Post(Fire);
    }

    private void Expired()
    {
        ulong expirations;
        IoResult result = Files.Read(_timer, new Span<byte>(&expirations, sizeof(ulong)));

        // EAGAIN: it was set anew since it became readable. ECANCELED says that the clock was set; what there is to do then is
        // what there is to do when the time has come: look at the clock.
        if (!result.WouldBlock)
            Fire();
    }

    private void Fire()
    {
        if (_isDisposed)
            return;

        _due = null;
        _fired();
    }
}
