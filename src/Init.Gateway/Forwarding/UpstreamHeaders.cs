using System.Collections.Frozen;
using Init.Panel.SignIn;
using Init.Routing.Matching;
using Init.Routing.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Init.Gateway.Forwarding;

/// <summary>Makes the headers of a request those that a backend is to get. What concerns only one connection (RFC 9110, section 7.6.1) the forwarder leaves out by itself.</summary>
internal static class UpstreamHeaders
{
    /// <summary>What no program behind us may see: who holds the panel's is signed in.</summary>
    private static readonly FrozenSet<string> OwnCookies = SignInCookies.Names.Append(AppScopes.CookieName).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All of them have it in their name.</summary>
    private const string OwnPrefix = "init_";

    private static readonly string[] AboutTheClient = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP", "Forwarded"];

    /// <param name="headers">Of the request; changed in place.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="rule">That matched, if any did.</param>
    public static void Prepare(IHeaderDictionary headers, in ClientFacts client, RouteRule? rule)
    {
        RemoveNominated(headers);
        RemoveLookalikes(headers);
        foreach (string name in AboutTheClient)
            _ = headers.Remove(name);

        headers.Host = client.Host;
        headers["X-Forwarded-Host"] = client.Host;
        headers["X-Forwarded-Proto"] = client.Scheme;
        headers["X-Forwarded-Port"] = client.Port;
        if (client.ForwardedFor.Length > 0)
            headers["X-Forwarded-For"] = client.ForwardedFor;
        if (client.Address is { } address)
            headers["X-Real-IP"] = ClientFacts.Text(address);

        headers.Cookie = WithoutOwnCookies(headers.Cookie, rule);
        foreach (HeaderValue set in rule?.SetHeaders ?? [])
            headers[set.Name] = set.Value;
    }

    /// <summary>"Connection: X-Secret" makes X-Secret a header of this connection only. Upgrade is the one that is to go on.</summary>
    private static void RemoveNominated(IHeaderDictionary headers)
    {
        foreach (string? value in headers.Connection)
        {
            foreach (string name in (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                // Who names these would have us lose the message's frame or address.
                if (!name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase)
                    && !name.Equals("Host", StringComparison.OrdinalIgnoreCase)
                    && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                    && !name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                {
                    _ = headers.Remove(name);
                }
            }
        }
    }

    /// <summary>"X_Real_IP" is X-Real-IP to whatever reads headers as variables of a program (CGI, WSGI), so nginx leaves names with underscores out, and so do we.</summary>
    private static void RemoveLookalikes(IHeaderDictionary headers)
    {
        List<string>? lookalikes = null;
        foreach (KeyValuePair<string, StringValues> header in headers)
        {
            if (header.Key.Contains('_', StringComparison.Ordinal))
                (lookalikes ??= []).Add(header.Key);
        }

        foreach (string name in lookalikes ?? [])
            _ = headers.Remove(name);
    }

    private static StringValues WithoutOwnCookies(StringValues cookies, RouteRule? rule)
    {
        string? sticky = rule?.Sticky?.Cookie;
        bool mayBeOurs = false;
        foreach (string? value in cookies)
            mayBeOurs |= value is not null && (value.Contains(OwnPrefix, StringComparison.Ordinal) || (sticky is not null && value.Contains(sticky, StringComparison.Ordinal)));
        if (!mayBeOurs)
            return cookies;

        IEnumerable<string> kept = cookies.SelectMany(value => (value ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(cookie => NameOf(cookie) is var name && name != sticky && !OwnCookies.Contains(name));
        string all = string.Join("; ", kept);
        return all.Length > 0 ? all : StringValues.Empty;
    }

    /// <summary>Without the spaces that some servers let stand before "=".</summary>
    private static string NameOf(string cookie) => (cookie.IndexOf('=', StringComparison.Ordinal) is var end and >= 0 ? cookie[..end] : cookie).TrimEnd();
}
