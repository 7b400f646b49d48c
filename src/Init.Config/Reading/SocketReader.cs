using System.Globalization;
using System.Net;

namespace Init.Config.Reading;

/// <summary>Reads <c>socket</c>: what a FastCGI program gets as its stdin.</summary>
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

    private static (string? Unix, IPAddress? Address, int? Port) ReadPlace(Section section)
    {
        string? unix = section.Path("unix");
        Text? tcp = section.NonEmptyString("tcp");
        if (section.Has("unix") == section.Has("tcp"))
            section.Context.Problems.Add(section.At, section.Key, "needs either unix or tcp", "unix = \"/path/of/the.sock\" or tcp = \"127.0.0.1:9000\"");

        if (tcp is null)
            return (unix, null, null);

        int colon = tcp.Value.LastIndexOf(':');
        string host = colon < 0 ? "" : tcp.Value[..colon];
        IPAddress? address = host == "localhost" ? IPAddress.Loopback : null;
        bool isHost = host is "localhost" or "*" or "" || IPAddress.TryParse(host.Trim('[', ']'), out address);
        if (isHost && int.TryParse(tcp.Value[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535)
            return (unix, address, port);

        section.Report("tcp", $"{tcp.Quoted} is not an address and a port", "write \"127.0.0.1:9000\", or \"*:9000\" for all addresses");
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
