using System.Collections.Immutable;
using System.Net;

namespace Init.Config;

/// <summary><c>[gateway.proxy]</c>: the public port, and what holds for every request there. What goes where is said by rules in a file of their own.</summary>
/// <param name="Endpoints">Where it listens; at least one, and nobody has to prove who he is there.</param>
/// <param name="RulesFile">Absolute.</param>
public sealed record ProxySettings(ImmutableArray<HttpEndpoint> Endpoints, string RulesFile)
{
    /// <summary>
    /// Loopback, and the networks that are nobody's on the Internet (RFC 1918, RFC 3927, RFC 4193, RFC 6598): behind the edge of a hosting platform, or a container's
    /// bridge, that is where requests come from.
    /// </summary>
    public static ImmutableArray<IPNetwork> PrivateNetworks { get; } =
    [
        .. new[] { "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10" }
            .Select(network => IPNetwork.Parse(network)),
    ];

    /// <summary>Whose word about the client (X-Forwarded-*) is taken. Peers on a unix socket always are: only who may open the file gets there.</summary>
    public ImmutableArray<IPNetwork> TrustedProxies { get; init; } = PrivateNetworks;

    /// <summary>Until a backend has accepted the connection; a rule may say otherwise.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Silence in both directions, also before the response begins; a rule may say otherwise. Ten minutes, as the original's nginx had: models think for longer than a minute
    /// before their first word.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes a request body may have; a rule may say otherwise. Null: any number. It is streamed, so it costs no memory.</summary>
    public long? BodyLimit { get; init; }

    /// <summary>Connections of clients, WebSockets among them, to one address. A further one takes the place of the one that has been idle for longest.</summary>
    public int Connections { get; init; } = 20_000;

    /// <summary>How long a client may take for the head of a request, and for the TLS handshake before it: slow ones are an attack.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may send a body, or take a response, at less than 240 bytes a second; as long as nginx waits between two reads.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Addresses with TLS; null: there are none.</summary>
    public ProxyTls? Tls { get; init; }

    /// <summary>Addresses where HTTP/2 is spoken without TLS and without asking first: gRPC clients of the same network. One port cannot tell it from HTTP/1 before the first byte.</summary>
    public ImmutableArray<HttpEndpoint> Http2Endpoints { get; init; } = [];

    /// <summary>Of all three kinds, in this order: without TLS, with TLS, HTTP/2 without TLS. No address is there twice.</summary>
    public ImmutableArray<HttpEndpoint> AllEndpoints => [.. Endpoints, .. Tls?.Endpoints ?? [], .. Http2Endpoints];

    /// <summary>Where everything goes when there is no file of rules yet: it is made with this and no rule. Null: with the default rules.</summary>
    public string? DefaultBackend { get; init; }

    /// <summary>What is answered below /admin; null: nothing is, and the rules decide about these paths too.</summary>
    public PanelSettings? Panel { get; init; }

    public bool Equals(ProxySettings? other) =>
        other is not null && Endpoints.SequenceEqual(other.Endpoints) && RulesFile == other.RulesFile && DefaultBackend == other.DefaultBackend && TrustedProxies.SequenceEqual(other.TrustedProxies) && Equals(Panel, other.Panel)
        && Equals(Tls, other.Tls) && Http2Endpoints.SequenceEqual(other.Http2Endpoints)
        && (ConnectTimeout, IdleTimeout, HeaderTimeout, BodyTimeout, BodyLimit, Connections)
            == (other.ConnectTimeout, other.IdleTimeout, other.HeaderTimeout, other.BodyTimeout, other.BodyLimit, other.Connections);

    public override int GetHashCode() => HashCode.Combine(Endpoints.Length, RulesFile, TrustedProxies.Length, ConnectTimeout, IdleTimeout, BodyLimit, Connections);
}

/// <summary><c>[gateway.proxy.tls]</c>.</summary>
/// <param name="Endpoints">At least one.</param>
/// <param name="CertificateFile">Absolute; PEM, the server's own first, then those between it and the root.</param>
/// <param name="KeyFile">Absolute; PEM, not encrypted.</param>
public sealed record ProxyTls(ImmutableArray<HttpEndpoint> Endpoints, string CertificateFile, string KeyFile)
{
    public bool Equals(ProxyTls? other) =>
        other is not null && Endpoints.SequenceEqual(other.Endpoints) && (CertificateFile, KeyFile) == (other.CertificateFile, other.KeyFile);

    public override int GetHashCode() => HashCode.Combine(Endpoints.Length, CertificateFile, KeyFile);
}
