using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int CLOCK_REALTIME = 0;
    internal const int TFD_CLOEXEC = O_CLOEXEC;
    internal const int TFD_NONBLOCK = O_NONBLOCK;
    internal const int TFD_TIMER_ABSTIME = 1;
    internal const int TFD_TIMER_CANCEL_ON_SET = 2;

    internal struct itimerspec
    {
        internal timespec it_interval;
        internal timespec it_value;
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int timerfd_create(int clock, int flags);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int timerfd_settime(int fd, int flags, itimerspec* value, itimerspec* old);
}
