using System.Net.Sockets;
using System.Text;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>Clients that mean harm cost themselves and nobody else.</summary>
public sealed class AttackTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Head_ThatDoesNotEnd_Is408()
    {
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync("http://127.0.0.1:1", settings => settings with { HeaderTimeout = TimeSpan.FromSeconds(1) });

        Assert.StartsWith("HTTP/1.1 408 ", await gateway.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Never: "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ThatDripsTooSlowly_IsCutOff_AndTheBackendIsFreed()
    {
        TaskCompletionSource freed = new();
        await using RecordingBackend backend = new(async request =>
        {
            try
            {
                while (await request.Stream.ReadAsync(new byte[10]) > 0)
                {
                    // Drop by drop.
                }
            }
            catch (IOException)
            {
                // Reset.
            }

            freed.SetResult();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url, settings => settings with { BodyTimeout = TimeSpan.FromSeconds(2) });
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"u8.ToArray());
        Task<int> cut = client.ReadAsync(new byte[1]).AsTask();
        using CancellationTokenSource patience = new(Patience);
        while (!cut.IsCompleted)
        {
            try
            {
                await client.WriteAsync("x"u8.ToArray(), patience.Token);
            }
            catch (IOException)
            {
                break;
            }

            await Task.WhenAny(cut, Task.Delay(200, patience.Token));
        }

        await freed.Task.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: x\r\n\r\n", 9_000, "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {0}\r\n\r\n", 40_000, "431")]
    public async Task Head_ThatIsTooLong_IsRefused(string request, int length, string status)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.StartsWith($"HTTP/1.1 {status} ", await gateway.SendAsync(request.Replace("{0}", new string('a', length), StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Head_WithTooManyLines_IsRefused()
    {
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync("http://127.0.0.1:1");

        string lines = string.Concat(Enumerable.Range(0, 250).Select(i => $"X-{i}: 1\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await gateway.SendAsync($"GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_TakeThePlaceOfTheOneThatHasBeenIdleForLongest()
    {
        TaskCompletionSource next = new();
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            await next.Task;
            await request.SendAsync("4\r\nlast\r\n0\r\n\r\n");
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url, settings => settings with { Connections = 8 });
        await using NetworkStream stream = await gateway.ConnectAsync();
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        await ReadUntilAsync(stream, "first");

        List<NetworkStream> idle = [];
        for (int i = 0; i < 7; i++)
        {
            NetworkStream client = await gateway.ConnectAsync();
            idle.Add(client);
            await client.WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            await ReadUntilAsync(client, "ok\n");
        }

        for (int i = 0; i < 3; i++)
            Assert.EndsWith("ok\n", await gateway.GetAsync("/healthz"), StringComparison.Ordinal);
        Assert.True(await IsClosedAsync(idle[0]));

        await idle[^1].WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await ReadUntilAsync(idle[^1], "ok\n");
        next.SetResult();
        await ReadUntilAsync(stream, "last");
        idle.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("/private/x")]
    [InlineData("//private/x")]
    [InlineData("/%70rivate/x")]
    [InlineData("/a/../private/x")]
    [InlineData("/a/%2e%2e/private/x")]
    [InlineData("/./private/x")]
    [InlineData("/private%2fx")]
    [InlineData("/a/..%2fprivate/x")]
    public async Task Path_OfARuleThatDenies_IsFoundBehindEveryMask(string target)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"default_backend":"{{backend.Url}}","rules":[{"id":"no","match":{"path_prefix":"/private/"},"deny":["0.0.0.0/0","::/0"],"backend":"{{backend.Url}}"}]}""");

        Assert.StartsWith("HTTP/1.1 403 ", await gateway.GetAsync(target), StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    private static async Task ReadUntilAsync(NetworkStream stream, string end)
    {
        StringBuilder all = new();
        byte[] one = new byte[1];
        using CancellationTokenSource patience = new(Patience);
        while (!all.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            Assert.Equal(1, await stream.ReadAsync(one, patience.Token));
            all.Append((char)one[0]);
        }
    }

    private static async Task<bool> IsClosedAsync(NetworkStream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
