using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    // struct linux_dirent64 is the same everywhere: ino 8, off 8, reclen 2, type 1, name.
    internal const int DirentLengthOffset = 16;
    internal const int DirentNameOffset = 19;

    [LibraryImport(Name, SetLastError = true)]
    internal static partial nint getdents64(int fd, byte* buffer, nuint size);
}
