using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Config;
using Init.Linux;

namespace Init.Admin.Hosting;

/// <summary>An address could not be bound. The message is for people, and says which and why.</summary>
public sealed class BindException(string message) : Exception(message);

/// <summary>Binds listening addresses before the server is made, so that what is wrong with one is said in our words.</summary>
public static class EndpointBinder
{
    /// <summary>sun_path of unix(7), without its end.</summary>
    private const int SocketPathBytesMax = 107;

    /// <exception cref="BindException">One of them cannot be bound; none is left bound then.</exception>
    public static List<BoundEndpoint> BindAll(IReadOnlyList<HttpEndpoint> endpoints)
    {
        List<BoundEndpoint> bound = [];
        try
        {
            foreach (HttpEndpoint endpoint in endpoints)
                bound.Add(endpoint.UnixPath is { } path ? BindUnix(endpoint, path) : BindTcp(endpoint, endpoint.Port!.Value));
            return bound;
        }
        catch
        {
            foreach (BoundEndpoint endpoint in bound)
            {
                endpoint.RemoveFile();
                endpoint.Socket.Dispose();
            }

            throw;
        }
    }

    private static BoundEndpoint BindTcp(HttpEndpoint endpoint, int port)
    {
        // All addresses: one socket for both families, where the kernel has the newer one.
        if (endpoint.Address is null && Socket.OSSupportsIPv6)
        {
            try
            {
                return BindTcp(endpoint, new IPEndPoint(IPAddress.IPv6Any, port));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
                // It has it, and it is switched off.
            }
        }

        IPEndPoint address = new(endpoint.Address ?? IPAddress.Any, port);
        try
        {
            return BindTcp(endpoint, address);
        }
        catch (SocketException exception)
        {
            string remedy = exception.SocketErrorCode == SocketError.AddressAlreadyInUse ? " (another program listens there: end it, or choose another port)" : "";
            throw new BindException($"cannot listen on {address}: {exception.Message}{remedy}");
        }
    }

    private static BoundEndpoint BindTcp(HttpEndpoint endpoint, IPEndPoint address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            return new BoundEndpoint(endpoint, socket, address);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// As supervisord does it: bound under a name of its own, given its mode and owner, and then linked into place, so that nobody ever sees it half made.
    /// A socket that nobody listens on any more is replaced; one that answers is not, and neither is anything else that lies there.
    /// </summary>
    private static BoundEndpoint BindUnix(HttpEndpoint endpoint, string path)
    {
        string own = $"{path}.{Environment.ProcessId}";
        if (Encoding.UTF8.GetByteCount(own) > SocketPathBytesMax)
        {
            throw new BindException(
                $"cannot listen on {path}: the path is too long for a socket (at most {SocketPathBytesMax - 1 - Environment.ProcessId.ToString().Length} bytes)");
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Left by an earlier process of our number.
            _ = Files.Unlink(own);
            socket.Bind(new UnixDomainSocketEndPoint(own));
            try
            {
                // Listening comes before the link: whoever finds the file may connect at once.
                socket.Listen(Backlog);
                Furnish(endpoint, own, path);
                Place(own, path);
            }
            finally
            {
                _ = Files.Unlink(own);
            }

            FileStatus? placed = Files.StatusOf(path, followLink: false);
            return new BoundEndpoint(endpoint, socket, new UnixDomainSocketEndPoint(path))
            {
                SocketFile = placed is { } file ? (file.Device, file.Inode) : null,
            };
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new BindException($"cannot listen on {path}: {exception.Message}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public const int Backlog = 512;

    private static void Furnish(HttpEndpoint endpoint, string own, string path)
    {
        int errno = Files.ChangeMode(own, endpoint.UnixMode);
        if (errno != 0)
            throw new BindException($"cannot set the mode of {path}: {Errno.Describe(errno)}");

        if (endpoint.UnixOwner is not { } owner)
            return;

        if (Users.Resolve(owner, out string problem) is not { } user)
            throw new BindException($"cannot give {path} to \"{owner}\": {problem}");

        errno = Files.ChangeOwner(own, user.Uid, user.Gid);
        if (errno != 0)
            throw new BindException($"cannot give {path} to \"{owner}\": {Errno.Describe(errno)}");
    }

    private static void Place(string own, string path)
    {
        // A second try after a stale one has been taken away; more only if somebody keeps on making new ones.
        for (int attempt = 0; ; attempt++)
        {
            int errno = Files.Link(own, path);
            if (errno == 0)
                return;

            if (errno != Errno.EEXIST || attempt == 3)
                throw new BindException($"cannot listen on {path}: {Errno.Describe(errno)}");

            if (Files.StatusOf(path, followLink: false) is { Kind: not FileKind.Socket })
                throw new BindException($"cannot listen on {path}: something that is no socket lies there (remove it, or choose another path)");

            OpenResult connection = UnixSockets.Connect(path);
            if (connection.Succeeded)
            {
                Files.Close(connection.Fd);
                throw new BindException($"cannot listen on {path}: another program listens there (end it, or choose another path)");
            }

            _ = Files.Unlink(path);
        }
    }
}
