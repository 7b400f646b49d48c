using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int IN_CLOEXEC = O_CLOEXEC;
    internal const int IN_NONBLOCK = O_NONBLOCK;
    internal const uint IN_MODIFY = 0x2;
    internal const uint IN_ATTRIB = 0x4;
    internal const uint IN_MOVED_FROM = 0x40;
    internal const uint IN_MOVED_TO = 0x80;
    internal const uint IN_CREATE = 0x100;
    internal const uint IN_DELETE = 0x200;
    internal const uint IN_Q_OVERFLOW = 0x4000;
    internal const uint IN_IGNORED = 0x8000;
    internal const uint IN_ONLYDIR = 0x1000000;
    internal const uint IN_EXCL_UNLINK = 0x4000000;
    internal const uint IN_ISDIR = 0x40000000;

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int inotify_add_watch(int fd, string path, uint mask);
}
