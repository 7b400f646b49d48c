using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Connections to backends. They belong to no rule: an edit closes none of them, and what is under way keeps its own.</summary>
internal sealed class BackendClients : IDisposable
{
    /// <summary>One for each time a connection may take, which only the whole client can be told. Rules name few of them.</summary>
    private readonly ConcurrentDictionary<TimeSpan, Lazy<BackendClient>> _byConnectTimeout = new();

    public BackendClient For(TimeSpan connectTimeout) =>
        _byConnectTimeout.GetOrAdd(connectTimeout, static timeout => new Lazy<BackendClient>(() => new BackendClient(CreateHandler(timeout), timeout))).Value;

    public void Dispose()
    {
        foreach (Lazy<BackendClient> client in _byConnectTimeout.Values)
            client.Value.Dispose();
    }

    private static SocketsHttpHandler CreateHandler(TimeSpan connectTimeout) => new()
    {
        // Nothing but what the client has asked for: a proxy neither follows redirects, nor keeps cookies, nor unpacks.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        ConnectCallback = static async (context, cancellation) =>
            new NetworkStream(await BackendSocket.ConnectAsync(context.InitialRequestMessage.RequestUri!, cancellation), ownsSocket: true),
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ResponseDrainTimeout = TimeSpan.Zero,

        // Bytes in, bytes out: header values in any encoding pass unchanged.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    };
}

/// <summary>A client that says how long it tries to connect, for those who connect by themselves.</summary>
internal sealed class BackendClient(SocketsHttpHandler handler, TimeSpan connectTimeout) : HttpMessageInvoker(handler)
{
    public TimeSpan ConnectTimeout { get; } = connectTimeout;
}
