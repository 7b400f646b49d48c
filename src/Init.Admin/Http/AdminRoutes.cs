using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Init.Admin.Http;

/// <summary>Every path of the admin interface, and who answers it.</summary>
public static class AdminRoutes
{
    public static void Map(IEndpointRouteBuilder routes, AdminServices services)
    {
        routes.MapGet("/healthz", context => context.Response.WriteAsync("ok\n"));
        if (services.XmlRpc is { } endpoint)
            routes.MapPost("/RPC2/{**rest}", new XmlRpcRoute(endpoint).AnswerAsync);
    }
}
