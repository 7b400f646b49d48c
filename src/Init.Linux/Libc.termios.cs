using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    // c_lflag
    internal const uint ISIG = 0x1;
    internal const uint ICANON = 0x2;
    internal const uint ECHO = 0x8;

    internal const int TCSADRAIN = 1;

    /// <summary>glibc's, not the kernel's.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct termios
    {
        public uint c_iflag;
        public uint c_oflag;
        public uint c_cflag;
        public uint c_lflag;
        public byte c_line;
        public fixed byte c_cc[32];
        public uint c_ispeed;
        public uint c_ospeed;
    }

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int tcgetattr(int fd, termios* attributes);

    [LibraryImport(Name, SetLastError = true)]
    internal static partial int tcsetattr(int fd, int actions, termios* attributes);
}
