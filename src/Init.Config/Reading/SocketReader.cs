using System.Globalization;
using System.Net;
using Init.Config.Toml;

namespace Init.Config.Reading;

/// <summary>Reads addresses to listen on: <c>socket</c> of a FastCGI program, and <c>[init] http</c>.</summary>
internal static class SocketReader
{
    private const int ModeDefault = 0b111_000_000;

    public static SharedSocket? Read(Section section, string group)
    {
        var (unix, address, port) = ReadPlace(section);
        SharedSocket socket = new(
            group, unix, address, port ?? 0, section.SmallInteger("backlog", 1, 65535), ReadOwner(section), unix is null ? 0 : ReadMode(section) ?? ModeDefault);
        section.Finish();
        return unix is null && port is null ? null : socket;
    }

    /// <summary>An array of tables, one for each address.</summary>
    public static IEnumerable<HttpEndpoint> ReadHttp(Section section, string key)
    {
        switch (section.Find(key))
        {
            case null:
                break;
            case TomlArray array:
                foreach (TomlValue item in array.Items)
                {
                    if (item is not TomlTable table)
                        section.Context.Problems.Add(item.At, section.KeyOf(key), $"expected a table, found {item.Kind}", "{ unix = \"/path\" } or { tcp = \"127.0.0.1:9001\" }");
                    else if (ReadHttp(new Section(table, section.KeyOf(key), table.At, section.Context)) is { } endpoint)
                        yield return endpoint;
                }

                break;
            case var other:
                section.ReportKind(key, "an array of tables", other);
                break;
        }
    }

    private static HttpEndpoint? ReadHttp(Section section)
    {
        var (unix, address, port) = ReadPlace(section);
        HttpEndpoint endpoint = new()
        {
            UnixPath = unix,
            UnixMode = ReadMode(section) ?? ModeDefault,
            UnixOwner = ReadOwner(section),
            Address = address,
            Port = port,
            Username = section.String("username")?.Value,
            Password = section.String("password")?.Value,
        };
        if (endpoint.Username is null != endpoint.Password is null)
            section.Report(endpoint.Username is null ? "password" : "username", "a username and a password belong together");

        section.Finish();
        return unix is null && port is null ? null : endpoint;
    }

    private static (string? Unix, IPAddress? Address, int? Port) ReadPlace(Section section)
    {
        string? unix = section.Path("unix");
        Text? tcp = section.NonEmptyString("tcp");
        if (section.Has("unix") == section.Has("tcp"))
            section.Context.Problems.Add(section.At, section.Key, "needs either unix or tcp", "unix = \"/path/of/the.sock\" or tcp = \"127.0.0.1:9001\"");

        if (tcp is null)
            return (unix, null, null);

        int colon = tcp.Value.LastIndexOf(':');
        string host = colon < 0 ? "" : tcp.Value[..colon];
        IPAddress? address = host == "localhost" ? IPAddress.Loopback : null;
        bool isHost = host is "localhost" or "*" or "" || IPAddress.TryParse(host.Trim('[', ']'), out address);
        if (isHost && int.TryParse(tcp.Value[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535)
            return (unix, address, port);

        section.Report("tcp", $"{tcp.Quoted} is not an address and a port", "write \"127.0.0.1:9001\", or \"*:9001\" for all addresses");
        return (unix, null, null);
    }

    private static int? ReadMode(Section section)
    {
        if (section.NonEmptyString("mode") is not { } text)
            return null;

        if (text.Value.Length <= 4 && text.Value.All(c => c is >= '0' and <= '7'))
            return Convert.ToInt32(text.Value, 8);

        section.Report("mode", $"{text.Quoted} is not a file mode", "write three octal digits, as in \"700\"");
        return null;
    }

    private static string? ReadOwner(Section section)
    {
        if (section.NonEmptyString("owner") is not { } text)
            return null;

        if (NameRules.IsUser(text.Value))
            return text.Value;

        section.Report("owner", $"{text.Quoted} is not a user", "write \"name\" or \"name:group\", or numbers");
        return null;
    }
}
