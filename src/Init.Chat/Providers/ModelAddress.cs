using System.Net;
using System.Net.Sockets;

namespace Init.Chat.Providers;

/// <summary>What address a model may have. The list is the operator's; nobody who calls the API can name one.</summary>
internal static class ModelAddress
{
    /// <returns>Null: it may be used. The address itself is not shown: a key may be in it.</returns>
    public static string? Problem(string text, bool allowsPlainHttp)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url is not { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "", Host.Length: > 0 })
            return "must be an address as \"https://api.deepseek.com/v1\", without user, query and fragment";
        return url.Scheme == "https" || allowsPlainHttp || IsNear(url)
            ? null
            : "http:// would show the key and every message to the network; write https://, or \"AllowPlainHttp\": true beside it";
    }

    /// <summary>This machine, a private network, or a name that only those have. What a name leads to is not asked.</summary>
    private static bool IsNear(Uri url)
    {
        if (IPAddress.TryParse(url.DnsSafeHost, out IPAddress? address))
            return IsNear(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        string host = url.IdnHost.TrimEnd('.');
        return !host.Contains('.') || Array.Exists([".localhost", ".local", ".internal", ".lan", ".home.arpa"], end => host.EndsWith(end, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsNear(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6UniqueLocal;
        byte[] bytes = address.GetAddressBytes();
        return bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and <= 31) || (bytes[0] == 192 && bytes[1] == 168);
    }
}
