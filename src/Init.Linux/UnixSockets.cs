using System.Text;

namespace Init.Linux;

/// <summary>Who is at the other end, as the kernel vouches for it. A pid of 0 is a process outside our PID namespace.</summary>
public readonly record struct SocketCredentials(int Pid, int Uid, int Gid);

/// <param name="Count">Bytes received.</param>
/// <param name="Sender">Null when the kernel did not say.</param>
/// <param name="WasTruncated">The datagram was longer than the buffer.</param>
/// <param name="Errno">0, or why nothing was received; EAGAIN = none waits.</param>
public readonly record struct ReceivedDatagram(int Count, SocketCredentials? Sender, bool WasTruncated, int Errno);

/// <summary>Unix-domain sockets (unix(7)). All are close-on-exec; all but those of <see cref="Connect(string)"/> are non-blocking.</summary>
public static unsafe class UnixSockets
{
    /// <summary>The kernel takes less where its own limit is lower (/proc/sys/net/core/somaxconn).</summary>
    public const int LargestBacklog = 4096;

    /// <summary>
    /// Listens on a path. A socket file that nobody listens on any more (of a supervisor that was killed) is replaced; one that answers
    /// is EADDRINUSE, and so is anything else that lies there.
    /// </summary>
    /// <param name="path">At most 107 bytes (sun_path), or the result is ENAMETOOLONG.</param>
    /// <param name="mode">The socket file has these permissions from the moment it exists.</param>
    /// <param name="backlog">Connections that may wait to be accepted; further ones are refused with EAGAIN.</param>
    public static OpenResult Listen(string path, int mode, int backlog)
    {
        OpenResult socket = Bind(Libc.SOCK_STREAM, path, mode);
        if (socket.Succeeded && Libc.listen(socket.Fd, backlog) != 0)
            return Fail(socket.Fd);

        return socket;
    }

    /// <summary>The next waiting connection; EAGAIN = none. EMFILE and ENFILE leave it waiting, so the caller must pause the watch or it spins.</summary>
    public static OpenResult Accept(int listener)
    {
        while (true)
        {
            OpenResult result = OpenResult.Of(Libc.accept4(listener, null, null, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK));

            // ECONNABORTED (103): that client has gone away again while it waited (accept(2)).
            if (result.Errno is not (Errno.EINTR or 103))
                return result;
        }
    }

    /// <summary>For clients: connects and stays blocking. ECONNREFUSED and ENOENT = nobody listens.</summary>
    public static OpenResult Connect(string path) => Connect(path, Libc.SOCK_STREAM);

    /// <summary>Who connected. The kernel noted it at connect(2), so it holds even if that process is gone.</summary>
    public static SocketCredentials? PeerOf(int connection)
    {
        Libc.ucred credentials;
        uint length = (uint)sizeof(Libc.ucred);
        return Libc.getsockopt(connection, Libc.SOL_SOCKET, Libc.SO_PEERCRED, &credentials, &length) == 0
            ? new SocketCredentials(credentials.pid, (int)credentials.uid, (int)credentials.gid)
            : null;
    }

    /// <summary>One send(2): never waits, never raises SIGPIPE.</summary>
    public static IoResult Send(int connection, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            while (true)
            {
                nint count = Libc.send(connection, start, (nuint)data.Length, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
                if (count >= 0)
                    return new IoResult((int)count, 0);
                if (Libc.LastErrno != Errno.EINTR)
                    return new IoResult(0, Libc.LastErrno);
            }
        }
    }

    /// <summary>Two connected stream sockets, close-on-exec and blocking.</summary>
    public static int TryCreatePair(out int one, out int other)
    {
        int* fds = stackalloc int[2];
        (one, other) = (-1, -1);
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0, fds) != 0)
            return Libc.LastErrno;

        (one, other) = (fds[0], fds[1]);
        return 0;
    }

    /// <summary>A datagram socket that learns the sender of each message from the kernel, for sd_notify(3).</summary>
    /// <param name="address">A path, as for <see cref="Listen"/>, or "@name" for the abstract namespace, which needs no file system.</param>
    /// <param name="mode">Who may send, for a path. The abstract namespace has no permissions: look at the sender.</param>
    public static OpenResult BindDatagram(string address, int mode)
    {
        OpenResult socket = Bind(Libc.SOCK_DGRAM, address, mode);
        if (!socket.Succeeded)
            return socket;

        int on = 1;
        return Libc.setsockopt(socket.Fd, Libc.SOL_SOCKET, Libc.SO_PASSCRED, &on, sizeof(int)) == 0 ? socket : Fail(socket.Fd);
    }

    public static ReceivedDatagram Receive(int socket, Span<byte> buffer)
    {
        // Room for the credentials and for the most descriptors one message can carry (SCM_MAX_FD, 253), so that we see all of them, to close them.
        const int ControlSize = 32 + 16 + (253 * sizeof(int)) + 64;
        byte* control = stackalloc byte[ControlSize];
        fixed (byte* start = buffer)
        {
            IoVector vector = new((nint)start, (nuint)buffer.Length);
            Libc.msghdr message = new() { msg_iov = &vector, msg_iovlen = 1, msg_control = control, msg_controllen = ControlSize };
            nint count;
            do
                count = Libc.recvmsg(socket, &message, Libc.MSG_DONTWAIT | Libc.MSG_CMSG_CLOEXEC);
            while (count < 0 && Libc.LastErrno == Errno.EINTR);

            return count < 0
                ? new ReceivedDatagram(0, null, WasTruncated: false, Libc.LastErrno)
                : new ReceivedDatagram((int)count, ReadControl(control, (int)message.msg_controllen), (message.msg_flags & Libc.MSG_TRUNC) != 0, 0);
        }
    }

    /// <summary>For clients: one datagram to a path or "@name".</summary>
    public static IoResult SendDatagram(string address, ReadOnlySpan<byte> data)
    {
        OpenResult socket = Connect(address, Libc.SOCK_DGRAM);
        if (!socket.Succeeded)
            return new IoResult(0, socket.Errno);

        IoResult result = Send(socket.Fd, data);
        Files.Close(socket.Fd);
        return result;
    }

    private static OpenResult Connect(string address, int type)
    {
        byte* socketAddress = stackalloc byte[2 + Libc.SunPathSize];
        if (!TryEncode(address, socketAddress, out uint length))
            return new OpenResult(-1, Errno.ENAMETOOLONG);

        OpenResult socket = OpenResult.Of(Libc.socket(Libc.AF_UNIX, type | Libc.SOCK_CLOEXEC, 0));
        if (!socket.Succeeded)
            return socket;

        return Libc.connect(socket.Fd, socketAddress, length) == 0 ? socket : Fail(socket.Fd);
    }

    private static OpenResult Bind(int type, string address, int mode)
    {
        byte* socketAddress = stackalloc byte[2 + Libc.SunPathSize];
        if (!TryEncode(address, socketAddress, out uint length))
            return new OpenResult(-1, Errno.ENAMETOOLONG);

        OpenResult socket = OpenResult.Of(Libc.socket(Libc.AF_UNIX, type | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0));
        if (!socket.Succeeded)
            return socket;

        // On Linux the file that bind(2) makes takes the mode of the socket, less the umask: so there is no moment at which it is open to others.
        _ = Libc.fchmod(socket.Fd, (uint)mode);
        if (Libc.bind(socket.Fd, socketAddress, length) != 0)
        {
            if (Libc.LastErrno != Errno.EADDRINUSE || !RemoveStale(type, address) || Libc.bind(socket.Fd, socketAddress, length) != 0)
                return Fail(socket.Fd, Libc.LastErrno == 0 ? Errno.EADDRINUSE : Libc.LastErrno);
        }

        // The umask may have taken away what was asked for.
        if (!address.StartsWith('@'))
            _ = Libc.chmod(address, (uint)mode);
        return socket;
    }

    /// <summary>True when a socket file that nobody serves lay there and is gone now. Sets errno to EADDRINUSE otherwise.</summary>
    private static bool RemoveStale(int type, string path)
    {
        // Connecting to a file of any kind gives ECONNREFUSED, so its kind is looked at first.
        if (!path.StartsWith('@') && Files.StatusOf(path, followLink: false) is { Kind: FileKind.Socket })
        {
            // Without waiting: one that hangs with its backlog full (EAGAIN) is somebody all the same, and must not hang us too.
            OpenResult probe = Connect(path, type | Libc.SOCK_NONBLOCK);
            if (probe.Succeeded)
                Files.Close(probe.Fd);
            else if (probe.Errno == Errno.ECONNREFUSED && Libc.unlink(path) == 0)
                return true;
        }

        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(Errno.EADDRINUSE);
        return false;
    }

    private static OpenResult Fail(int socket) => Fail(socket, Libc.LastErrno);

    private static OpenResult Fail(int socket, int errno)
    {
        Files.Close(socket);
        return new OpenResult(-1, errno);
    }

    /// <summary>struct sockaddr_un: a path ends with a zero byte, an abstract name begins with one and has no end but its length.</summary>
    private static bool TryEncode(string address, byte* socketAddress, out uint length)
    {
        bool isAbstract = address.StartsWith('@');
        int bytes = Encoding.UTF8.GetByteCount(address);
        length = 0;
        if (bytes == 0 || bytes > (isAbstract ? Libc.SunPathSize : Libc.SunPathSize - 1))
            return false;

        *(ushort*)socketAddress = Libc.AF_UNIX;
        Span<byte> path = new(socketAddress + 2, Libc.SunPathSize);
        path.Clear();
        Encoding.UTF8.GetBytes(address, path);
        if (isAbstract)
            path[0] = 0;
        length = (uint)(2 + bytes + (isAbstract ? 0 : 1));
        return true;
    }

    private static SocketCredentials? ReadControl(byte* control, int length)
    {
        SocketCredentials? sender = null;
        int headerSize = sizeof(Libc.cmsghdr);
        for (int at = 0; at + headerSize <= length;)
        {
            Libc.cmsghdr* header = (Libc.cmsghdr*)(control + at);
            int size = (int)header->cmsg_len;
            if (size < headerSize || at + size > length)
                break;

            byte* data = control + at + headerSize;
            if (header->cmsg_level == Libc.SOL_SOCKET && header->cmsg_type == Libc.SCM_CREDENTIALS)
            {
                Libc.ucred* credentials = (Libc.ucred*)data;
                sender = new SocketCredentials(credentials->pid, (int)credentials->uid, (int)credentials->gid);
            }
            else if (header->cmsg_level == Libc.SOL_SOCKET && header->cmsg_type == Libc.SCM_RIGHTS)
            {
                // Nobody asked for these; kept, they would use up our descriptors.
                for (int i = 0; i < (size - headerSize) / sizeof(int); i++)
                    Files.Close(((int*)data)[i]);
            }

            at += (size + 7) & ~7;
        }

        return sender;
    }
}
