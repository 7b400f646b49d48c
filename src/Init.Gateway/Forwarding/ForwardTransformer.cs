using System.Net.Http.Headers;
using Init.Routing.Rules;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding;

/// <summary>One request on its way: its URL exactly as the client wrote it, and what the rule has to say about the response.</summary>
/// <param name="url">The whole of it, in the client's own encoding.</param>
/// <param name="host">The Host header for the backend; null: that of the URL.</param>
/// <param name="rule">That matched, if any did.</param>
/// <param name="cookies">To be set with the response.</param>
/// <param name="pageCookie">To be set when the response is a page; a download that was opened by a link is none.</param>
/// <param name="begun">Called when the response begins.</param>
internal sealed class ForwardTransformer(string url, string? host, RouteRule? rule, IReadOnlyList<string> cookies, string? pageCookie, Action? begun) : HttpTransformer
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = new Uri(url, AsWritten);
        proxyRequest.Headers.Host = host;

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

        foreach (string cookie in cookies)
            headers.Append("Set-Cookie", cookie);
        if (pageCookie is not null && headers.ContentType.ToString().StartsWith("text/html", StringComparison.OrdinalIgnoreCase))
            headers.Append("Set-Cookie", pageCookie);
        return hasBody;
    }

    private static void RemoveNominated(HttpResponseHeaders headers)
    {
        foreach (string name in headers.Connection.ToArray())
        {
            if (!name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase))
                _ = headers.Remove(name);
        }
    }
}
