using System.Net;

namespace Init.Routing.Rules;

/// <summary>One address ("10.0.0.7", "::1") or a network ("10.0.0.0/8").</summary>
/// <param name="Text">As written.</param>
/// <param name="Network">What it stands for; IPv4 is IPv4, also where a socket calls it ::ffff:10.0.0.7.</param>
public sealed record AddressRange(string Text, IPNetwork Network)
{
    /// <summary>False also for a network with bits set behind its length, which is mistyped more often than meant.</summary>
    public static bool TryParse(string text, out AddressRange? range)
    {
        ArgumentNullException.ThrowIfNull(text);
        range = null;
        if (text.Contains('/'))
        {
            // .NET 10 drops the bits behind the length, .NET 9 refuses them.
            if (!IPNetwork.TryParse(text, out IPNetwork network)
                || network.BaseAddress.IsIPv4MappedToIPv6
                || !network.BaseAddress.Equals(IPAddress.Parse(text.AsSpan(0, text.IndexOf('/')))))
            {
                return false;
            }

            range = new AddressRange(text, network);
            return true;
        }

        // "1" and "0x7f.1" are addresses to the parser, and mistakes here.
        if (!IPAddress.TryParse(text, out IPAddress? address) || (!text.Contains(':') && text.Count(c => c == '.') != 3) || text.Contains('%') || text.Contains('['))
            return false;

        address = Plain(address);
        range = new AddressRange(text, new IPNetwork(address, address.GetAddressBytes().Length * 8));
        return true;
    }

    public bool Contains(IPAddress address) => Network.Contains(Plain(address));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
