using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Config;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <param name="Path">Below which the chat API is published: "/chat".</param>
/// <param name="Socket">Of the role "chat", where it asks everybody for a key.</param>
public sealed record PublishedChat(string Path, string Socket);

/// <summary>
/// Sends what is below the path of the chat API to the role, without that path. It stands before the rules: whoever publishes the API means all of it, and no rule for other programs can lead it astray or past its keys. How large
/// a request may be is for the role to say.
/// </summary>
internal sealed class ChatForwarder : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly PublishedChat _chat;
    private readonly ProxySettings _settings;
    private readonly IHttpForwarder _forwarder;
    private readonly HttpMessageInvoker _client;
    private readonly ForwarderRequestConfig _config;

    public ChatForwarder(PublishedChat chat, ProxySettings settings, IHttpForwarder forwarder)
    {
        (_chat, _settings, _forwarder) = (chat, settings, forwarder);
        _config = new ForwarderRequestConfig { ActivityTimeout = settings.IdleTimeout };
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = ConnectAsync,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ResponseDrainTimeout = TimeSpan.Zero,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        });
    }

    /// <summary>Whether a request is for the chat API, by its path as the client wrote it.</summary>
    public bool IsOurs(HttpContext context) => RestOf(context) is not null;

    public async Task ForwardAsync(HttpContext context)
    {
        if (RequestShape.ProblemOf(context.Request) is { } problem)
        {
            await ErrorPage.WriteAsync(context, StatusCodes.Status400BadRequest, problem, closes: true);
            return;
        }

        string rest = RestOf(context)!;
        ClientFacts client = ClientFacts.Of(context.Connection.RemoteIpAddress, context.Request.Headers, context.Request.Scheme, _settings.TrustedProxies);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        UpstreamHeaders.Prepare(context.Request.Headers, client, rule: null);
        string? host = context.Request.Headers.Host is [{ Length: > 0 } said, ..] ? said : null;
        ForwardTransformer transformer = new($"http://chat{(rest.StartsWith('/') ? "" : "/")}{rest}", host, rule: null, stickyCookie: null, pageCookie: null, begun: null);
        ForwarderError error = await _forwarder.SendAsync(context, "http://chat", _client, _config, transformer);
        if (error != ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Clear();
            await ErrorPage.WriteAsync(context, StatusCodes.Status502BadGateway, "the chat API does not answer: is its program running (init status)?");
        }
    }

    public void Dispose() => _client.Dispose();

    /// <returns>Null: it is for the rules.</returns>
    private string? RestOf(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith(_chat.Path, StringComparison.Ordinal))
            return null;
        string rest = target[_chat.Path.Length..];
        return rest is [] or ['/' or '?', ..] ? rest : null;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_chat.Socket), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
