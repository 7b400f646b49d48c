using Microsoft.AspNetCore.Http;

namespace Init.Gateway.Forwarding;

/// <summary>
/// Refuses what two servers could read as two different messages (request smuggling, RFC 9112 section 6.3 and 11.2). The server itself has refused most of it already: several lengths, several hosts, blanks
/// before a colon, folded lines.
/// </summary>
internal static class RequestShape
{
    /// <summary>What the server calls the length that it has passed over, when a request has both that and a transfer coding.</summary>
    private const string PassedOverLength = "X-Content-Length";

    /// <summary>Null when nothing is wrong; else what, for people.</summary>
    public static string? ProblemOf(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        IHeaderDictionary headers = request.Headers;
        if (headers.TransferEncoding.Count == 0)
            return null;

        // Whoever has passed it on did not know what it is (RFC 9112, section 6.1).
        if (HttpProtocol.IsHttp10(request.Protocol))
            return "HTTP/1.0 has no transfer codings";

        // Other codings would be lost on the way: the server decodes "chunked" only, and passes on what is inside as if there had been nothing else.
        if (headers.TransferEncoding.Count > 1 || !string.Equals(headers.TransferEncoding[0]?.Trim(), "chunked", StringComparison.OrdinalIgnoreCase))
            return "the only transfer coding that is understood is chunked";

        return headers.ContainsKey(PassedOverLength) || headers.ContentLength is not null ? "a request has a length or a transfer coding, not both" : null;
    }
}
