using System.Runtime.InteropServices;

namespace Init.Linux;

/// <summary>The calls that take a directory's descriptor and a name of any bytes (fcntl.h, sys/stat.h, unistd.h, stdio.h).</summary>
internal static unsafe partial class Libc
{
    internal const int AT_REMOVEDIR = 0x200;

    [StructLayout(LayoutKind.Sequential)]
    internal struct timespec_t
    {
        internal long tv_sec;
        internal long tv_nsec;
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport(Name, EntryPoint = "statx", SetLastError = true)]
    internal static partial int statx_raw(int directory, byte* path, int flags, uint mask, statx_t* result);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial nint readlinkat(int directory, byte* path, byte* buffer, nuint size);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int symlinkat(byte* target, int directory, byte* path);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int renameat(int fromDirectory, byte* from, int toDirectory, byte* to);

    internal const uint RENAME_EXCHANGE = 2;

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int renameat2(int fromDirectory, byte* from, int toDirectory, byte* to, uint flags);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int fchownat(int directory, byte* path, uint owner, uint group, int flags);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int utimensat(int directory, byte* path, timespec_t* times, int flags);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int syncfs(int fd);
}
