using System.Net;

namespace Init.Base;

/// <summary>Reads what people write for a network: one address ("10.0.0.7", "::1"), or address and length ("10.0.0.0/8", RFC 4632).</summary>
public static class NetworkText
{
    /// <summary>Stricter than .NET's readers: short and hexadecimal forms ("1", "0x7f.1"), scopes, and bits behind the length are mistyped more often than meant.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        ArgumentNullException.ThrowIfNull(text);
        network = default;
        int slash = text.IndexOf('/');
        string written = slash < 0 ? text : text[..slash];
        if (written.Contains('%') || written.Contains('[') || (!written.Contains(':') && written.Count(c => c == '.') != 3) || !IPAddress.TryParse(written, out IPAddress? address))
            return false;

        if (slash < 0)
        {
            address = Plain(address);
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        // .NET 10 drops the bits behind the length, .NET 9 refuses them.
        return IPNetwork.TryParse(text, out network) && !network.BaseAddress.IsIPv4MappedToIPv6 && network.BaseAddress.Equals(address);
    }

    /// <summary>An IPv4 address is one, also where a socket for both kinds calls it ::ffff:10.0.0.7.</summary>
    public static IPAddress Plain(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
