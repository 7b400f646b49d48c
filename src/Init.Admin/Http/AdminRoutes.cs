using Init.Admin.Logs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Init.Admin.Http;

/// <summary>Every path of the admin interface, and who answers it.</summary>
public static class AdminRoutes
{
    public static void Map(IEndpointRouteBuilder routes, AdminServices services)
    {
        routes.MapGet("/healthz", context => TextReply.WriteAsync(context, "text/plain", "ok\n"));

        LogTailRoutes logs = new(services);
        routes.MapGet("/logtail/{**name}", logs.FollowProgramAsync);
        routes.MapGet("/mainlogtail", logs.FollowOwnAsync);
        if (services.XmlRpc is { } endpoint)
            routes.MapPost("/RPC2/{**rest}", new XmlRpcRoute(endpoint).AnswerAsync);
    }
}
