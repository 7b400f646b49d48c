using System.Runtime.InteropServices;
using System.Text;

namespace Init.Engine.Tests.Notify;

/// <summary>Sends a datagram with descriptors attached (SCM_RIGHTS, unix(7)), which neither .NET nor Init.Linux can.</summary>
internal static unsafe partial class DescriptorSender
{
    public static void Send(string address, string message, params int[] descriptors)
    {
        byte[] text = Encoding.UTF8.GetBytes(message);
        byte[] name = new byte[110];
        name[0] = 1; // AF_UNIX
        int length = Encoding.UTF8.GetBytes(address, name.AsSpan(2));
        if (address[0] == '@')
            name[2] = 0;

        byte[] control = new byte[16 + (descriptors.Length * sizeof(int) + 7 & ~7)];
        BitConverter.TryWriteBytes(control, (long)(16 + (descriptors.Length * sizeof(int))));
        BitConverter.TryWriteBytes(control.AsSpan(8), 1); // SOL_SOCKET
        BitConverter.TryWriteBytes(control.AsSpan(12), 1); // SCM_RIGHTS
        MemoryMarshal.AsBytes(descriptors.AsSpan()).CopyTo(control.AsSpan(16));

        int socket = NativeMethods.socket(1, 2, 0);
        fixed (byte* namePointer = name, textPointer = text, controlPointer = control)
        {
            nint* vector = stackalloc nint[2] { (nint)textPointer, text.Length };
            nint* header = stackalloc nint[7]
            {
                (nint)namePointer, 2 + length + (address[0] == '@' ? 0 : 1), (nint)vector, 1, (nint)controlPointer, control.Length, 0,
            };
            nint sent = NativeMethods.sendmsg(socket, header, 0);
            int errno = Marshal.GetLastSystemError();
            _ = NativeMethods.close(socket);
            Assert.True(sent == text.Length, $"sendmsg: errno {errno}");
        }
    }

    private static partial class NativeMethods
    {
        [LibraryImport("libc")]
        public static partial int socket(int family, int type, int protocol);

        [LibraryImport("libc")]
        public static partial nint sendmsg(int socket, nint* header, int flags);

        [LibraryImport("libc")]
        public static partial int close(int fd);
    }
}
