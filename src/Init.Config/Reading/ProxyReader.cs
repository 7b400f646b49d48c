using System.Collections.Immutable;
using System.Net;
using Init.Base;

namespace Init.Config.Reading;

/// <summary>Reads <c>[gateway.proxy]</c>.</summary>
internal static class ProxyReader
{
    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(100), TimeoutMax = TimeSpan.FromDays(1);

    /// <param name="section">The table.</param>
    /// <param name="stateDirectory">Where the rules are when nothing says otherwise.</param>
    /// <returns>Null when it says nowhere to listen, which has been reported.</returns>
    public static ProxySettings? Read(Section section, string stateDirectory)
    {
        HashSet<HttpEndpoint> taken = [];
        ImmutableArray<HttpEndpoint> endpoints = ReadListen(section, "listen", taken);
        if (GatewayReader.ReadSocket(section, new HttpEndpoint(), otherwise: null) is { } socket)
            endpoints = endpoints.Add(socket);
        if (!section.Has("listen") && !section.Has("socket"))
            section.Report("listen", "is missing", "say where the public port is: listen = [\"*:7860\"]");
        else if (endpoints.IsEmpty && section.Has("listen") && section.Strings("listen").IsEmpty)
            section.Report("listen", "names no address", "write it as [\"*:7860\"]");

        ProxySettings settings = new(endpoints, section.Path("rules") ?? Path.Combine(stateDirectory, "gateway", "routes.json"));
        settings = settings with
        {
            DefaultBackend = ReadDefaultBackend(section),
            TrustedProxies = ReadNetworks(section) ?? settings.TrustedProxies,
            ConnectTimeout = section.Duration("connect_timeout", TimeoutMin, TimeoutMax) ?? settings.ConnectTimeout,
            IdleTimeout = section.Duration("idle_timeout", TimeoutMin, TimeoutMax) ?? settings.IdleTimeout,
            BodyLimit = section.SizeOrUnlimited("body_limit") is { } limit && limit != ByteSize.Unlimited ? limit.Bytes : null,
            HeaderTimeout = section.Duration("header_timeout", TimeSpan.FromSeconds(1), TimeoutMax) ?? settings.HeaderTimeout,
            BodyTimeout = section.Duration("body_timeout", TimeSpan.FromSeconds(2), TimeoutMax) ?? settings.BodyTimeout,
            Tls = section.Table("tls") is { } tls ? ReadTls(tls, taken) : null,
            Http2Endpoints = ReadListen(section, "h2c", taken),
            Connections = section.SmallInteger("connections", 1, 1_000_000) ?? settings.Connections,
        };
        section.Finish();
        return endpoints.Length > 0 ? settings : null;
    }

    /// <param name="section">The table.</param>
    /// <param name="key">Of the list.</param>
    /// <param name="taken">What others have; the new ones are added.</param>
    private static ImmutableArray<HttpEndpoint> ReadListen(Section section, string key, HashSet<HttpEndpoint> taken)
    {
        ImmutableArray<HttpEndpoint>.Builder endpoints = ImmutableArray.CreateBuilder<HttpEndpoint>();
        foreach (Text text in section.Strings(key))
        {
            if (ListenAddress.Read(section, text) is not { } endpoint)
                continue;

            if (taken.Add(endpoint))
                endpoints.Add(endpoint);
            else
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is there twice", key == "h2c" ? "a port without TLS speaks HTTP/1 or HTTP/2: give h2c one of its own" : null);
        }

        return endpoints.ToImmutable();
    }

    /// <summary>What the rules take for a backend; they look at it once more.</summary>
    private static string? ReadDefaultBackend(Section section)
    {
        if (section.NonEmptyString("default_backend") is not { } text)
            return null;

        if (Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? url) && url is { Scheme: "http" or "https" or "h2c", UserInfo: "", Query: "", Fragment: "", Host.Length: > 0 })
            return text.Value;

        section.Report("default_backend", $"{text.Quoted} is no backend", "write it like http://127.0.0.1:6185, with https or h2c instead of http where the backend speaks that");
        return null;
    }

    private static ProxyTls? ReadTls(Section section, HashSet<HttpEndpoint> taken)
    {
        ImmutableArray<HttpEndpoint> endpoints = ReadListen(section, "listen", taken);
        if (!section.Has("listen") || section.Strings("listen").IsEmpty)
            section.Report("listen", "names no address", "write it as [\"*:7443\"]");
        foreach (string file in new[] { "certificate", "key" })
        {
            if (!section.Has(file))
                section.Report(file, "is missing", "name a PEM file");
        }

        (string? certificate, string? key) = (section.Path("certificate"), section.Path("key"));
        section.Finish();
        return endpoints.Length > 0 && certificate is not null && key is not null ? new ProxyTls(endpoints, certificate, key) : null;
    }

    private static ImmutableArray<IPNetwork>? ReadNetworks(Section section)
    {
        if (!section.Has("trusted_proxies"))
            return null;

        ImmutableArray<IPNetwork>.Builder networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (Text text in section.Strings("trusted_proxies"))
        {
            if (text.Value == "private")
                networks.AddRange(ProxySettings.PrivateNetworks);
            else if (NetworkText.TryParse(text.Value, out IPNetwork network))
                networks.Add(network);
            else
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is no network", "write an address (\"10.0.0.7\"), a network (\"10.0.0.0/8\"), or \"private\" for all that are not of the Internet");
        }

        return networks.ToImmutable();
    }
}
