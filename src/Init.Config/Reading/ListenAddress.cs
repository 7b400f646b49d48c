using System.Globalization;
using System.Net;

namespace Init.Config.Reading;

/// <summary>Reads "127.0.0.1:9001", "[::1]:9001", "localhost:9001", "*:9001".</summary>
internal static class ListenAddress
{
    /// <returns>Null when it is none, which has been reported.</returns>
    public static HttpEndpoint? Read(Section section, Text text)
    {
        int colon = text.Value.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text.Value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            Report("is not an address and a port", "write it as \"127.0.0.1:9001\", \"[::1]:9001\" or \"*:9001\"");
            return null;
        }

        if (!TryReadHost(text.Value[..colon], out IPAddress? address))
        {
            Report("has a host that is not an address", "write an address (an IPv6 one in brackets), localhost, or * for all addresses");
            return null;
        }

        return new HttpEndpoint { Address = address, Port = port };

        void Report(string message, string hint) => section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} {message}", hint);
    }

    /// <param name="address">Null = all addresses.</param>
    private static bool TryReadHost(string host, out IPAddress? address)
    {
        address = host == "localhost" ? IPAddress.Loopback : null;
        if (host is "localhost" or "*")
            return true;

        bool isBracketed = host is ['[', .., ']'];
        string literal = isBracketed ? host[1..^1] : host;

        // IPAddress reads "1" and "0x7f.1" too; only the dotted quad is what people mean.
        return IPAddress.TryParse(literal, out address)
            && isBracketed == literal.Contains(':', StringComparison.Ordinal)
            && (isBracketed || literal.Count(c => c == '.') == 3);
    }
}
