using System.Net;
using System.Net.Sockets;
using Init.Admin.Hosting;
using Init.Routing.Rules;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>The one way to a backend. A name must not lead where a rule may not: that is seen here, before anything is sent.</summary>
internal static class BackendSocket
{
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="HttpRequestException">The backend speaks TLS, and we cannot.</exception>
    public static async Task<Socket> ConnectAsync(Uri url, CancellationToken cancellation)
    {
        if (url.Scheme == Uri.UriSchemeHttps && !OpenSsl.IsThere)
            throw new HttpRequestException(HttpRequestError.SecureConnectionError, $"cannot speak TLS: {OpenSsl.Remedy}");

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (IPAddress.TryParse(url.DnsSafeHost, out IPAddress? literal))
                await socket.ConnectAsync(literal, url.Port, cancellation);
            else
                await socket.ConnectAsync(url.IdnHost, url.Port, cancellation);

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
