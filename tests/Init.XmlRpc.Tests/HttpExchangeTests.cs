using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Init.XmlRpc.Tests;

public sealed class HttpExchangeTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "abc")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nabcdef", "abcdef")]
    [InlineData("HTTP/1.1 200 OK\ncontent-length:3\n\nabc", "abc")]
    [InlineData("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", "abc0123456789")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")]
    public void Answer_WhenItsEndIsMarkedInAnyOfTheWays_IsReadToItsEnd(string answer, string expected)
    {
        using HttpExchange exchange = Exchange(answer);

        Assert.Equal(200, exchange.Status);
        Assert.Equal(expected, Encoding.UTF8.GetString(exchange.ReadToEnd(1000)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    public void Answer_WhenItIsNoHttpOrEndsEarly_IsRefused(string answer) => Assert.Throws<HttpFormatException>(() =>
    {
        using HttpExchange exchange = Exchange(answer);
        exchange.ReadToEnd(1000);
    });

    [Fact]
    public void Answer_WhenItIsLongerThanAllowed_IsRefused()
    {
        Assert.Throws<HttpFormatException>(() =>
        {
            using HttpExchange exchange = Exchange($"HTTP/1.1 200 OK\r\n\r\n{new string('x', 1001)}");
            exchange.ReadToEnd(1000);
        });
        Assert.Throws<HttpFormatException>(() => Exchange($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Repeat("a: b\r\n", 20_000))}\r\n"));
        Assert.Throws<HttpFormatException>(() => Exchange($"HTTP/1.1 200 OK\r\na: {new string('x', 100_000)}"));
    }

    [Fact]
    public void Request_WhenItIsSent_SaysWhoAsks()
    {
        string request = "";
        using HttpExchange exchange = Exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", new HttpCredentials("a", "ü"), text => request = text);

        Assert.StartsWith("POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1:", request, StringComparison.Ordinal);
        Assert.Contains("\r\nAuthorization: Basic YTrDvA==\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith("\r\nContent-Length: 4\r\n\r\nbody", request, StringComparison.Ordinal);
        Assert.DoesNotContain("ü", new HttpCredentials("a", "ü").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:///run/supervisor.sock", "/run/supervisor.sock")]
    [InlineData("http://localhost:9001", "localhost:9001")]
    [InlineData("http://localhost:9001/RPC2", "localhost:9001")]
    [InlineData("http://user:pass@host", "host:80")]
    [InlineData("http://[::1]:9001", "::1:9001")]
    [InlineData("http://[::1]/", "::1:80")]
    [InlineData("http://", null)]
    [InlineData("http://a:x", null)]
    [InlineData("http://a:70000", null)]
    [InlineData("https://a", null)]
    [InlineData("/run/supervisor.sock", null)]
    public void Url_WhenParsed_NamesTheServer(string url, string? expected) => Assert.Equal(expected, ServerAddress.Parse(url) switch
    {
        ServerAddress.Unix unix => unix.Path,
        ServerAddress.Tcp tcp => $"{tcp.Host}:{tcp.Port}",
        _ => null,
    });

    /// <summary>One exchange with a server that says this, whatever it is asked.</summary>
    private static HttpExchange Exchange(string answer, HttpCredentials credentials = default, Action<string>? asked = null)
    {
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        Thread server = new(() =>
        {
            using Socket connection = listener.Accept();
            byte[] request = new byte[4096];
            int length = 0;
            while (!Encoding.UTF8.GetString(request, 0, length).EndsWith("body", StringComparison.Ordinal))
                length += connection.Receive(request.AsSpan(length));

            asked?.Invoke(Encoding.UTF8.GetString(request, 0, length));
            try
            {
                connection.Send(Encoding.UTF8.GetBytes(answer));
            }
            catch (SocketException)
            {
                // The client has seen enough.
            }
        });
        server.Start();
        try
        {
            return HttpExchange.Post(new ServerAddress.Tcp("127.0.0.1", port), "/RPC2", credentials, "body"u8);
        }
        finally
        {
            server.Join();
        }
    }
}
