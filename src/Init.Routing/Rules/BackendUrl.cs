using System.Buffers;
using System.Net;

namespace Init.Routing.Rules;

/// <summary>Where a backend listens: <c>http://127.0.0.1:6185</c>, <c>https://example.com/base</c>, <c>h2c://127.0.0.1:50051</c>.</summary>
public sealed record BackendUrl
{
    /// <summary>What a URL may be made of; no '@' (user names end up in logs), '?' and '#' (a backend is a place, not a page), '\' and blanks.</summary>
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/[]!$&'()*+,;=%");

    private static readonly SearchValues<char> AllowedInHost = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]");

    private const string CleartextHttp2 = "h2c://";

    private BackendUrl(string text, string origin, string basePath, Uri parsed)
    {
        Text = text;
        IsHttp2 = origin.StartsWith(CleartextHttp2, StringComparison.OrdinalIgnoreCase);
        Origin = IsHttp2 ? $"http://{origin[CleartextHttp2.Length..]}" : origin;
        BasePath = basePath;
        Port = parsed.Port;
        IsLoopback = parsed.IsLoopback;
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>"http://host:port", as written; "h2c" is "http" here.</summary>
    public string Origin { get; }

    /// <summary>HTTP/2 without TLS and without asking first (prior knowledge, RFC 9113 section 3.3), as gRPC servers speak it.</summary>
    public bool IsHttp2 { get; }

    /// <summary>1..65535.</summary>
    public int Port { get; }

    /// <summary>This machine, by number or as "localhost".</summary>
    public bool IsLoopback { get; }

    /// <summary>Comes before the path of the request: "" or "/base", never with a slash at the end.</summary>
    public string BasePath { get; }

    /// <param name="text">What was written.</param>
    /// <param name="url">Null when it is none.</param>
    /// <returns>What is wrong, for people, with the remedy; null when nothing is.</returns>
    public static (string Message, string Remedy)? TryParse(string text, out BackendUrl? url)
    {
        ArgumentNullException.ThrowIfNull(text);
        url = null;
        int schemeLength = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7
            : text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8
            : text.StartsWith(CleartextHttp2, StringComparison.OrdinalIgnoreCase) ? CleartextHttp2.Length
            : 0;
        if (schemeLength == 0)
        {
            return text.StartsWith("ws://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("wss://", StringComparison.OrdinalIgnoreCase)
                ? ("a backend is an http://, https:// or h2c:// URL", "write http or https; WebSockets pass as they are")
                : ("a backend is an http://, https:// or h2c:// URL", "write it like http://127.0.0.1:6185");
        }

        int unusual = text.AsSpan().IndexOfAnyExcept(Allowed);
        if (unusual >= 0)
        {
            string what = text[unusual] is > ' ' and < '\x7f' ? $"\"{text[unusual]}\"" : $"character U+{(int)text[unusual]:X4}";
            return ($"{what} at position {unusual} has no place in a backend's URL", "write only scheme, host, port and path");
        }

        int slash = text.IndexOf('/', schemeLength);
        string origin = slash < 0 ? text : text[..slash];
        string path = slash < 0 ? "" : text[slash..].TrimEnd('/');
        if (origin.AsSpan(schemeLength).ContainsAnyExcept(AllowedInHost)
            || !Uri.TryCreate(origin, UriKind.Absolute, out Uri? parsed)
            || parsed.Host.Length == 0
            || parsed.Port is < 1 or > 65535
            || origin.EndsWith(':'))
        {
            return ("host or port is not valid", "write it like http://127.0.0.1:6185 or http://name:8000/path");
        }

        if (IPAddress.TryParse(parsed.DnsSafeHost, out IPAddress? address) && MetadataAddresses.Contain(address))
            return ("this address is where a machine asks its cloud for its passwords", "name the program's own address");

        if (path.Contains("/../", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal))
            return ("the path climbs with \"..\"", "write the path it leads to");

        url = new BackendUrl(text, origin, path, parsed);
        return null;
    }
}
