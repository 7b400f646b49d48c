using System.Collections.Immutable;
using System.Net;

namespace Init.Config.Reading;

/// <summary>Reads <c>[gateway]</c>: where the HTTP interface listens, and who may use it.</summary>
internal static class GatewayReader
{
    /// <summary>sun_path of unix(7) without its end, and without the ".PID" of the name under which the socket is made.</summary>
    private const int SocketPathBytesMax = 107 - 8;

    /// <summary>A token is all that stands between a stranger and every program; shorter ones can be guessed.</summary>
    private const int TokenLengthMin = 16;

    private const string ShaPrefix = "{SHA}";

    /// <param name="section">The table.</param>
    /// <param name="socket">Where it listens when the table does not say.</param>
    /// <param name="stateDirectory">Where the gateway keeps its rules.</param>
    /// <param name="givenPassword">The panel's, from the environment.</param>
    /// <param name="proxy">The public port; null when the table has none.</param>
    public static ImmutableArray<HttpEndpoint> Read(Section section, string socket, string stateDirectory, string? givenPassword, out ProxySettings? proxy)
    {
        proxy = section.Table("proxy") is { } table ? ProxyReader.Read(table, stateDirectory) : null;
        PanelSettings? panel = PanelReader.Read(section.Table("panel"), stateDirectory, givenPassword);
        if (section.Has("panel") && !section.Has("proxy"))
            section.Report("panel", "goes only together with [gateway.proxy]", "the panel is on the public port: [gateway.proxy] says where that is");
        if (proxy is not null)
            proxy = proxy with { Panel = panel };
        HttpEndpoint common = ReadAccess(section);
        ImmutableArray<HttpEndpoint>.Builder endpoints = ImmutableArray.CreateBuilder<HttpEndpoint>();
        if (ReadSocket(section, common, section.Has("listen") ? null : socket) is { } unix)
            endpoints.Add(unix);

        foreach (Text text in section.Strings("listen"))
        {
            if (ReadListen(section, text, common) is not { } endpoint)
                continue;

            if (endpoints.Any(other => other.Port == endpoint.Port && Equals(other.Address, endpoint.Address)))
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is there twice");
            else
                endpoints.Add(endpoint);
        }

        section.Finish();
        return endpoints.ToImmutable();
    }

    /// <summary>An endpoint without a place, which says who may use it. Values are secrets: no message shows them.</summary>
    private static HttpEndpoint ReadAccess(Section section)
    {
        string? username = section.NonEmptyString("username")?.Value;
        string? password = ReadSecret(section, "password");
        string? token = ReadSecret(section, "token");
        if (section.Has("username") != section.Has("password"))
            section.Report(section.Has("username") ? "username" : "password", "goes only together with the other of username and password");

        if (username?.Contains(':', StringComparison.Ordinal) == true)
            section.Report("username", "has a colon in it", "in HTTP a colon ends the user's name (RFC 7617)");

        if (password?.StartsWith(ShaPrefix, StringComparison.Ordinal) == true && (password.Length != ShaPrefix.Length + 40 || !password[ShaPrefix.Length..].All(char.IsAsciiHexDigit)))
            section.Report("password", "begins with {SHA} and is no SHA-1 digest", "40 hexadecimal digits follow, as from: printf %s PASSWORD | sha1sum");

        if (token is { Length: < TokenLengthMin })
            section.Report("token", $"is shorter than {TokenLengthMin} characters", "make one: head -c 24 /dev/urandom | base64");
        else if (token is not null && !token.All(c => c is > ' ' and < '\x7F'))
            section.Report("token", "has a character that no HTTP header can carry");

        return new HttpEndpoint { Username = username, Password = password, Token = token };
    }

    private static string? ReadSecret(Section section, string key)
    {
        if (section.String(key) is not { } text)
            return null;

        if (text.Value.Length > 0)
            return text.Value;

        section.Report(key, text.HasExpansion ? $"{text.Quoted} is empty once expanded" : "is empty");
        return null;
    }

    internal static HttpEndpoint? ReadSocket(Section section, HttpEndpoint common, string? otherwise)
    {
        int? mode = ReadMode(section);
        string? owner = section.NonEmptyString("socket_owner") is { } written && IsOwner(section, written) ? written.Value : null;
        if ((section.Has("socket") ? section.Path("socket") : otherwise) is not { } path)
            return null;

        int bytes = System.Text.Encoding.UTF8.GetByteCount(path);
        if (bytes > SocketPathBytesMax)
        {
            section.Report("socket", $"the path has {bytes} bytes", $"a socket's path has at most {SocketPathBytesMax} here: it is made under a longer name and then renamed");
            return null;
        }

        return common with { UnixPath = path, UnixMode = mode ?? common.UnixMode, UnixOwner = owner };
    }

    private static bool IsOwner(Section section, Text owner)
    {
        if (NameRules.IsUser(owner.Value))
            return true;

        section.Report("socket_owner", $"{owner.Quoted} is neither a user nor \"user:group\"");
        return false;
    }

    private static int? ReadMode(Section section)
    {
        if (section.Find("socket_mode") is Toml.TomlInteger)
        {
            section.Report("socket_mode", "expected a string of octal digits, found an integer", "write \"0700\"");
            return null;
        }

        if (section.NonEmptyString("socket_mode") is not { } text)
            return null;

        if (text.Value.Length <= 4 && text.Value.All(c => c is >= '0' and <= '7') && Convert.ToInt32(text.Value, 8) is var mode and <= 0x1FF)
            return mode;

        section.Report("socket_mode", $"{text.Quoted} is not a file mode", "write three octal digits, as in \"0770\"");
        return null;
    }

    private static HttpEndpoint? ReadListen(Section section, Text text, HttpEndpoint common)
    {
        if (ListenAddress.Read(section, text) is not { Port: { } port, Address: var address })
            return null;

        // Whoever reaches it controls every program, and everybody on the network reaches it.
        bool isOpen = !section.Has("username") && !section.Has("password") && !section.Has("token");
        if (isOpen && (address is null || !IPAddress.IsLoopback(address)))
            section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} can be reached from other machines and asks for no password", "set username and password, or token; or listen on 127.0.0.1 only");

        return common with { Address = address, Port = port };
    }
}
