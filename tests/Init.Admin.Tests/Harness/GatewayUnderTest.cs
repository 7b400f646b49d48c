using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Config;
using Init.Gateway;

namespace Init.Admin.Tests.Harness;

/// <summary>A gateway in this process, on a unix socket and a port of its own, in front of a <see cref="FakeSupervisor"/>.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly RunningGateway _gateway;

    private GatewayUnderTest(RunningGateway gateway, FakeSupervisor supervisor, string directory, int port)
    {
        _gateway = gateway;
        Supervisor = supervisor;
        Directory = directory;
        Port = port;
        Client = NewClient();
    }

    public FakeSupervisor Supervisor { get; }

    public string Directory { get; }

    public int Port { get; }

    public string SocketPath => Path.Combine(Directory, "http.sock");

    /// <summary>Over the unix socket.</summary>
    public HttpClient Client { get; }

    public static async Task<GatewayUnderTest> StartAsync(HttpEndpoint? access = null, FakeSupervisor? supervisor = null)
    {
        access ??= new HttpEndpoint();
        supervisor ??= new FakeSupervisor();
        string directory = System.IO.Directory.CreateTempSubdirectory("gateway-").FullName;
        int port = FreePort();
        GatewayOptions options = new(
            [access with { UnixPath = Path.Combine(directory, "http.sock") }, access with { Address = IPAddress.Loopback, Port = port }],
            "/nowhere",
            "1.2.3");
        return new GatewayUnderTest(await RunningGateway.StartAsync(options, supervisor), supervisor, directory, port);
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };

    public RawConnection Connect() => new(Port);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _gateway.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>A client that sends what it is told, byte for byte.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly StringBuilder _received = new();

    public RawConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    public void Send(string text) => _socket.Send(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads until this has come; gives all that has come up to and including it, and forgets that.</summary>
    public async Task<string> ReadUntilAsync(string part)
    {
        using CancellationTokenSource limit = new(Patience);
        byte[] buffer = new byte[4096];
        while (true)
        {
            string text = _received.ToString();
            int at = text.IndexOf(part, StringComparison.Ordinal);
            if (at >= 0)
            {
                _received.Clear().Append(text[(at + part.Length)..]);
                return text[..(at + part.Length)];
            }

            int count = await _socket.ReceiveAsync(buffer, limit.Token);
            Assert.True(count > 0, $"the connection was closed before \"{part}\" came; received:\n{text}");
            _received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    /// <summary>Everything until the server closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using CancellationTokenSource limit = new(Patience);
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(buffer, limit.Token)) > 0)
                _received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // Closed with a reset: what was sent last is not read.
        }

        return _received.ToString();
    }

    public void Dispose() => _socket.Dispose();
}
