using System.Text;
using Init.Admin.Hosting;
using Init.Admin.Http;
using Init.Admin.Http.Access;
using Init.Config;
using Init.Gateway.Forwarding.Backends;
using Init.Gateway.Forwarding.WebSockets;
using Init.Gateway.Hosting;
using Init.Gateway.Logging;
using Init.Panel;
using Init.Panel.Rules;
using Init.Routing.Actions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <summary>
/// The server of the public port: the panel below /admin, the chat API below its path, and everything else by the rules. It has other limits and other sockets than the one of the administration, and what
/// they both answer is here behind the panel's sign-in.
/// </summary>
internal sealed class PublicServer : IAsyncDisposable
{
    /// <summary>How long a connection may wait for the next request.</summary>
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(65);

    /// <summary>Whoever is slower for longer than <see cref="ProxySettings.BodyTimeout"/> is not slow, but an attack or gone.</summary>
    private const double BytesPerSecondMin = 240;

    /// <summary>nginx's, by default, for both: beyond them 431 and 414.</summary>
    private const int HeaderBytesMax = 32 * 1024, RequestLineBytesMax = 8 * 1024;

    private const int HeaderCountMax = 200;

    private const string HealthPath = "/healthz";

    private readonly WebApplication _server;
    private readonly BackendClients _clients;

    private readonly BackendProber _prober;
    private readonly ChatForwarder? _chat;
    private readonly ServerCertificate? _certificate;

    private PublicServer(WebApplication server, BackendClients clients, BackendProber prober, ChatForwarder? chat, ServerCertificate? certificate)
    {
        _chat = chat;
        _certificate = certificate;
        _server = server;
        _clients = clients;
        _prober = prober;
    }

    /// <param name="settings">Of the port.</param>
    /// <param name="endpoints">Where it listens.</param>
    /// <param name="services">What the port works with.</param>
    /// <param name="panel">Makes what the panel works with, which is told when the server is to end; null: it is switched off, or cannot be had.</param>
    /// <param name="trim">Is told of connections and requests.</param>
    /// <param name="log">Gets what goes wrong.</param>
    public static PublicServer Build(ProxySettings settings, IReadOnlyList<BoundEndpoint> endpoints, PublicServices services, Func<CancellationToken, PanelServices>? panel, MemoryTrim trim, LineLoggerProvider log)
    {
        ServerCertificate? certificate = settings.Tls is { } tls ? new ServerCertificate(tls, log) : null;
        certificate?.Reread();
        WebApplicationBuilder builder = KestrelHost.CreateBuilder(
            endpoints, settings.Connections, kestrel => SetLimits(kestrel, settings), trim, log, (endpoint, listen) => Furnish(listen, endpoint.Configured, settings, certificate));
        builder.Services.AddHttpForwarder();
        builder.Services.AddRoutingCore();
        WebApplication server = builder.Build();
        BackendClients clients = new();
        var (rules, board, news) = services;
        ChatForwarder? chat = services.Chat is { } published ? new ChatForwarder(published, settings, server.Services.GetRequiredService<IHttpForwarder>()) : null;
        RequestForwarder forwarder = new(settings, new TunnelForwarder(server.Services.GetRequiredService<IHttpForwarder>()), clients, board, news, rules.Statistics);
        RequestRouter router = new(rules.Keeper.Source, settings, forwarder, rules.Statistics);
        server.Use(next => context => AnswerAsync(context, next, log));
        RequestDelegate? answerPanel =
            panel is not null ? PanelPipeline.Build(server.Services, panel(server.Lifetime.ApplicationStopping), settings.Panel?.FrameAncestors ?? [], log)
            : settings.Panel is not null ? AnswerClosedAsync
            : null;
        server.Run(context =>
            context.Request.Path == HealthPath ? AnswerHealthAsync(context)
            : answerPanel is not null && PanelPipeline.IsOurs(context.Request.Path) ? AnswerPanelAsync(context, answerPanel, settings)
            : chat?.IsOurs(context) == true ? chat.ForwardAsync(context)
            : router.HandleAsync(context));
        return new PublicServer(server, clients, new BackendProber(rules.Keeper, board, clients.For(settings.ConnectTimeout)), chat, certificate);
    }

    public void RereadCertificate() => _certificate?.Reread();

    public Task StartAsync() => _server.StartAsync();

    public Task StopAsync(CancellationToken limit) => _server.StopAsync(limit);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _prober.DisposeAsync();
        _clients.Dispose();
        _chat?.Dispose();
    }

    private static Task AnswerClosedAsync(HttpContext context) =>
        ErrorPage.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"the panel needs OpenSSL: {OpenSsl.Remedy}");

    /// <summary>Says when a connection is in use, and turns a fault of ours into an answer.</summary>
    private static async Task AnswerAsync(HttpContext context, RequestDelegate next, LineLoggerProvider log)
    {
        IConnectionActivity? connection = context.Features.Get<IConnectionActivity>();
        connection?.RequestBegun();
        try
        {
            await next(context);
            if (context.Response.StatusCode == StatusCodes.Status101SwitchingProtocols && context.Features.Get<Tunnel>() is { } tunnel)
            {
                using (tunnel)
                    await tunnel.RunAsync();
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception exception)
        {
            log.ForwardingFailed(exception);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await ErrorPage.WriteAsync(context, StatusCodes.Status500InternalServerError, "a fault of the gateway itself; its log says more");
        }
        finally
        {
            connection?.RequestEnded();
        }
    }

    /// <summary>For whoever looks after the container: the gateway answers, whatever its rules and its backends are. No rule can take it away.</summary>
    private static Task AnswerHealthAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = 3;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync("ok\n", context.RequestAborted);
    }

    private static Task AnswerPanelAsync(HttpContext context, RequestDelegate answer, ProxySettings settings)
    {
        HttpRequest request = context.Request;
        if (RequestShape.ProblemOf(request) is { } problem)
            return ErrorPage.WriteAsync(context, StatusCodes.Status400BadRequest, problem, closes: true);

        ClientFacts client = ClientFacts.Of(context.Connection.RemoteIpAddress, request.Headers, request.Scheme, settings.TrustedProxies);
        context.Features.Set(new PanelClient(client.Address, client.Scheme, client.Host));
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = HttpLimits.RestBodyBytesMax;
        return answer(context);
    }

    private static void Furnish(ListenOptions listen, HttpEndpoint endpoint, ProxySettings settings, ServerCertificate? certificate)
    {
        if (settings.Http2Endpoints.Contains(endpoint))
        {
            listen.Protocols = HttpProtocols.Http2;
        }
        else if (certificate is not null && settings.Tls!.Endpoints.Contains(endpoint))
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            _ = listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(certificate.Current()),
                HandshakeTimeout = settings.HeaderTimeout,
            });
        }
    }

    private static void SetLimits(KestrelServerOptions kestrel, ProxySettings settings)
    {
        // Bytes in, bytes out: header values in any encoding pass unchanged.
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeaderCountMax;
        limits.MaxRequestLineSize = RequestLineBytesMax;
        limits.MaxRequestBodySize = null; // Set for each request, by its rule.
        limits.RequestHeadersTimeout = settings.HeaderTimeout;
        limits.MinRequestBodyDataRate = limits.MinResponseDataRate = new MinDataRate(BytesPerSecondMin, settings.BodyTimeout);
        limits.KeepAliveTimeout = KeepAliveTimeout;
    }
}

/// <summary>What the public port works with.</summary>
/// <param name="Rules">What goes where, and what that has come to.</param>
/// <param name="Board">How the backends are.</param>
/// <param name="News">How the programs behind them are.</param>
internal sealed record PublicServices(RulesServices Rules, BackendBoard Board, ProgramNews News)
{
    /// <summary>Null: it is not published.</summary>
    public PublishedChat? Chat { get; init; }
}
