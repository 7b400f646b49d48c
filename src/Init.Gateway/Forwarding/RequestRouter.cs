using System.Diagnostics;
using Init.Config;
using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Init.Gateway.Forwarding;

/// <summary>What becomes of each request on the public port: the rules decide, this carries it out.</summary>
internal sealed class RequestRouter(RouteSource routes, ProxySettings settings, RequestForwarder forwarder, RouteStatistics statistics)
{
    public Task HandleAsync(HttpContext context)
    {
        HttpRequest http = context.Request;
        if (RequestShape.ProblemOf(http) is { } problem)
        {
            // What follows on this connection may be the rest of this request or a request of somebody's making.
            return ErrorPage.WriteAsync(context, StatusCodes.Status400BadRequest, problem, closes: true);
        }

        RouteTable table = routes.Current;
        ClientFacts client = ClientFacts.Of(context.Connection.RemoteIpAddress, http.Headers, http.Scheme, settings.TrustedProxies);
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        RouteRequest request = new(target, client.Host, MethodOf(context), new RequestHeaders(http.Headers), client.Address);
        RouteDecision decision = table.Match(request);
        RouteAction action = RouteAction.For(table, request, decision);
        if (decision.Rule is not null || action is RouteAction.Forward)
            statistics.CountRequest(decision.Rule?.Rule.Id);

        switch (action)
        {
            case RouteAction.Redirect redirect:
                context.Response.StatusCode = redirect.Status;
                context.Response.Headers.Location = redirect.Location;
                return Task.CompletedTask;
            case RouteAction.Respond respond:
                if (decision.Rule is { } denying)
                    statistics.CountFailure(denying.Rule.Id, respond.Status, respond.Reason);
                return ErrorPage.WriteAsync(context, respond.Status, respond.Reason);
            case RouteAction.Forward forward:
                return forwarder.ForwardAsync(context, forward, client, table.Scopes.CookieFor(request, decision, isSecure: client.Scheme == "https"));
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>A WebSocket over HTTP/2 (RFC 8441) comes as CONNECT, and is the GET of HTTP/1 to everybody who writes rules.</summary>
    private static string MethodOf(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } ? HttpMethods.Get : context.Request.Method;
}
