using System.Globalization;
using System.Net;

namespace Init.Config.Supervisord;

/// <summary>One server.</summary>
/// <param name="Endpoint">Where it listens.</param>
/// <param name="Host">As it is written: supervisord tells its children that, and not the address.</param>
/// <param name="Section">Its name in the file; empty when the file is none of supervisord's.</param>
internal sealed record HttpServer(HttpEndpoint Endpoint, string Host, string Section = "");

/// <summary>Reads <c>[unix_http_server]</c> and <c>[inet_http_server]</c>, of which there may be several.</summary>
internal static class ServerReader
{
    public static List<HttpServer> Read(LoadScope scope, ExpansionNames environment, ExpansionNames withHere)
    {
        List<HttpServer> servers = [];
        foreach (IniSection section in scope.Document.Sections.Where(section => section.Name.StartsWith(SupervisordKeys.InetServer, StringComparison.Ordinal)))
        {
            if (ReadInet(new IniReader(section, scope, environment), scope) is { } server)
                servers.Add(server with { Section = section.Name });
        }

        foreach (IniSection section in scope.Document.Sections.Where(section => section.Name.StartsWith(SupervisordKeys.UnixServer, StringComparison.Ordinal)))
        {
            if (ReadUnix(new IniReader(section, scope, environment), new IniReader(section, scope, withHere), scope) is { } server)
                servers.Add(server with { Section = section.Name });
        }

        return servers;
    }

    /// <summary>What supervisord tells its children: its first unix socket, else its last TCP address.</summary>
    public static string? UrlOf(List<HttpServer> servers)
    {
        if (servers.Find(server => server.Endpoint.UnixPath is not null) is { } unix)
            return "unix://" + unix.Endpoint.UnixPath;

        if (servers.LastOrDefault() is not { } inet)
            return null;

        string host = inet.Host is "" or "*" ? "localhost" : inet.Host is ['[', ..] || !inet.Host.Contains(':') ? inet.Host : $"[{inet.Host}]";
        return string.Create(CultureInfo.InvariantCulture, $"http://{host}:{inet.Endpoint.Port}");
    }

    /// <summary>
    /// The address of a literal, of "localhost", or of a name in /etc/hosts; names are not resolved otherwise, since a supervisor that waits for a name server
    /// does not start. Null after a problem, and for all addresses.
    /// </summary>
    public static IPAddress? Address(string host, IniReader reader, string key, LoadScope scope)
    {
        if (host is "" or "*")
            return null;

        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return address;

        if (host == "localhost")
            return IPAddress.Loopback;

        if (FromHosts(host, scope) is { } listed)
            return listed;

        reader.Report(key, $"{ConfigText.Quote(host)} is no address and is not in /etc/hosts", "write an address, as in 127.0.0.1:9001; Init asks no name server");
        return null;
    }

    private static HttpServer? ReadInet(IniReader reader, LoadScope scope)
    {
        const string key = "port";
        var (username, password) = Credentials(reader);
        if (reader.Text(key) is not { } text)
        {
            if (!reader.Has(key))
                reader.ReportSection("has no port", "add port = 127.0.0.1:9001");

            return null;
        }

        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon].ToLowerInvariant();
        if (!PythonText.TryParseInteger(text[(colon + 1)..], out long port) || port is < 1 or > 65535)
        {
            reader.Report(key, $"{reader.Written(key)} has no port of 1 to 65535", "write PORT, *:PORT or ADDRESS:PORT");
            return null;
        }

        return new HttpServer(new HttpEndpoint { Address = Address(host, reader, key, scope), Port = (int)port, Username = username, Password = password }, host);
    }

    private static HttpServer? ReadUnix(IniReader reader, IniReader withHere, LoadScope scope)
    {
        var (username, password) = Credentials(reader);
        int mode = reader.Octal("chmod") ?? 0b111_000_000;
        string? owner = Owner(reader, scope, "chown");
        string? file = withHere.Text("file");
        if (!withHere.Has("file"))
            reader.ReportSection("has no file", "add file = /path/of/the.sock");

        if (file is null)
            return null;

        HttpEndpoint endpoint = new()
        {
            UnixPath = scope.Files.FullPath(scope.ExpandHome(PythonText.Strip(file)) is { Length: > 0 } path ? path : "."),
            UnixMode = mode,
            UnixOwner = owner,
            Username = username,
            Password = password,
        };
        return new HttpServer(endpoint, "");
    }

    /// <summary>"user" or "user:group", which must exist.</summary>
    public static string? Owner(IniReader reader, LoadScope scope, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;

        string[] parts = text.Split(':', 2);
        if (scope.Accounts.HasUser(parts[0]) && (parts.Length == 1 || scope.Accounts.HasGroup(parts[1])))
            return text;

        reader.Report(key, $"{reader.Written(key)} is not a user or user:group that exists");
        return null;
    }

    private static (string? Username, string? Password) Credentials(IniReader reader)
    {
        string? username = reader.FreeText("username");
        string? password = reader.FreeText("password");
        if (reader.Has("username") != reader.Has("password"))
            reader.Report(reader.Has("username") ? "username" : "password", "a username and a password belong together", reader.Has("username") ? "add password" : "add username");

        return (username, password);
    }

    /// <summary>hosts(5); an IPv4 address, since supervisord listens on no other.</summary>
    private static IPAddress? FromHosts(string host, LoadScope scope)
    {
        const int bytesMax = 1 << 20;
        if (scope.Files.Read("/etc/hosts", bytesMax) is not ConfigFile.Content content)
            return null;

        foreach (string line in System.Text.Encoding.UTF8.GetString(content.Bytes.Span).Split('\n'))
        {
            string[] words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Skip(1).Contains(host, StringComparer.OrdinalIgnoreCase)
                && IPAddress.TryParse(words[0], out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
                return address;
        }

        return null;
    }
}
