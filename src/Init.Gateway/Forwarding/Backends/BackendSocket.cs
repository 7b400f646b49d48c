using System.Net;
using System.Net.Sockets;
using Init.Routing.Rules;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>The one way to a backend. A name must not lead where a rule may not: that is seen here, before anything is sent.</summary>
internal static class BackendSocket
{
    /// <exception cref="SocketException">There is no connection.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (IPAddress.TryParse(host, out IPAddress? literal))
                await socket.ConnectAsync(literal, port, cancellation);
            else
                await socket.ConnectAsync(host, port, cancellation);

            if (socket.RemoteEndPoint is IPEndPoint { Address: { } address } && MetadataAddresses.Contain(address))
                throw new SocketException((int)SocketError.AccessDenied);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
