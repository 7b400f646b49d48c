using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int SIG_BLOCK = 0;
    internal const int SIG_SETMASK = 2;

    /// <summary>sigset_t of glibc: 1024 bits, signal n is bit n-1. The kernel knows the first 64.</summary>
    internal struct sigset_t
    {
        internal fixed ulong Words[16];

        internal static sigset_t Of(ulong mask)
        {
            sigset_t set = default;
            set.Words[0] = mask;
            return set;
        }
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int kill(int pid, int signo);

    /// <summary>Returns the error instead of setting errno.</summary>
    [LibraryImport(Name)]
    internal static partial int pthread_sigmask(int how, sigset_t* set, sigset_t* old);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int sigwaitinfo(sigset_t* set, siginfo_t* info);

    internal const nint SIG_DFL = 0;

    [LibraryImport(Name)]
    internal static partial nint signal(int signo, nint handler);
}
