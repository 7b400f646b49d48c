using System.Net;
using Init.Base;

namespace Init.Routing.Rules;

/// <summary>One address ("10.0.0.7", "::1") or a network ("10.0.0.0/8").</summary>
/// <param name="Text">As written.</param>
/// <param name="Network">What it stands for; IPv4 is IPv4, also where a socket calls it ::ffff:10.0.0.7.</param>
public sealed record AddressRange(string Text, IPNetwork Network)
{
    /// <summary>False also for a network with bits set behind its length, which is mistyped more often than meant.</summary>
    public static bool TryParse(string text, out AddressRange? range)
    {
        range = NetworkText.TryParse(text, out IPNetwork network) ? new AddressRange(text, network) : null;
        return range is not null;
    }

    public bool Contains(IPAddress address) => Network.Contains(NetworkText.Plain(address));
}
