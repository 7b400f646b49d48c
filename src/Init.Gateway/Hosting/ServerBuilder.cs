using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Admin.Hosting;
using Init.Admin.Http;
using Init.Admin.Http.Access;
using Init.Admin.Rest;
using Init.Admin.XmlRpc;
using Init.Panel;
using Init.Panel.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Init.Gateway.Hosting;

/// <summary>Puts the server together: Kestrel on sockets that are bound already, with our limits, and the routes of the admin interface.</summary>
internal static class ServerBuilder
{
    /// <param name="options">What is served.</param>
    /// <param name="endpoints">Where.</param>
    /// <param name="backend">The supervisor.</param>
    /// <param name="events">What happens.</param>
    /// <param name="rules">Null: there is no public port.</param>
    /// <param name="trim">Is told of connections and requests.</param>
    /// <param name="log">Gets what goes wrong.</param>
    public static WebApplication Build(
        GatewayOptions options, IReadOnlyList<BoundEndpoint> endpoints, IControlBackend backend, EventHub events, RulesServices? rules, MemoryTrim trim, LineLoggerProvider log)
    {
        // Made once for each address: the gate asks every connection whose password it needs.
        Dictionary<BoundEndpoint, AdminListener> listeners = endpoints.ToDictionary(endpoint => endpoint, endpoint => new AdminListener(endpoint.Configured));
        WebApplicationBuilder builder = KestrelHost.CreateBuilder(
            endpoints, HttpLimits.ConnectionsMax, SetLimits, trim, log, introduce: (endpoint, connection) => connection.Features.Set(listeners[endpoint]));
        builder.Services.AddRoutingCore();
        WebApplication server = builder.Build();
        server.Use(next => context => ErrorPages.CompleteAsync(context, next, log));
        server.Use(next => context => AccessGate.PassAsync(context, next));
        AdminServices services = new(backend, options.Version)
        {
            Directories = options.Directories,
            Ending = server.Lifetime.ApplicationStopping,
            XmlRpc = new XmlRpcEndpoint(backend, TimeProvider.System),
        };
        if (rules is not null)
        {
            services = services with { Document = new Lazy<byte[]>(OpenApiDocument.OfAdministration) };
            RulesRoutes.Map(server, RestRoutes.Root, rules);
        }

        AdminRoutes.Map(server, services, events);
        return server;
    }

    private static void SetLimits(KestrelServerOptions kestrel)
    {
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestHeadersTotalSize = HttpLimits.HeaderBytesMax;
        limits.MaxRequestHeaderCount = HttpLimits.HeaderCountMax;
        limits.MaxRequestLineSize = HttpLimits.RequestLineBytesMax;
        limits.MaxRequestBodySize = HttpLimits.XmlRpcBodyBytesMax;
        limits.RequestHeadersTimeout = HttpLimits.HeaderTimeout;
        limits.KeepAliveTimeout = HttpLimits.IdleTimeout;
    }
}
