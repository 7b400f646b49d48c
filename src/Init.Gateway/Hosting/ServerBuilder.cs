using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Admin.Http;
using Init.Admin.Http.Access;
using Init.Admin.XmlRpc;
using Init.Gateway.Listening;
using Init.Gateway.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Init.Gateway.Hosting;

/// <summary>Puts the server together: Kestrel on sockets that are bound already, with our limits, and the routes of the admin interface.</summary>
internal static class ServerBuilder
{
    public static WebApplication Build(GatewayOptions options, IReadOnlyList<BoundEndpoint> endpoints, IControlBackend backend, EventHub events, LineLoggerProvider log)
    {
        // The empty builder reads no appsettings.json of the current directory and no ASPNETCORE_ variables: what counts is our configuration.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = "/" });
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            SetLimits(kestrel);
            foreach (BoundEndpoint endpoint in endpoints)
            {
                ConnectionKeeper keeper = new(new AdminListener(endpoint.Configured), HttpLimits.ConnectionsMax);
                kestrel.Listen(endpoint.Address, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(next => connection => keeper.KeepAsync(connection, next));
                });
            }
        });
        builder.Services.Configure<SocketTransportOptions>(transport =>
        {
            transport.Backlog = EndpointBinder.Backlog;
            transport.CreateBoundListenSocket = address => endpoints.First(endpoint => endpoint.Address == address).Socket;
        });

        WebApplication server = builder.Build();
        server.Use(next => context => ErrorPages.CompleteAsync(context, next, log));
        server.Use(next => context => AccessGate.PassAsync(context, next));
        AdminServices services = new(backend, options.Version)
        {
            Directories = options.Directories,
            Ending = server.Lifetime.ApplicationStopping,
            XmlRpc = new XmlRpcEndpoint(backend, TimeProvider.System),
        };
        AdminRoutes.Map(server, services, events);
        return server;
    }

    private static void SetLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestHeadersTotalSize = HttpLimits.HeaderBytesMax;
        limits.MaxRequestHeaderCount = HttpLimits.HeaderCountMax;
        limits.MaxRequestLineSize = HttpLimits.RequestLineBytesMax;
        limits.MaxRequestBodySize = HttpLimits.XmlRpcBodyBytesMax;
        limits.RequestHeadersTimeout = HttpLimits.HeaderTimeout;
        limits.KeepAliveTimeout = HttpLimits.IdleTimeout;
    }
}
