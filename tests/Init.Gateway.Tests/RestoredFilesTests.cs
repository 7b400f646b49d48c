using System.Net;
using Init.Config;
using Init.Gateway.Tests.Harness;
using Init.Routing.Store;

namespace Init.Gateway.Tests;

/// <summary>A restore brings rules and password back while the gateway serves already.</summary>
public sealed class RestoredFilesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-files-").FullName;

    private string Rules => Path.Combine(_directory, "admin_config.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Rules_ThatARestoreBringsBack_AreInForceWithoutARestart()
    {
        int port = PublicGateway.FreePort();
        GatewayOptions options = new([new HttpEndpoint { UnixPath = Path.Combine(_directory, "admin.sock") }], "/nowhere", "1.2.3")
        {
            Proxy = new ProxySettings([new HttpEndpoint { Address = IPAddress.Loopback, Port = port }], Rules) { Panel = new PanelSettings(Path.Combine(_directory, "admin.json")) },
        };
        await using RunningGateway gateway = await RunningGateway.StartAsync(options, new FakeSupervisor());
        RouteKeeper keeper = gateway.Rules!.Keeper;
        Assert.True(File.Exists(Rules));

        // Twice: news is told more than once.
        foreach (string id in new[] { "first", "second" })
        {
            TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            keeper.Changed += (_, _) => changed.TrySetResult();
            await File.WriteAllTextAsync(Rules + ".restored", $$"""{"default_backend":"http://127.0.0.1:1","rules":[{"id":"{{id}}","action":"redirect","match":{"path_equal":"/{{id}}"},"redirect_to":"/there"}]}""");
            File.Move(Rules + ".restored", Rules, overwrite: true);
            await changed.Task.WaitAsync(Patience);

            using HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
            using HttpResponseMessage answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{id}"));
            Assert.Equal((HttpStatusCode.MovedPermanently, "/there"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        }

        // And what came from outside is written in our form, as at the start.
        await WaitForAsync(() => RouteFile.Load(Rules, DateTimeOffset.UtcNow).IsSaved);
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!condition())
            await Task.Delay(20, patience.Token);
    }
}
