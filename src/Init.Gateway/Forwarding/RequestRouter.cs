using System.Diagnostics;
using Init.Config;
using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Rules;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <summary>What becomes of each request on the public port: the rules decide, this carries it out.</summary>
internal sealed class RequestRouter(RouteSource routes, RouteStatistics statistics, ProxySettings settings, IHttpForwarder forwarder, BackendClients clients)
{
    private const string TooLarge = "the body is larger than is allowed here";

    public Task HandleAsync(HttpContext context)
    {
        HttpRequest http = context.Request;
        if (RequestShape.ProblemOf(http.Headers) is { } problem)
        {
            // What follows on this connection may be the rest of this request or a request of somebody's making.
            return ErrorPage.WriteAsync(context, StatusCodes.Status400BadRequest, problem, closes: true);
        }

        RouteTable table = routes.Current;
        ClientFacts client = ClientFacts.Of(context.Connection.RemoteIpAddress, http.Headers, http.Scheme, settings.TrustedProxies);
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        RouteRequest request = new(target, client.Host, http.Method, new RequestHeaders(http.Headers), client.Address);
        RouteDecision decision = table.Match(request);
        if (decision.Outcome != RouteOutcome.BadPath)
            statistics.CountRequest(decision.Rule?.Rule.Id);
        switch (RouteAction.For(table, request, decision))
        {
            case RouteAction.Redirect redirect:
                context.Response.StatusCode = redirect.Status;
                context.Response.Headers.Location = redirect.Location;
                return Task.CompletedTask;
            case RouteAction.Respond respond:
                return ErrorPage.WriteAsync(context, respond.Status, respond.Reason);
            case RouteAction.Forward forward:
                return ForwardAsync(context, forward, client, table.Scopes.CookieFor(request, decision, isSecure: client.Scheme == "https"));
            default:
                throw new UnreachableException();
        }
    }

    private async Task ForwardAsync(HttpContext context, RouteAction.Forward forward, ClientFacts client, string? pageCookie)
    {
        RouteRule? rule = forward.Rule;
        if (!AdmitBody(context, rule?.BodyLimit ?? settings.BodyLimit))
        {
            statistics.CountFailure(rule?.Id, StatusCodes.Status413PayloadTooLarge, TooLarge);
            await ErrorPage.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, TooLarge);
            return;
        }

        List<string> cookies = [];
        BackendUrl backend = forward.Backends is { } pool ? Choose(pool, rule!, context.Request, client, cookies) : forward.Default!;
        UpstreamHeaders.Prepare(context.Request.Headers, client, rule);
        string? host = context.Request.Headers.Host is [{ Length: > 0 } said, ..] ? said : null;

        using CancellationTokenSource? limit = rule?.Timeouts.Response is { } response ? new CancellationTokenSource(response) : null;
        ForwardTransformer transformer = new(forward.UrlAt(backend), host, rule, cookies, pageCookie, begun: limit is null ? null : () => limit.CancelAfter(Timeout.InfiniteTimeSpan));
        ForwarderRequestConfig config = new() { ActivityTimeout = rule?.Timeouts.Idle ?? settings.IdleTimeout };
        HttpMessageInvoker invoker = clients.For(rule?.Timeouts.Connect ?? settings.ConnectTimeout);
        ForwarderError error = await forwarder.SendAsync(context, backend.Origin, invoker, config, transformer, limit?.Token ?? CancellationToken.None);
        if (error != ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            var (status, detail) = Explain(error, context.GetForwarderErrorFeature()?.Exception, isTooLate: limit is { IsCancellationRequested: true });
            statistics.CountFailure(rule?.Id, status, detail);
            await ErrorPage.WriteAsync(context, status, detail);
        }
    }

    private static BackendUrl Choose(BackendPool pool, RouteRule rule, HttpRequest request, ClientFacts client, List<string> cookies)
    {
        string? key = rule.Sticky switch
        {
            { Cookie: { } name } => request.Cookies[name],
            { Header: { } name } => request.Headers[name] is [{ Length: > 0 } value, ..] ? value : null,
            _ => null,
        };
        Span<bool> healthy = stackalloc bool[pool.Urls.Length];
        healthy.Fill(true);
        BackendChoice choice = pool.Choose(key, healthy, Random.Shared.NextDouble());
        if (choice.StickyCookie is { } token)
            cookies.Add($"{rule.Sticky!.Cookie}={token}; Path=/; HttpOnly; {(client.Scheme == "https" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax")}");
        return pool.Urls[choice.Index];
    }

    /// <summary>False when the request says that it is too large; one that does not say is cut off at the limit.</summary>
    private static bool AdmitBody(HttpContext context, long? limit)
    {
        if (context.Request.ContentLength > limit)
            return false;

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = limit;
        return true;
    }

    private static (int Status, string Detail) Explain(ForwarderError error, Exception? exception, bool isTooLate)
    {
        if (isTooLate || error is ForwarderError.RequestTimedOut or ForwarderError.UpgradeActivityTimeout)
            return (StatusCodes.Status504GatewayTimeout, "the service behind this address did not answer in time");

        if ((exception as BadHttpRequestException ?? exception?.InnerException as BadHttpRequestException)?.StatusCode is { } refused)
            return (refused, refused == StatusCodes.Status413PayloadTooLarge ? TooLarge : "the body of the request is not valid");

        return exception is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }
            ? (StatusCodes.Status502BadGateway, "the host of the service behind this address is not known")
            : (StatusCodes.Status502BadGateway, "the service behind this address cannot be reached, or has broken off");
    }
}
