using System.Net.Http.Headers;
using Init.Routing.Rules;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <summary>One request on its way: its URL exactly as the client wrote it, and what the rule has to say about the response.</summary>
/// <param name="url">The whole of it, in the client's own encoding.</param>
/// <param name="host">The Host header for the backend; null: that of the URL.</param>
/// <param name="rule">That matched, if any did.</param>
/// <param name="stickyCookie">To be set with the response; null: none.</param>
/// <param name="pageCookie">To be set when the response is a page; a download that was opened by a link is none.</param>
/// <param name="begun">Called when the response begins; null: nobody needs to know.</param>
internal sealed class ForwardTransformer(string url, string? host, RouteRule? rule, string? stickyCookie, string? pageCookie, Action? begun) : HttpTransformer
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = new Uri(url, AsWritten);
        proxyRequest.Headers.Host = host;

        // The HTTP client repeats a request without content when the connection breaks before the response; whether it may depends on the method.
        if (!IsIdempotent(httpContext.Request.Method))
            proxyRequest.Content ??= new ByteArrayContent([]);

        // The forwarder leaves it out, though it concerns whoever makes the page.
        if (httpContext.Request.Headers.UpgradeInsecureRequests is { Count: > 0 } wish)
            _ = proxyRequest.Headers.TryAddWithoutValidation("Upgrade-Insecure-Requests", (IEnumerable<string?>)wish);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
            return false;

        begun?.Invoke();
        RemoveNominated(proxyResponse.Headers);
        bool hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        IHeaderDictionary headers = httpContext.Response.Headers;
        foreach (ResponseHeaderEdit edit in rule?.ResponseHeaders ?? [])
        {
            if (edit.Value is null)
                _ = headers.Remove(edit.Name);
            else
                headers[edit.Name] = edit.Value;
        }

        if (stickyCookie is not null)
            headers.Append("Set-Cookie", stickyCookie);
        if (pageCookie is not null && headers.ContentType.ToString().StartsWith("text/html", StringComparison.OrdinalIgnoreCase))
            headers.Append("Set-Cookie", pageCookie);

        // The forwarder waits for the first byte of the body before it sends the head. A stream may be silent for long, and its client waits to be told that it is open.
        if (hasBody && IsStream(httpContext, proxyResponse))
            await httpContext.Response.Body.FlushAsync(cancellationToken);
        return hasBody;
    }

    /// <summary>Nobody knows how long it will be. What has its trailers in the head is the answer of a gRPC server that has nothing to say, and must end with the head.</summary>
    private static bool IsStream(HttpContext context, HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is null
        && (int)response.StatusCode is >= 200 and not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified)
        && !HttpMethods.IsHead(context.Request.Method)
        && !response.Headers.Contains("grpc-status");

    /// <summary>RFC 9110, section 9.2.2. A WebSocket over HTTP/2 comes as CONNECT, and its content is no content.</summary>
    private static bool IsIdempotent(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method) || HttpMethods.IsOptions(method)
        || HttpMethods.IsTrace(method) || HttpMethods.IsConnect(method);

    private static void RemoveNominated(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.Contains("Connection"))
            return;

        foreach (string name in headers.Connection.ToArray())
        {
            if (!name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase))
                _ = headers.Remove(name);
        }
    }
}
