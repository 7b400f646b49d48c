using System.Runtime.InteropServices;

namespace Init.Linux;

/// <summary>Calls newer than the oldest glibc we link against. Their numbers are the same on every architecture (all from 424 on are).</summary>
internal static unsafe partial class Libc
{
    internal const long SYS_pidfd_send_signal = 424;
    internal const long SYS_pidfd_open = 434;
    internal const long SYS_close_range = 436;
    internal const long SYS_epoll_pwait2 = 441;

    internal const uint CLOSE_RANGE_CLOEXEC = 4;

    [LibraryImport(Name, SetLastError = true)]
    internal static partial long syscall(long number, long a, long b, long c, long d, long e, long f);
}
