using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Init.Base;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Init.Gateway.Forwarding;

/// <summary>Who asks, and by what address: what the connection shows, and what proxies in front of us say, where they are trusted.</summary>
/// <param name="Address">The client's; null when it came by a unix socket and nobody said.</param>
/// <param name="Host">What the client calls us, with its port; "" when it did not say.</param>
/// <param name="Scheme">"http" or "https", as the client has it.</param>
/// <param name="Port">The one the client has connected to.</param>
/// <param name="ForwardedFor">The whole way, for the next one: the client first, our peer last; "" when nobody is known.</param>
internal readonly record struct ClientFacts(IPAddress? Address, string Host, string Scheme, string Port, string ForwardedFor)
{
    /// <summary>More proxies than this are none; it bounds the work that a stranger's header makes.</summary>
    private const int HopsMax = 32;

    /// <param name="peer">Who has connected; null for a unix socket.</param>
    /// <param name="headers">Of the request.</param>
    /// <param name="scheme">Of the connection.</param>
    /// <param name="trusted">Proxies in front of us.</param>
    public static ClientFacts Of(IPAddress? peer, IHeaderDictionary headers, string scheme, ImmutableArray<IPNetwork> trusted)
    {
        ArgumentNullException.ThrowIfNull(headers);
        bool isTrusted = peer is null || IsTrusted(peer, trusted);
        string host = headers.Host.ToString();
        string way = "";
        IPAddress? client = peer;
        string? saidPort = null;
        if (isTrusted)
        {
            host = Said(headers["X-Forwarded-Host"]) ?? host;
            scheme = Said(headers["X-Forwarded-Proto"])?.ToLowerInvariant() is ("http" or "https") and { } said ? said : scheme;
            saidPort = Said(headers["X-Forwarded-Port"]) is { } text && ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? text : null;
            if (headers["X-Forwarded-For"] is { Count: > 0 } hops)
            {
                way = string.Join(", ", hops.Where(value => !string.IsNullOrWhiteSpace(value)));
                client = FirstUntrusted(way, trusted) ?? peer;
            }
        }

        if (peer is not null)
            way = way.Length == 0 ? Text(peer) : $"{way}, {Text(peer)}";

        return new ClientFacts(client, host, scheme, saidPort ?? PortOf(host) ?? (scheme == "https" ? "443" : "80"), way);
    }

    /// <summary>An IPv4 client is the same on a socket that takes both kinds.</summary>
    public static string Text(IPAddress address) => NetworkText.Plain(address).ToString();

    /// <summary>From the end that our peer has written: the first that no trusted proxy vouches for is the client. When all are trusted, the farthest.</summary>
    private static IPAddress? FirstUntrusted(string way, ImmutableArray<IPNetwork> trusted)
    {
        IPAddress? last = null;
        ReadOnlySpan<char> rest = way;
        for (int hop = 0; hop < HopsMax && !rest.IsEmpty; hop++)
        {
            int comma = rest.LastIndexOf(',');
            if (AddressOf(rest[(comma + 1)..].Trim()) is not { } address)
                return last; // What stands before that is anybody's invention.

            last = address;
            if (!IsTrusted(address, trusted))
                return address;

            rest = comma < 0 ? [] : rest[..comma];
        }

        return last;
    }

    /// <summary>"192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711": all of them are seen in the wild.</summary>
    private static IPAddress? AddressOf(ReadOnlySpan<char> text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address
        : IPEndPoint.TryParse(text, out IPEndPoint? endPoint) ? endPoint.Address
        : null;

    private static bool IsTrusted(IPAddress address, ImmutableArray<IPNetwork> trusted)
    {
        address = NetworkText.Plain(address);
        foreach (IPNetwork network in trusted)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    /// <summary>The first of several, which the outermost proxy has written.</summary>
    private static string? Said(StringValues values)
    {
        if (values.Count == 0 || values[0] is not { } value)
            return null;

        int comma = value.IndexOf(',', StringComparison.Ordinal);
        string first = (comma < 0 ? value : value[..comma]).Trim();
        return first.Length > 0 ? first : null;
    }

    private static string? PortOf(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') && ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? host[(colon + 1)..] : null;
    }
}
