namespace Init.XmlRpc;

/// <summary>The server has answered with another status than 200.</summary>
public sealed class HttpStatusException : Exception
{
    public HttpStatusException(int status, string reason) : base($"{status} {reason}") => Status = status;

    public HttpStatusException() { }

    public HttpStatusException(string message) : base(message) { }

    public HttpStatusException(string message, Exception inner) : base(message, inner) { }

    public int Status { get; }
}

/// <summary>Calls the methods of supervisord, or of Init in its place. Each call is a connection of its own, and blocks until it is answered.</summary>
public sealed class XmlRpcClient(ServerAddress server, HttpCredentials credentials)
{
    private const string Path = "/RPC2";

    /// <exception cref="System.Net.Sockets.SocketException">The server cannot be reached.</exception>
    /// <exception cref="HttpStatusException"/>
    /// <exception cref="HttpFormatException"/>
    /// <exception cref="XmlRpcFormatException"/>
    public XmlRpcResponse Call(string method, params ReadOnlySpan<XmlRpcValue> parameters)
    {
        using HttpExchange exchange = HttpExchange.Post(server, Path, credentials, XmlRpcWriter.WriteRequest(method, parameters));
        if (exchange.Status != 200)
            throw new HttpStatusException(exchange.Status, exchange.Reason);

        return XmlRpcReader.ReadResponse(exchange.ReadToEnd(XmlRpcLimits.Response.BytesMax));
    }
}
