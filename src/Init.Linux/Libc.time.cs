using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int CLOCK_MONOTONIC = 1;

    internal struct timespec
    {
        internal long tv_sec;
        internal long tv_nsec;
    }

    [LibraryImport(Name)]
    [SuppressGCTransition]
    internal static partial int clock_gettime(int clock, timespec* time);
}
