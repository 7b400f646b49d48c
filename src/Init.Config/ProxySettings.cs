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

    /// <summary>What is answered below /admin; null: nothing is, and the rules decide about these paths too.</summary>
    public PanelSettings? Panel { get; init; }

    public bool Equals(ProxySettings? other) =>
        other is not null && Endpoints.SequenceEqual(other.Endpoints) && RulesFile == other.RulesFile && TrustedProxies.SequenceEqual(other.TrustedProxies) && Equals(Panel, other.Panel)
        && (ConnectTimeout, IdleTimeout, BodyLimit, Connections) == (other.ConnectTimeout, other.IdleTimeout, other.BodyLimit, other.Connections);

    public override int GetHashCode() => HashCode.Combine(Endpoints.Length, RulesFile, TrustedProxies.Length, ConnectTimeout, IdleTimeout, BodyLimit, Connections);
}
