using Init.Base;

namespace Init.Linux;

/// <summary>CLOCK_MONOTONIC, the clock of every deadline. It is the same for all processes of one boot, so two processes may compare readings.</summary>
public static class MonotonicClock
{
    public static unsafe Instant Now
    {
        get
        {
            Libc.timespec time;
            _ = Libc.clock_gettime(Libc.CLOCK_MONOTONIC, &time);
            return new Instant((time.tv_sec * 1_000_000_000) + time.tv_nsec);
        }
    }
}
