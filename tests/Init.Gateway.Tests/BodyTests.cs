using System.Net.Sockets;
using System.Text;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>How messages end, early or late, and what is made of backends that do not keep to HTTP.</summary>
public sealed class BodyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Client_ThatGoesAwayDuringItsUpload_TakesTheBackendsRequestWithIt()
    {
        TaskCompletionSource begun = new(), gone = new();
        await using RecordingBackend backend = new(async request =>
        {
            begun.SetResult();
            try
            {
                while (await request.Stream.ReadAsync(new byte[100]) > 0)
                {
                    // What had been sent.
                }
            }
            catch (IOException)
            {
                // Reset.
            }

            gone.SetResult();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using (NetworkStream client = await gateway.ConnectAsync())
        {
            await client.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart"u8.ToArray());
            await begun.Task.WaitAsync(Patience);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Upload_ThatWaitsForLeave_GetsItFromTheBackend()
    {
        TaskCompletionSource mayGoOn = new();
        await using RecordingBackend backend = new(async request =>
        {
            await mayGoOn.Task;
            await request.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await request.Stream.ReadExactlyAsync(new byte[4]);
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"u8.ToArray());

        mayGoOn.SetResult();
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await ReadAsync(client, 25));
        await client.WriteAsync("body"u8.ToArray());
        Assert.Equal("HTTP/1.1 200 OK", await ReadAsync(client, 15));
    }

    /// <summary>.NET's client reads a response of HTTP/1 when the request is out: until then the answer waits, and is not lost.</summary>
    [Fact]
    public async Task Response_ThatComesBeforeTheUploadHasEnded_PassesWhenItHas()
    {
        await using RecordingBackend backend = new(request => request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using NetworkStream client = await gateway.ConnectAsync();
        await client.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst"u8.ToArray());
        while (backend.Requests.IsEmpty)
            await Task.Delay(20);

        await client.WriteAsync(" last"u8.ToArray());

        await ReadUntilAsync(client, "early");
    }

    [Theory]
    [InlineData("300ms", false)]
    [InlineData("20s", true)]
    public async Task Silence_IsBorneAsLongAsTheRuleSays(string idle, bool isBorne)
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            await Task.Delay(2000);
            await request.SendAsync("4\r\nlast\r\n0\r\n\r\n");
        });
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","timeouts":{"idle":"{{idle}}"} }]}""");

        string answer = await gateway.GetAsync("/");

        Assert.Contains("first", answer, StringComparison.Ordinal);
        Assert.Equal(isBorne, answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal));
    }

    /// <summary>Kestrel has no way to send either by HTTP/1; by HTTP/2 trailers pass.</summary>
    [Fact]
    public async Task Response_WithHintsAndTrailers_ArrivesWithoutThem_AndWhole()
    {
        await using RecordingBackend backend = new(request => request.SendAsync(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        string answer = await gateway.GetAsync("/", "TE: trailers\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("2\r\nok\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAD", "200 OK\r\nContent-Length: 1234", "Content-Length: 1234\r\n")]
    [InlineData("GET", "304 Not Modified\r\nETag: \"x\"", "ETag: \"x\"\r\n")]
    [InlineData("GET", "204 No Content\r\nX-Is: there", "X-Is: there\r\n")]
    [InlineData("DELETE", "205 Reset Content\r\nX-Is: there\r\nContent-Length: 0", "X-Is: there\r\n")]
    public async Task Response_WithoutABody_EndsWithItsHead_AndTheConnectionGoesOn(string method, string response, string header)
    {
        await using RecordingBackend backend = new(request => request.SendAsync($"HTTP/1.1 {response}\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        string answer = await gateway.SendAsync($"{method} / HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        string[] answers = answer.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, answers.Length);
        Assert.Contains(header, answers[0], StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answers[0], StringComparison.Ordinal);
        Assert.EndsWith("ok\n", answers[1], StringComparison.Ordinal);
    }

    /// <summary>Neither may the client get two readings of one response, nor may the gateway fall over it.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon here\r\n\r\nhello")]
    [InlineData("\0\0\0\0\r\n\r\n")]
    public async Task Response_ThatIsNoHttp_Is502(string response)
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(response);
            request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.StartsWith("HTTP/1.1 502 ", await gateway.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_WithAHeadOfAMegabyte_Is502()
    {
        await using RecordingBackend backend = new(request => request.SendAsync($"HTTP/1.1 200 OK\r\nX-Long: {new string('x', 1 << 20)}\r\nContent-Length: 0\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.StartsWith("HTTP/1.1 502 ", await gateway.GetAsync("/"), StringComparison.Ordinal);
        Assert.EndsWith("ok\n", await gateway.GetAsync("/healthz"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n")]
    public async Task Response_ThatBreaksOff_BreaksOffForTheClientToo(string response)
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync(response);
            request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}"}]}""");
        using HttpClient client = new() { Timeout = Patience };

        await Assert.ThrowsAnyAsync<Exception>(() => client.GetStringAsync(new Uri($"http://127.0.0.1:{gateway.Port}/")));

        Assert.Equal(1, gateway.Rules.Statistics.Of("a").Failures);
    }

    private static async Task<string> ReadAsync(NetworkStream stream, int count)
    {
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return Encoding.Latin1.GetString(bytes);
    }

    private static async Task ReadUntilAsync(NetworkStream stream, string end)
    {
        StringBuilder all = new();
        while (!all.ToString().EndsWith(end, StringComparison.Ordinal))
            all.Append(await ReadAsync(stream, 1));
    }
}
