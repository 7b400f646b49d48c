namespace Init.Routing.Rules;

/// <summary>Takes "example.com:7860", "[::1]:80" and "Example.com." apart.</summary>
public static class HostName
{
    /// <param name="text">A Host header, a rule's host, or the authority of a URL.</param>
    /// <param name="port">-1 when there is none.</param>
    /// <returns>The host without the port and the dot that may end it; with its brackets when it has some. Letter case as written.</returns>
    public static ReadOnlySpan<char> Split(ReadOnlySpan<char> text, out int port)
    {
        port = -1;
        ReadOnlySpan<char> host = text;
        int colon = text.LastIndexOf(':');
        if (colon >= 0 && colon > text.LastIndexOf(']') && int.TryParse(text[(colon + 1)..], System.Globalization.NumberStyles.None, null, out int number) && number <= 65535)
        {
            port = number;
            host = text[..colon];
        }

        return host.EndsWith(".") ? host[..^1] : host;
    }

    /// <summary>Whether a rule can have it: a name or an address, with or without a port.</summary>
    public static bool IsValid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<char> host = Split(text, out int port);
        return port != 0
            && text.Length <= RuleLimits.NameMax * 2
            && Uri.CheckHostName(host.ToString()) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
            && !(host.Contains(':') && host[0] != '[');
    }
}
