using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Init.Gateway.Forwarding.Backends;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding.WebSockets;

/// <summary>
/// Forwards WebSockets over a connection to the backend that is nothing but a socket, and all else by the forwarder it stands before. Thousands of WebSockets say nothing for
/// hours, and an HTTP client keeps buffers and messages for each. Only the handshake's head is read here (RFC 6455, section 4); a backend that refuses is answered for by the
/// forwarder, which gets to read what has come. An accepted one leaves a <see cref="Tunnel"/> as a feature of the request, to be run when all that has chosen the way is done.
/// </summary>
internal sealed class TunnelForwarder(IHttpForwarder forwarder) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken) =>
        IsWebSocket(context)
            ? TunnelAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken)
            : forwarder.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);

    private static bool IsWebSocket(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && HttpMethods.IsGet(context.Request.Method)
        && context.Request.Headers.Upgrade is [{ } protocol] && protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase);

    private async ValueTask<ForwarderError> TunnelAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker client, ForwarderRequestConfig config, HttpTransformer transformer, CancellationToken cancellation)
    {
        TimeSpan idle = config.ActivityTimeout ?? Timeout.InfiniteTimeSpan;
        Opened opened;
        using (CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, cancellation))
        {
            limit.CancelAfter(idle);
            try
            {
                opened = await OpenAsync(context, destinationPrefix, client, transformer, limit.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException or HttpRequestException or FormatException)
            {
                return Fail(context, exception);
            }
        }

        if (!opened.Head.IsSwitch)
        {
            using HttpMessageInvoker reader = opened.AsClient();
            return await forwarder.SendAsync(context, destinationPrefix, reader, config, transformer, cancellation);
        }

        Stream accepted;
        try
        {
            accepted = await AcceptAsync(context, opened, transformer, cancellation);
        }
        catch (Exception exception)
        {
            await opened.Stream.DisposeAsync();
            if (exception is OperationCanceledException or IOException)
                return Fail(context, exception);
            throw;
        }

        // From here on it may take days: it is run by whoever has least to keep meanwhile.
        context.Request.Headers.Clear();
        context.Features.Set(new Tunnel(accepted, opened.Stream, idle, context.Abort));
        return ForwarderError.None;
    }

    /// <summary>A connection to the backend, the handshake sent, the head of the answer read.</summary>
    private static async Task<Opened> OpenAsync(HttpContext context, string destinationPrefix, HttpMessageInvoker client, HttpTransformer transformer, CancellationToken limit)
    {
        using HttpRequestMessage request = new();
        await transformer.TransformRequestAsync(context, request, destinationPrefix, limit);
        Uri url = request.RequestUri ?? new Uri(destinationPrefix);
        Socket socket = await ConnectAsync(url, (client as BackendClient)?.ConnectTimeout ?? Timeout.InfiniteTimeSpan, limit);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (url.Scheme == Uri.UriSchemeHttps)
            {
                SslStream secure = new(stream);
                stream = secure;
                await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.IdnHost }, limit);
            }

            await stream.WriteAsync(HandshakeRequest.ToBytes(request, url, context.Request.Headers.Upgrade.ToString()), limit);
            return new Opened(stream, await ResponseHead.ReadAsync(stream, limit));
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync();
            if (exception is System.Security.Authentication.AuthenticationException)
                throw new HttpRequestException(HttpRequestError.SecureConnectionError, "no TLS connection to the backend", exception);
            throw;
        }
    }

    /// <exception cref="HttpRequestException">As an HTTP client has it, so that whoever explains it need not know who has connected.</exception>
    private static async Task<Socket> ConnectAsync(Uri url, TimeSpan timeout, CancellationToken limit)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(limit);
        patience.CancelAfter(timeout);
        try
        {
            return await BackendSocket.ConnectAsync(url, patience.Token);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(
                exception.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData ? HttpRequestError.NameResolutionError : HttpRequestError.ConnectionError,
                exception.Message,
                exception);
        }
        catch (OperationCanceledException exception)
        {
            if (limit.IsCancellationRequested)
                throw;
            throw new HttpRequestException(HttpRequestError.ConnectionError, "the backend did not accept the connection in time", new TimeoutException(null, exception));
        }
    }

    /// <summary>Passes the backend's answer on, and takes the client's connection out of the HTTP server's hands.</summary>
    private static async Task<Stream> AcceptAsync(HttpContext context, Opened opened, HttpTransformer transformer, CancellationToken cancellation)
    {
        using HttpResponseMessage response = opened.Head.ToMessage();
        _ = await transformer.TransformResponseAsync(context, response, cancellation);
        context.Response.Headers.Upgrade = opened.Head.Upgrade;
        context.Response.Headers.Connection = "Upgrade";
        Stream accepted = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        if (opened.Head.Rest is { Length: > 0 } early)
            await accepted.WriteAsync(early, cancellation);
        return accepted;
    }

    private static ForwarderError Fail(HttpContext context, Exception exception)
    {
        ForwarderError error = context.RequestAborted.IsCancellationRequested ? ForwarderError.RequestCanceled
            : exception is OperationCanceledException ? ForwarderError.RequestTimedOut
            : ForwarderError.Request;
        context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        if (!context.Response.HasStarted)
            context.Response.StatusCode = error == ForwarderError.RequestTimedOut ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway;
        return error;
    }

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;

    /// <param name="Stream">To the backend.</param>
    /// <param name="Head">Of its answer.</param>
    private sealed record Opened(Stream Stream, ResponseHead Head)
    {
        /// <summary>A client that finds the answer which has come on this connection, whatever it asks.</summary>
        public HttpMessageInvoker AsClient() => new(new PlainHttp(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ResponseDrainTimeout = TimeSpan.Zero,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new ReplayStream(Head.Received, Stream)),
        }));
    }

    /// <summary>TLS, if any, has been taken off already.</summary>
    private sealed class PlainHttp(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri("http://answered/");
            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
