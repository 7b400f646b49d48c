using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Init.Admin.Hosting;

/// <summary>What the servers of the role have in common: Kestrel on sockets that are bound already, with a bounded number of connections.</summary>
public static class KestrelHost
{
    /// <param name="endpoints">At least one; without any, Kestrel would choose an address of its own.</param>
    /// <param name="connectionsMax">For each of them.</param>
    /// <param name="setLimits">Of requests.</param>
    /// <param name="trim">Is told of connections and requests.</param>
    /// <param name="log">Gets the server's warnings.</param>
    /// <param name="furnish">Says what is spoken at an address, when it is not HTTP/1 alone. Connections are counted before it has its say, so those that never end their handshake are, too.</param>
    /// <param name="introduce">Called for each connection before its first request; null: nobody needs to know by which address it came in.</param>
    public static WebApplicationBuilder CreateBuilder(
        IReadOnlyList<BoundEndpoint> endpoints, int connectionsMax, Action<KestrelServerOptions> setLimits, MemoryTrim trim, LineLoggerProvider log, Action<BoundEndpoint, ListenOptions>? furnish = null,
        Action<BoundEndpoint, ConnectionContext>? introduce = null)
    {
        // The empty builder reads no appsettings.json of the current directory and no ASPNETCORE_ variables: what counts is our configuration.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = "/" });

        // What the forwarder calls a warning, with a stack trace, is a client that has gone; what concerns anybody is told by the router.
        // And an Activity for each request, which nobody reads, is made when somebody might log it.
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Warning).AddFilter("Yarp.ReverseProxy", LogLevel.None).AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            setLimits(kestrel);
            foreach (BoundEndpoint endpoint in endpoints)
            {
                ConnectionKeeper keeper = new(connectionsMax, trim);
                kestrel.Listen(endpoint.Address, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(next => connection =>
                    {
                        introduce?.Invoke(endpoint, connection);
                        return keeper.KeepAsync(connection, next);
                    });
                    furnish?.Invoke(endpoint, listen);
                });
            }
        });
        builder.Services.Configure<SocketTransportOptions>(transport =>
        {
            transport.Backlog = EndpointBinder.Backlog;
            transport.CreateBoundListenSocket = address => endpoints.First(endpoint => endpoint.Address == address).Socket;
        });
        return builder;
    }
}
