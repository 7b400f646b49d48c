using System.Runtime.InteropServices;

namespace Init.Linux;

/// <summary>
/// The C library, by its own names; one file for each header. Only 64-bit glibc systems: structures are written for LP64, and where an
/// architecture differs beyond that (epoll_event, open flags, struct stat) the code asks for the architecture or uses a call that does not differ.
/// </summary>
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    internal static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The errno of the last call in this file group, on this thread.</summary>
    internal static int LastErrno => Marshal.GetLastPInvokeError();
}
