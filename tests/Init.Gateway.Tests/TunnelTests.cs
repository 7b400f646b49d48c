using System.Net.Sockets;
using System.Text;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>WebSockets as bytes: the handshake, what a backend may say instead, and how the ends of both sides meet.</summary>
public sealed class TunnelTests
{
    private const string Handshake =
        "GET /chat?x=%2f HTTP/1.1\r\nHost: bots.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private const string Switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Handshake_ReachesTheBackendAsWritten_AndItsAnswerTheClient()
    {
        await using RecordingBackend backend = new(request => request.SendAsync(Switched + "X-Served-By: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nearly"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));

        string answer = await ReadUntilAsync(client, "early");
        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", answer, StringComparison.Ordinal);
        foreach (string line in new[] { "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "X-Served-By: a", "Set-Cookie: a=1", "Set-Cookie: b=2" })
            Assert.Contains($"\r\n{line}\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("GET /chat?x=%2f HTTP/1.1\r\n", backend.Last.Head, StringComparison.Ordinal);
        Assert.Equal("bots.example", backend.Last.Header("Host"));
        Assert.Equal("Upgrade", backend.Last.Header("Connection"));
        Assert.Equal("13", backend.Last.Header("Sec-WebSocket-Version"));
        Assert.Equal("127.0.0.1", backend.Last.Header("X-Real-IP"));
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: no\r\n\r\nnot in", "not in")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nX-Why: no\r\n\r\n3\r\nnot\r\n3\r\n in\r\n0\r\n\r\n", "not in")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nX-Why: no\r\n\r\nnot in", "not in")]
    public async Task Handshake_ThatIsRefused_IsAnsweredByTheBackend(string refusal, string body)
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(refusal);
            if (refusal.Contains("close", StringComparison.Ordinal))
                request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));

        string answer = await ReadUntilAsync(client, body[^3..]);
        Assert.StartsWith("HTTP/1.1 403 Forbidden\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Why: no\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("not", answer, StringComparison.Ordinal);
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nno colon here\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nX-A : b\r\n\r\n")]
    [InlineData("")]
    public async Task Answer_ThatIsNone_IsABadGateway(string answer)
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(answer);
            request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.StartsWith("HTTP/1.1 502 ", await gateway.SendAsync(Handshake.Replace("keep-alive, ", "", StringComparison.Ordinal) + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_ThatIsTooLong_IsABadGateway()
    {
        await using RecordingBackend backend = new(request => request.SendAsync(Switched + "X-Long: " + new string('a', 40_000) + "\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));

        Assert.StartsWith("HTTP/1.1 502 ", await ReadUntilAsync(client, "\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_ThatEnds_EndsTheClientsSide()
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(Switched + "\r\nbye");
            request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.EndsWith("\r\n\r\nbye", await gateway.SendAsync(Handshake), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_ThatGoesAway_TakesTheBackendsConnectionWithIt(bool withReset)
    {
        TaskCompletionSource gone = new();
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(Switched + "\r\n");
            try
            {
                while (await request.Stream.ReadAsync(new byte[10]) > 0)
                {
                }
            }
            catch (IOException)
            {
            }

            gone.SetResult();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using (NetworkStream client = await gateway.ConnectAsync())
        {
            await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));
            _ = await ReadUntilAsync(client, "\r\n\r\n");
            if (withReset)
                client.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await gone.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Silence_EndsItAfterTheRulesTime_AndTalkDoesNot()
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(Switched + "\r\n");
            byte[] buffer = new byte[100];
            while (await request.Stream.ReadAsync(buffer) is > 0 and var count)
                await request.Stream.WriteAsync(buffer.AsMemory(0, count));
        });
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","timeouts":{"idle":"500ms"} }]}""");
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));
        _ = await ReadUntilAsync(client, "\r\n\r\n");

        // Longer than the time of silence, in pieces that are shorter.
        for (int i = 0; i < 8; i++)
        {
            await client.WriteAsync("x"u8.ToArray());
            Assert.Equal("x", await ReadUntilAsync(client, "x"));
            await Task.Delay(100);
        }

        using CancellationTokenSource patience = new(Patience);
        int end;
        try
        {
            end = await client.ReadAsync(new byte[10], patience.Token);
        }
        catch (IOException)
        {
            end = 0;
        }

        Assert.Equal(0, end);
    }

    [Fact]
    public async Task Megabytes_PassBothWays()
    {
        const int size = 20_000_000;
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(Switched + "\r\n");
            await request.Stream.CopyToAsync(request.Stream);
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync(Encoding.ASCII.GetBytes(Handshake));
        _ = await ReadUntilAsync(client, "\r\n\r\n");

        byte[] sent = new byte[size], got = new byte[size];
        new Random(7).NextBytes(sent);
        using CancellationTokenSource patience = new(Patience);
        await Task.WhenAll(client.WriteAsync(sent, patience.Token).AsTask(), client.ReadExactlyAsync(got, patience.Token).AsTask());

        Assert.True(sent.AsSpan().SequenceEqual(got));
    }

    private static async Task<string> ReadUntilAsync(NetworkStream stream, string end)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[1000];
        using CancellationTokenSource patience = new(Patience);
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(buffer, patience.Token);
            Assert.True(count > 0, $"the connection ended after: {text}");
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
