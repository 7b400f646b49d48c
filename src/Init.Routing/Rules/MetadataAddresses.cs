using System.Net;
using Init.Base;

namespace Init.Routing.Rules;

/// <summary>
/// Addresses at which a machine asks its cloud about itself, and gets passwords for it. No program lives there; a rule that leads there makes them everybody's. Refused in
/// rules, and again when a name turns out to mean one of them.
/// </summary>
public static class MetadataAddresses
{
    private static readonly IPNetwork[] Networks =
    [
        IPNetwork.Parse("169.254.0.0/16"), // 169.254.169.254 of nearly all clouds, 169.254.170.2 and .23 of containers at Amazon: all of link-local.
        IPNetwork.Parse("100.100.100.200/32"), // Alibaba
        IPNetwork.Parse("168.63.129.16/32"), // Azure
        IPNetwork.Parse("fd00:ec2::/32"), // Amazon
        IPNetwork.Parse("fd20:ce::/32"), // Google
    ];

    public static bool Contain(IPAddress address)
    {
        address = NetworkText.Plain(address);
        return Array.Exists(Networks, network => network.Contains(address));
    }
}
