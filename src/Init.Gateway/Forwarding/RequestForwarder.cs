using System.Net;
using Init.Config;
using Init.Gateway.Forwarding.Backends;
using Init.Routing.Actions;
using Init.Routing.Rules;
using Init.Routing.Statistics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <summary>Sends a request on to a backend, to another one when the first cannot be reached, and says what is the matter when none can.</summary>
internal sealed class RequestForwarder(
    ProxySettings settings, IHttpForwarder forwarder, BackendClients clients, BackendBoard board, ProgramNews news, RouteStatistics statistics)
{
    /// <summary>Backends that one request is offered to. Each further one costs the client the time of a connection that fails.</summary>
    private const int TriesMax = 3;

    /// <summary>A client that wants a WebSocket of a program that is not up is told so after this time: many have no patience of their own, and a user looks at nothing.</summary>
    private static readonly TimeSpan UpgradePatience = TimeSpan.FromMilliseconds(400);

    /// <summary>For most requests; rules and HTTP/2 backends have their own.</summary>
    private readonly ForwarderRequestConfig _ordinary = new() { ActivityTimeout = settings.IdleTimeout };

    public async Task ForwardAsync(HttpContext context, RouteAction.Forward forward, ClientFacts client, string? pageCookie)
    {
        RouteRule? rule = forward.Rule;
        if (!AdmitBody(context, rule?.BodyLimit ?? settings.BodyLimit))
        {
            statistics.CountFailure(rule?.Id, StatusCodes.Status413PayloadTooLarge, BackendFailure.TooLarge.English);
            await ErrorPage.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, BackendFailure.TooLarge, program: null);
            return;
        }

        BackendTurn? turn = forward.Backends is { } pool ? new BackendTurn(pool, board.Of(rule!, pool), StickyKey(rule!, context.Request)) : null;
        UpstreamHeaders.Prepare(context.Request.Headers, client, rule);
        bool isUpgrade = IsUpgrade(context);
        using CancellationTokenSource? limit = rule?.Timeouts.Response is { } response ? new CancellationTokenSource(response) : isUpgrade ? new CancellationTokenSource() : null;

        for (int tries = 1; ; tries++)
        {
            BackendUrl backend = turn?.Url ?? forward.Default!;
            BackendState state = turn?.State ?? board.OfDefault(backend);
            Attempt attempt = new(context, rule, backend, limit, isUpgrade);
            ForwarderError error = await SendAsync(attempt, forward, turn?.StickyCookie is { } token ? StickyCookie(rule!, token, client) : null, pageCookie);
            if (error == ForwarderError.None)
            {
                state.Note(BackendOutcome.RequestAnswered);
                return;
            }

            if (context.RequestAborted.IsCancellationRequested)
                return;

            Exception? exception = context.GetForwarderErrorFeature()?.Exception;
            BackendFailure failure = BackendFailure.Of(error, exception, isTooLate: limit is { IsCancellationRequested: true } && attempt.NotUp is null);
            if (failure.IsBackends)
                state.Note(BackendOutcome.RequestFailed);
            if (context.Response.HasStarted)
            {
                if (failure.IsBackends)
                    statistics.CountFailure(rule?.Id, failure.Status, $"{backend.Origin}: broke off in the middle of its response");
                return;
            }

            if (failure.IsUnreached && tries < TriesMax && turn?.TryNext() == true)
            {
                context.Response.Clear(); // The forwarder takes a status that has been set for an answer.
                continue;
            }

            await ExplainAsync(attempt, failure, exception);
            return;
        }
    }

    /// <summary>Not async by itself: each such layer costs every request.</summary>
    private ValueTask<ForwarderError> SendAsync(Attempt attempt, RouteAction.Forward forward, string? stickyCookie, string? pageCookie)
    {
        HttpContext context = attempt.Context;
        RouteRule? rule = attempt.Rule;
        string? host = context.Request.Headers.Host is [{ Length: > 0 } said, ..] ? said : null;
        ForwardTransformer transformer = new(forward.UrlAt(attempt.Backend), host, rule, stickyCookie, pageCookie, attempt.IsAwaited ? attempt.Begin : null);
        ForwarderRequestConfig config = attempt.Backend.IsHttp2 || rule?.Timeouts.Idle is not null
            ? new()
            {
                ActivityTimeout = rule?.Timeouts.Idle ?? settings.IdleTimeout,
                Version = attempt.Backend.IsHttp2 ? HttpVersion.Version20 : null,
                VersionPolicy = attempt.Backend.IsHttp2 ? HttpVersionPolicy.RequestVersionExact : null,
            }
            : _ordinary;
        HttpMessageInvoker invoker = clients.For(rule?.Timeouts.Connect ?? settings.ConnectTimeout);
        ValueTask<ForwarderError> sending = forwarder.SendAsync(context, attempt.Backend.Origin, invoker, config, transformer, attempt.Limit?.Token ?? CancellationToken.None);
        return attempt.IsUpgrade && !sending.IsCompleted && news.Knows(rule, attempt.Backend) ? new(WatchAsync(attempt, sending.AsTask())) : sending;
    }

    /// <summary>Gives a WebSocket up early when the program behind it is not up, though something takes connections there.</summary>
    private async Task<ForwarderError> WatchAsync(Attempt attempt, Task<ForwarderError> sending)
    {
        if (await Task.WhenAny(sending, attempt.Begun, Task.Delay(UpgradePatience)) != sending && !attempt.Begun.IsCompleted
            && await news.AskAsync(attempt.Rule, attempt.Backend) is { } situation and not { State: "RUNNING", IsOnItsWay: false })
        {
            attempt.GiveUp(situation);
        }

        return await sending;
    }

    private async Task ExplainAsync(Attempt attempt, BackendFailure failure, Exception? exception)
    {
        ProgramSituation? situation = failure.IsBackends || attempt.NotUp is not null ? attempt.NotUp ?? await news.AskAsync(attempt.Rule, attempt.Backend) : null;
        int status = situation is { IsOnItsWay: true } ? StatusCodes.Status503ServiceUnavailable : failure.Status;
        if (failure.IsBackends || attempt.NotUp is not null || status == StatusCodes.Status413PayloadTooLarge)
        {
            string cause = exception?.GetBaseException().Message is { Length: > 0 } message ? $" ({message})" : "";
            string detail = situation is null ? failure.Detail.English : situation.Words.English;
            statistics.CountFailure(attempt.Rule?.Id, status, $"{attempt.Backend.Origin}: {detail}{cause}");
        }

        await ErrorPage.WriteAsync(attempt.Context, status, failure.Detail, situation);
    }

    private static string? StickyKey(RouteRule rule, HttpRequest request) => rule.Sticky switch
    {
        { Cookie: { } name } => request.Cookies[name],
        { Header: { } name } => request.Headers[name] is [{ Length: > 0 } value, ..] ? value : null,
        _ => null,
    };

    private static string StickyCookie(RouteRule rule, string token, in ClientFacts client) =>
        $"{rule.Sticky!.Cookie}={token}; Path=/; HttpOnly; {(client.Scheme == "https" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax")}";

    /// <summary>False when the request says that it is too large; one that does not say is cut off at the limit.</summary>
    private static bool AdmitBody(HttpContext context, long? limit)
    {
        if (context.Request.ContentLength > limit)
            return false;

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = limit;

        // Streams that both sides write to as they like: their silence is no slow upload.
        if ((IsUpgrade(context) || context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
            && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return true;
    }

    private static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    /// <summary>A request at one backend.</summary>
    private sealed class Attempt(HttpContext context, RouteRule? rule, BackendUrl backend, CancellationTokenSource? limit, bool isUpgrade)
    {
        private readonly TaskCompletionSource? _begun = isUpgrade ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;

        public HttpContext Context => context;

        public RouteRule? Rule => rule;

        public BackendUrl Backend => backend;

        public CancellationTokenSource? Limit => limit;

        public bool IsUpgrade => isUpgrade;

        /// <summary>Somebody has to know when the response begins.</summary>
        public bool IsAwaited => isUpgrade || limit is not null;

        /// <summary>Of an upgrade.</summary>
        public Task Begun => _begun?.Task ?? Task.CompletedTask;

        /// <summary>Why it was given up.</summary>
        public ProgramSituation? NotUp { get; private set; }

        /// <summary>The response has begun, and may take its time.</summary>
        public void Begin()
        {
            limit?.CancelAfter(Timeout.InfiniteTimeSpan);
            _ = _begun?.TrySetResult();
        }

        public void GiveUp(ProgramSituation situation)
        {
            NotUp = situation;
            limit?.Cancel();
        }
    }
}
