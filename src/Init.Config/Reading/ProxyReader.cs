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
        ImmutableArray<HttpEndpoint>.Builder endpoints = ImmutableArray.CreateBuilder<HttpEndpoint>();
        foreach (Text text in section.Strings("listen"))
        {
            if (ListenAddress.Read(section, text) is not { } endpoint)
                continue;

            if (endpoints.Contains(endpoint))
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is there twice");
            else
                endpoints.Add(endpoint);
        }

        if (!section.Has("listen"))
            section.Report("listen", "is missing", "say where the public port is: listen = [\"*:7860\"]");
        else if (endpoints.Count == 0 && section.Strings("listen").IsEmpty)
            section.Report("listen", "names no address", "write it as [\"*:7860\"]");

        ProxySettings settings = new(endpoints.ToImmutable(), section.Path("rules") ?? Path.Combine(stateDirectory, "gateway", "routes.json"));
        settings = settings with
        {
            TrustedProxies = ReadNetworks(section) ?? settings.TrustedProxies,
            ConnectTimeout = section.Duration("connect_timeout", TimeoutMin, TimeoutMax) ?? settings.ConnectTimeout,
            IdleTimeout = section.Duration("idle_timeout", TimeoutMin, TimeoutMax) ?? settings.IdleTimeout,
            BodyLimit = section.SizeOrUnlimited("body_limit") is { } limit && limit != ByteSize.Unlimited ? limit.Bytes : null,
            Connections = section.SmallInteger("connections", 1, 1_000_000) ?? settings.Connections,
        };
        section.Finish();
        return endpoints.Count > 0 ? settings : null;
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
