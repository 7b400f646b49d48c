using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Config;
using Init.Gateway.Forwarding;
using Init.Panel.Backup;
using Init.Panel.Rules;
using Init.Routing.Actions;
using Init.Routing.Store;

namespace Init.Gateway.Tests.Harness;

/// <summary>A gateway in this process with a public port of its own.</summary>
internal sealed class PublicGateway : IAsyncDisposable
{
    private readonly RunningGateway _gateway;
    private readonly RouteKeeper _routes;
    private readonly string _directory;

    private PublicGateway(RunningGateway gateway, RouteKeeper routes, string directory, int port)
    {
        _gateway = gateway;
        _routes = routes;
        _directory = directory;
        Port = port;
    }

    public int Port { get; }

    public RulesServices Rules => _gateway.Rules!;

    public async Task<bool> IsHealthyAsync(string backend) => (await Rules.Backends()).Single(sight => sight.Url == backend).Healthy;

    /// <param name="rules">A document of rules, as the store has it.</param>
    /// <param name="adjust">Options other than the default.</param>
    /// <param name="supervisor">Who knows the programs; null: nobody.</param>
    /// <param name="backup">The backup's role; null: nobody knows of one.</param>
    /// <param name="chat">Null: it is not published.</param>
    public static async Task<PublicGateway> StartAsync(string rules, Func<ProxySettings, ProxySettings>? adjust = null, FakeSupervisor? supervisor = null, BackupLink? backup = null, PublishedChat? chat = null)
    {
        int port = FreePort();
        string directory = Directory.CreateTempSubdirectory("gateway-").FullName;
        ProxySettings proxy = new([new HttpEndpoint { Address = IPAddress.Loopback, Port = port }], "/nowhere/routes.json") { Panel = new PanelSettings(Path.Combine(directory, "admin.json")) };
        RouteKeeper routes = RouteKeeper.Open(Path.Combine(directory, "routes.json"), DateTimeOffset.UtcNow);
        await EditAsync(routes, rules);
        GatewayOptions options = new([new HttpEndpoint { UnixPath = Path.Combine(directory, "admin.sock") }], "/nowhere", "1.2.3")
        {
            Proxy = adjust?.Invoke(proxy) ?? proxy,
            Routes = routes,
            Backup = backup,
            Chat = chat,
            Programs = supervisor?.ByPort ?? BackendPrograms.None,
        };
        return new PublicGateway(await RunningGateway.StartAsync(options, supervisor ?? new FakeSupervisor()), routes, directory, port);
    }

    /// <summary>One rule-less configuration: everything goes to this backend.</summary>
    public static Task<PublicGateway> InFrontOfAsync(string backend, Func<ProxySettings, ProxySettings>? adjust = null) =>
        StartAsync($$"""{"default_backend":"{{backend}}","rules":[]}""", adjust);

    public Task EditAsync(string rules) => EditAsync(_routes, rules);

    /// <summary>The administration interface, for edits over HTTP: nobody has to sign in there.</summary>
    public HttpClient Administration() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_directory, "admin.sock")), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost/api/v1/"),
    };

    public async Task<NetworkStream> ConnectAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Sends these bytes and reads until the gateway closes the connection, which the request should ask for, or bring about.</summary>
    public async Task<string> SendAsync(string request)
    {
        await using NetworkStream stream = await ConnectAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        using MemoryStream all = new();
        try
        {
            await stream.CopyToAsync(all, patience.Token);
        }
        catch (IOException)
        {
            // It was closed with a part of the request unread: what came before that counts.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    public void Reread() => _gateway.Reread();

    /// <summary>A GET that closes the connection.</summary>
    public Task<string> GetAsync(string target, string headers = "") => SendAsync($"GET {target} HTTP/1.1\r\nHost: bots.example:7860\r\nConnection: close\r\n{headers}\r\n");

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _routes.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task EditAsync(RouteKeeper routes, string rules) =>
        Assert.IsType<RouteCommandResult.Done>(
            await routes.CarryOutAsync(new RouteCommand.ReplaceAll(Encoding.UTF8.GetBytes(rules), IsWhole: true), new CommandContext("test", DateTimeOffset.UtcNow)));

    public static int FreePort()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
