using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>What is edited over HTTP is in force for the next request that is accepted, whichever connection it comes by.</summary>
public sealed class EditTests
{
    [Fact]
    public async Task Edit_OnceItIsAnswered_DecidesTheNextRequestOnNewAndOnKeptConnections()
    {
        await using PublicGateway gateway = await PublicGateway.StartAsync("""{"rules":[{"id":"go","match":{"path_equal":"/now"},"action":"redirect","redirect_to":"/0"}]}""");
        using HttpClient administration = gateway.Administration();
        await using NetworkStream kept = await gateway.ConnectAsync();

        for (int i = 1; i <= 200; i++)
        {
            using StringContent patch = new($$"""{"redirect_to":"/{{i}}"}""", Encoding.UTF8, "application/json");
            using HttpResponseMessage changed = await administration.PatchAsync("routes/rules/go", patch);
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);

            Assert.Contains($"\r\nLocation: /{i}\r\n", await gateway.GetAsync("/now"), StringComparison.Ordinal);
            await kept.WriteAsync("GET /now HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            Assert.Contains($"\r\nLocation: /{i}\r\n", await ReadHeadAsync(kept), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Administration_SaysWhoHasChangedWhat_AndDescribesTheInterface()
    {
        await using PublicGateway gateway = await PublicGateway.StartAsync("""{"rules":[]}""");
        using HttpClient administration = gateway.Administration();

        using StringContent rule = new("""{"id":"x","backend":"http://127.0.0.1:1"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage created = await administration.PostAsync("routes/rules", rule);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.StartsWith("HTTP/1.1 502 ", await gateway.GetAsync("/"), StringComparison.Ordinal);

        Assert.Equal("socket", (string?)JsonNode.Parse(await administration.GetStringAsync("routes/history"))!["entries"]![0]!["who"]);
        JsonNode counted = JsonNode.Parse(await administration.GetStringAsync("routes/statistics"))!["rules"]![0]!;
        Assert.Equal(("x", 1, 1), ((string)counted["id"]!, (int)counted["requests"]!, (int)counted["failures"]!));
        Assert.NotNull(JsonNode.Parse(await administration.GetStringAsync("openapi.json"))!["paths"]!["/routes/dry-run"]);

        // Who comes by a socket without a password must have meant it: no page can send this.
        using HttpResponseMessage unmeant = await administration.DeleteAsync("routes/rules/x");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, unmeant.StatusCode);
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] buffer = new byte[4096];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(buffer, patience.Token);
            Assert.NotEqual(0, count);
            head.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return head.ToString();
    }
}
