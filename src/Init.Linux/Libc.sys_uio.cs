using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int IOV_MAX = 1024;

    [LibraryImport(Name, SetLastError = true)]
    internal static partial nint writev(int fd, IoVector* vectors, int count);
}
