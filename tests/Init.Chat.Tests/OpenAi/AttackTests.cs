using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Init.Base;
using Init.Chat.Keys;
using Init.Chat.Store;

namespace Init.Chat.Tests.OpenAi;

/// <summary>Clients that mean harm, by the published door and with a key where one is needed.</summary>
public sealed class AttackTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_WhenItIsTooLarge_IsRefusedWithoutAskingAnybody(bool saysLength)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m", change: options => options with { BodyLimit = new ByteSize(100_000) });
        string key = await KeyAsync(host, ApiKeyLimits.None);
        using HttpRequestMessage message = new(HttpMethod.Post, "/v1/chat/completions") { Content = OpenAiHost.Json(OpenAiHost.Say(new string('x', 200_000))) };
        message.Headers.TransferEncodingChunked = saysLength ? null : true;
        message.Headers.Add("X-API-Key", key);
        using HttpResponseMessage response = await host.Published.SendAsync(message);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "invalid_request"), (response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]));
        Assert.Empty(host.Provider.Requests);
    }

    [Fact]
    public async Task Body_WhenItNeverEnds_KeepsNobodyElseWaiting()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        string key = await KeyAsync(host, ApiKeyLimits.None);
        List<Socket> stalled = [];
        for (int i = 0; i < 50; i++)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(host.Services.Options.PublishedSocket));
            _ = await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: 1000000\r\n\r\n{{\"mod"));
            stalled.Add(socket);
        }

        using HttpResponseMessage response = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        stalled.ForEach(socket => socket.Dispose());
    }

    /// <summary>Who reads nothing gets nothing: the provider is held up, and nothing piles up here.</summary>
    [Fact]
    public async Task Stream_WhenTheClientReadsNothing_HoldsUpTheProviderAndNobodyElse()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;words=300000;join=50");
        string key = await KeyAsync(host, ApiKeyLimits.None);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(host.Services.Options.PublishedSocket));
        string body = OpenAiHost.Say("x", ""","stream":true""");
        _ = await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        await UntilAsync(() => host.Provider.Answers.Begun == 1);

        long before = GC.GetTotalMemory(forceFullCollection: true);
        host.Provider.Script = _ => "m";
        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage other = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x"));
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
            await Task.Delay(50);
        }

        Assert.Equal((21, 20), host.Provider.Answers); // About 50 MB are still to come from the first.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 << 20);
    }

    [Theory]
    [InlineData(200, 10)]
    [InlineData(2, 40_000)]
    public async Task Headers_WhenThereAreTooMany_AreRefused(int count, int length)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        string headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', length)}\r\n"));
        string answer = await RawAsync(host, $"GET /v1/models HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/userdata/context/get/bob")]
    [InlineData("/userdata/context/get/..")]
    [InlineData("/userdata/context/get/%2e%2e")]
    [InlineData("/userdata/context/get/alice/../bob")]
    [InlineData("/userdata/context/get/alice%2F..%2Fbob")]
    [InlineData("/userdata/context/get/%62ob")]
    [InlineData("/userdata/context/get//bob")]
    [InlineData("/userdata/context/get/bob?user=alice")]
    [InlineData("/userdata/context/get/bob#alice")]
    [InlineData("/v1/../userdata/context/get/bob")]
    [InlineData("/healthz/../userdata/context/get/bob")]
    [InlineData("http://alice/userdata/context/get/bob")]
    [InlineData("/userdata/context/get/bob%00alice")]
    [InlineData("/userdata/context/get/ALICE")]
    [InlineData("/userdata/file/bob.zip")]
    [InlineData("/manage/keys")]
    [InlineData("/metrics")]
    public async Task Path_WhenTheKeyIsForAnother_NeverLeadsToBob(string target)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        string key = await KeyAsync(host, new ApiKeyLimits { Users = ["alice"] });
        foreach (string user in new[] { "bob", "..", "ALICE", "alice/../bob" })
            Assert.True(await host.Store.PutContextAsync(user, "default", [new ChatMessage("user", "the secret of bob")], 0, CancellationToken.None));

        string answer = await RawAsync(host, $"GET {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 (400|403|404) ", answer);
        Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await RawAsync(host, $"GET /userdata/context/get/alice HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_WhenItHasUrls_LeadsNowhere()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        using TcpListener trap = new(IPAddress.Loopback, 0);
        trap.Start();
        string url = $"http://{trap.LocalEndpoint}/v1", key = await KeyAsync(host, ApiKeyLimits.None);
        foreach (string name in new[] { "url", "base_url", "api_base", "endpoint", "proxy", "callback", "webhook" })
        {
            using HttpResponseMessage response = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x", $$""", "{{name}}":"{{url}}" """));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        using HttpResponseMessage model = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x").Replace("\"chat\"", $"\"{url}\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, model.StatusCode);
        Assert.False(trap.Pending());
    }

    [Theory]
    [InlineData("m;status=401;body=quotes-key")]
    [InlineData("m;status=400;body=quotes-key")]
    [InlineData("m;status=429;body=quotes-key")]
    public async Task Error_WhenTheProviderQuotesItsKey_HasNoKeyInIt(string id)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        string key = await KeyAsync(host, ApiKeyLimits.None);
        foreach (string more in new[] { "", ""","stream":true""" })
        {
            using HttpResponseMessage response = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x", more));
            string text = await response.Content.ReadAsStringAsync();
            Assert.False(response.IsSuccessStatusCode);
            Assert.DoesNotContain(OpenAiHost.ProviderKey[..9], text, StringComparison.Ordinal);
            Assert.DoesNotContain(key.Split('.')[1], text + response.Headers, StringComparison.Ordinal);
        }
    }

    /// <summary>Bodies damaged at random, and with a key damaged at random: always an answer, never a fault of ours.</summary>
    [Fact]
    public async Task Requests_WhenTheyAreDamaged_GetAnAnswerEach()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        string key = await KeyAsync(host, ApiKeyLimits.None);
        string whole = OpenAiHost.Say("h\\u00e9 \\\"x\\\"", ""","stream":true,"stream_options":{"include_usage":true},"user":"u","tools":[{"type":"function"}],"stop":["a"]""");
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int i = 0; i < 400; i++)
        {
            byte[] body = Encoding.UTF8.GetBytes(whole);
            for (int hits = random.Next(1, 5); hits > 0; hits--)
                body[random.Next(body.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0truenul\\"[random.Next(16)];
            using HttpRequestMessage message = new(HttpMethod.Post, random.Next(4) == 0 ? "/v1/embeddings" : "/v1/chat/completions") { Content = new ByteArrayContent(body) };
            message.Headers.Add("X-API-Key", key);
            using HttpResponseMessage response = await host.Published.SendAsync(message);
            string text = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode is 200 or 400 or 404 or 502 or 503, $"seed {seed}: {(int)response.StatusCode} to {Encoding.UTF8.GetString(body)}: {text}");
            Assert.DoesNotContain("a fault of the chat API", text, StringComparison.Ordinal);
        }
    }

    private static async Task<string> KeyAsync(OpenAiHost host, ApiKeyLimits limits) => (await host.Accounts.Keys.CreateAsync("k", limits, CancellationToken.None)).Text;

    private static async Task<string> RawAsync(OpenAiHost host, string request)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(host.Services.Options.PublishedSocket));
        _ = await socket.SendAsync(Encoding.UTF8.GetBytes(request));
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        byte[] buffer = new byte[16 << 10];
        int length = 0, count;
        try
        {
            while (length < buffer.Length && (count = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token)) > 0)
                length += count;
        }
        catch (SocketException)
        {
            // It was cut off behind the answer.
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (int i = 0; i < 500 && !isSo(); i++)
            await Task.Delay(20);
        Assert.True(isSo());
    }
}
