using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Routing.Rules;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Connections to backends. They belong to no rule: an edit closes none of them, and what is under way keeps its own.</summary>
internal sealed class BackendClients : IDisposable
{
    /// <summary>One for each time a connection may take, which only the whole client can be told. Rules name few of them.</summary>
    private readonly ConcurrentDictionary<TimeSpan, Lazy<HttpMessageInvoker>> _byConnectTimeout = new();

    public HttpMessageInvoker For(TimeSpan connectTimeout) =>
        _byConnectTimeout.GetOrAdd(connectTimeout, static timeout => new Lazy<HttpMessageInvoker>(() => Create(timeout))).Value;

    public void Dispose()
    {
        foreach (Lazy<HttpMessageInvoker> client in _byConnectTimeout.Values)
            client.Value.Dispose();
    }

    private static HttpMessageInvoker Create(TimeSpan connectTimeout) => new(new SocketsHttpHandler
    {
        // Nothing but what the client has asked for: a proxy neither follows redirects, nor keeps cookies, nor unpacks.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        ConnectCallback = static (context, cancellation) => ConnectAsync(context.DnsEndPoint, cancellation),
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ResponseDrainTimeout = TimeSpan.Zero,

        // Bytes in, bytes out: header values in any encoding pass unchanged.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    /// <summary>As the client does it by itself, but that a name must not lead where a rule may not.</summary>
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint backend, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(backend, cancellation);
            if (socket.RemoteEndPoint is IPEndPoint { Address: { } address } && MetadataAddresses.Contain(address))
                throw new SocketException((int)SocketError.AccessDenied);

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
