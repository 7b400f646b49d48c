using System.Globalization;
using System.Net.Sockets;

namespace Init.XmlRpc;

/// <summary>Where a supervisor's HTTP server listens, as a <c>serverurl</c> names it.</summary>
public abstract record ServerAddress
{
    private ServerAddress() { }

    /// <summary>unix:///PATH</summary>
    public sealed record Unix(string Path) : ServerAddress;

    /// <summary>http://HOST[:PORT]; what follows is not looked at.</summary>
    public sealed record Tcp(string Host, int Port) : ServerAddress;

    /// <summary>Null when the URL is neither of the two.</summary>
    public static ServerAddress? Parse(string url)
    {
        if (url.StartsWith("unix://", StringComparison.Ordinal))
            return new Unix(url["unix://".Length..]);
        if (!url.StartsWith("http://", StringComparison.Ordinal))
            return null;

        string authority = url["http://".Length..];
        int end = authority.AsSpan().IndexOfAny("/?#");
        if (end >= 0)
            authority = authority[..end];
        authority = authority[(authority.LastIndexOf('@') + 1)..];

        // The colons of [::1] are not the one in front of the port.
        int colon = authority.LastIndexOf(':');
        int port = 80;
        if (colon > authority.LastIndexOf(']'))
        {
            string digits = authority[(colon + 1)..];
            if (digits.Length > 0 && (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > ushort.MaxValue))
                return null;

            authority = authority[..colon];
        }

        string host = authority.Trim('[', ']');
        return host.Length == 0 ? null : new Tcp(host, port);
    }

    /// <summary>A connected socket; throws <see cref="SocketException"/> as connect(2) fails. It blocks.</summary>
    public Socket Connect()
    {
        Socket socket = this is Unix
            ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (this is Tcp tcp)
                socket.Connect(tcp.Host, tcp.Port);
            else if (this is Unix unix)
                socket.Connect(new UnixDomainSocketEndPoint(unix.Path));

            return socket;
        }
        catch (ArgumentOutOfRangeException)
        {
            // sun_path of unix(7) holds 107 bytes.
            socket.Dispose();
            throw new SocketException((int)SocketError.MessageSize);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
