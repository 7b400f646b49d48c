using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Init.Admin.Http.Access;

/// <summary>
/// Whether a request may come from a page of somebody else, which a browser on this machine has open. Browsers say so themselves: by Sec-Fetch-Site, and those
/// that are older by Origin. Other clients send neither.
/// </summary>
public static class Origins
{
    public static bool IsForeign(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IsForeign(request, request.Headers.Host.ToString());
    }

    /// <param name="request">As it came in.</param>
    /// <param name="ownHost">What the browser calls us, with its port; a proxy in between may have changed Host.</param>
    public static bool IsForeign(HttpRequest request, string ownHost)
    {
        ArgumentNullException.ThrowIfNull(request);
        StringValues site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0)
            return !(site.Count == 1 && site[0] is "same-origin" or "none");

        StringValues origin = request.Headers.Origin;
        if (origin.Count == 0)
            return false;

        return !(origin.Count == 1 && Uri.TryCreate(origin[0], UriKind.Absolute, out Uri? from) && from.Authority.Equals(ownHost, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether it is what no page of another site can make a browser send without asking us first: JSON, or a header of its own. A form can be sent with the user's password.
    /// </summary>
    public static bool IsMeant(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Headers.ContainsKey("X-Requested-With")
            || (request.ContentType is { } type && type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether the host is one that nobody else can make a name point to us by (DNS rebinding): an address, localhost, this machine's name, or none. For listeners
    /// without a password: where there is one, a browser does not have it for the other name.
    /// </summary>
    public static bool IsOurHost(HostString host)
    {
        if (!host.HasValue)
            return true;

        string name = host.Host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || name.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(name.Trim('[', ']'), out _);
    }
}
