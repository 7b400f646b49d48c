using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const int P_ALL = 0;
    internal const int P_PID = 1;
    internal const int WNOHANG = 1;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x01000000;
    internal const int CLD_EXITED = 1;
    internal const int CLD_DUMPED = 3;

    /// <summary>siginfo_t as waitid and sigwaitinfo fill it, LP64 (bits/types/siginfo_t.h): three ints, padding to 8, then _kill or _sigchld; 128 bytes in all.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct siginfo_t
    {
        [FieldOffset(0)]
        internal int si_signo;

        [FieldOffset(8)]
        internal int si_code;

        [FieldOffset(16)]
        internal int si_pid;

        [FieldOffset(20)]
        internal int si_uid;

        [FieldOffset(24)]
        internal int si_status;
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int waitid(int idType, uint id, siginfo_t* info, int options);
}
