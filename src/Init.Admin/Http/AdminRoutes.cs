using Init.Admin.Events;
using Init.Admin.Logs;
using Init.Admin.Metrics;
using Init.Admin.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Init.Admin.Http;

/// <summary>Every path of the admin interface, and who answers it.</summary>
public static class AdminRoutes
{
    private const string StartPage = """
        <!doctype html>
        <meta charset="utf-8">
        <title>Init</title>
        <h1>Init</h1>
        <ul>
        <li><a href="/api/v1/programs">programs</a>, <a href="/api/v1/groups">groups</a>, <a href="/api/v1/system">system</a>
        <li><a href="/api/v1/openapi.json">the REST interface (OpenAPI)</a>
        <li><a href="/metrics">metrics</a>, <a href="/healthz">healthz</a>, <a href="/readyz">readyz</a>
        </ul>

        """;

    public static void Map(IEndpointRouteBuilder routes, AdminServices services, EventHub events)
    {
        ArgumentNullException.ThrowIfNull(services);
        routes.MapGet("/", context => TextReply.WriteAsync(context, "text/html; charset=utf-8", StartPage));
        routes.MapGet("/healthz", HealthRoutes.LivesAsync);
        routes.MapGet("/readyz", new HealthRoutes(services).IsReadyAsync);
        routes.MapGet("/metrics", new MetricsRoute(services).AnswerAsync);

        LogTailRoutes logs = new(services);
        routes.MapGet("/logtail/{**name}", logs.FollowProgramAsync);
        routes.MapGet("/mainlogtail", logs.FollowOwnAsync);
        if (services.XmlRpc is { } endpoint)
            routes.MapPost("/RPC2/{**rest}", new XmlRpcRoute(endpoint).AnswerAsync);

        RestRoutes.Map(routes, RestRoutes.Root, services, events);
    }
}
