using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int SFD_CLOEXEC = O_CLOEXEC;
    internal const int SFD_NONBLOCK = O_NONBLOCK;

    /// <summary>The head of struct signalfd_siginfo, which is the same on every architecture (signalfd(2)); 128 bytes in all.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct signalfd_siginfo
    {
        internal uint ssi_signo;
        internal int ssi_errno;
        internal int ssi_code;
        internal uint ssi_pid;
        internal uint ssi_uid;
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int signalfd(int fd, sigset_t* mask, int flags);
}
