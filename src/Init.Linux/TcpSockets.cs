using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Init.Linux;

/// <summary>Just enough of TCP to ask whether somebody answers: literal addresses, connect, send, read. System.Net.Sockets would bring its own threads.</summary>
public static unsafe class TcpSockets
{
    /// <summary>
    /// Begins to connect. The socket is non-blocking and becomes writable when the answer is there; then ask <see cref="PendingError"/>. An errno says that it
    /// failed at once (ECONNREFUSED on the loopback, ENETUNREACH).
    /// </summary>
    public static OpenResult StartConnect(IPAddress address, int port)
    {
        bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        OpenResult socket = OpenResult.Of(Libc.socket(
            isV6 ? Libc.AF_INET6 : Libc.AF_INET, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0));
        if (!socket.Succeeded)
            return socket;

        byte* socketAddress = stackalloc byte[28];
        uint length = Encode(address, port, new Span<byte>(socketAddress, 28));
        if (Libc.connect(socket.Fd, socketAddress, length) == 0 || Libc.LastErrno is Errno.EINPROGRESS or Errno.EINTR)
            return socket; // EINTR: the attempt goes on all the same (connect(2)).

        int errno = Libc.LastErrno;
        Files.Close(socket.Fd);
        return new OpenResult(-1, errno);
    }

    /// <summary>Listens; an address that an earlier life of ours has left in TIME_WAIT can be had at once (SO_REUSEADDR).</summary>
    /// <param name="address">Null = all of IPv4.</param>
    public static OpenResult Listen(IPAddress? address, int port, int backlog)
    {
        IPAddress place = address ?? IPAddress.Any;
        bool isV6 = place.AddressFamily == AddressFamily.InterNetworkV6;
        OpenResult socket = OpenResult.Of(Libc.socket(isV6 ? Libc.AF_INET6 : Libc.AF_INET, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0));
        if (!socket.Succeeded)
            return socket;

        int on = 1;
        byte* socketAddress = stackalloc byte[28];
        uint length = Encode(place, port, new Span<byte>(socketAddress, 28));
        if (Libc.setsockopt(socket.Fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, &on, sizeof(int)) == 0
            && Libc.bind(socket.Fd, socketAddress, length) == 0
            && Libc.listen(socket.Fd, backlog) == 0)
            return socket;

        int errno = Libc.LastErrno;
        Files.Close(socket.Fd);
        return new OpenResult(-1, errno);
    }

    /// <summary>How the connecting ended: 0 = connected, else the errno. Asking clears it.</summary>
    public static int PendingError(int socket)
    {
        int error = 0;
        uint length = sizeof(int);
        return Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_ERROR, &error, &length) == 0 ? error : Libc.LastErrno;
    }

    /// <summary>
    /// True when the socket is connected to itself. It can happen to whoever connects to a local port that nobody listens on, when the kernel
    /// happens to give the connecting end that very port: both ends then open at once (RFC 9293 3.5), and it looks as if somebody answered.
    /// </summary>
    public static bool IsConnectedToItself(int socket)
    {
        byte* own = stackalloc byte[28];
        byte* peer = stackalloc byte[28];
        uint ownLength = 28;
        uint peerLength = 28;
        return Libc.getsockname(socket, own, &ownLength) == 0 && Libc.getpeername(socket, peer, &peerLength) == 0
            && new ReadOnlySpan<byte>(own, (int)ownLength).SequenceEqual(new ReadOnlySpan<byte>(peer, (int)peerLength));
    }

    /// <summary>sockaddr_in: family, port, address, 8 of padding. sockaddr_in6: family, port, flow info, address, scope.</summary>
    private static uint Encode(IPAddress address, int port, Span<byte> bytes)
    {
        bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        bytes.Clear();
        BitConverter.TryWriteBytes(bytes, (ushort)(isV6 ? Libc.AF_INET6 : Libc.AF_INET));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        address.TryWriteBytes(bytes[(isV6 ? 8 : 4)..], out _);
        if (isV6)
            BitConverter.TryWriteBytes(bytes[24..], (uint)address.ScopeId);
        return isV6 ? 28u : 16u;
    }
}
