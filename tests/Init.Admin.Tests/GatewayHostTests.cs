using System.Net.Sockets;
using Init.Config;
using Init.Gateway;

namespace Init.Admin.Tests;

public sealed class GatewayHostTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Healthz_WhenAskedOverAUnixSocket_IsOk()
    {
        string path = Path.Combine(_directory, "http.sock");
        await using RunningGateway gateway = await RunningGateway.StartAsync(new GatewayOptions([new HttpEndpoint { UnixPath = path }], "/nowhere", "1.2.3"));
        using HttpClient client = OverUnix(path);

        Assert.Equal("ok\n", await client.GetStringAsync("/healthz"));
    }

    private static HttpClient OverUnix(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };
}
