using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>What lasts: event streams, WebSockets, uploads; and what ends them.</summary>
public sealed class StreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Events_ArriveOneByOne_WhileTheResponseGoesOn()
    {
        TaskCompletionSource second = new();
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n");
            await second.Task;
            await request.SendAsync("data: 2\n\n");
            request.Stream.Close();
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{gateway.Port}"), Timeout = Patience };

        using StreamReader events = new(await client.GetStreamAsync(new Uri("/events", UriKind.Relative)));
        Assert.Equal("data: 1", await events.ReadLineAsync());
        second.SetResult();
        Assert.Equal("", await events.ReadLineAsync());
        Assert.Equal("data: 2", await events.ReadLineAsync());
    }

    [Fact]
    public async Task Stream_ThatIsStillSilent_IsSaidToBeOpen()
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            await Task.Delay(Timeout.Infinite);
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        using HttpClient client = new() { Timeout = Patience };

        using HttpResponseMessage response = await client.GetAsync(new Uri($"http://127.0.0.1:{gateway.Port}/events"), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task WebSocket_Echoes_AndSurvivesEditsOfTheRules()
    {
        await using RecordingBackend backend = new(EchoSocket.AnswerAsync);
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        using ClientWebSocket socket = new();
        using CancellationTokenSource patience = new(Patience);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Port}/api/ws"), patience.Token);

        for (int i = 0; i < 100; i++)
        {
            await gateway.EditAsync($$"""{"default_backend":"http://127.0.0.1:1","rules":[{"id":"r{{i}}","match":{"path_prefix":"/api/"},"backend":"http://127.0.0.1:1"}]}""");
            string text = $"message {i}";
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            byte[] buffer = new byte[100];
            WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, patience.Token);
            Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        // The last edit is in force for whoever comes now.
        Assert.StartsWith("HTTP/1.1 502 ", await gateway.GetAsync("/api/ws"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_ThatGoesAway_TakesTheBackendsRequestWithIt()
    {
        TaskCompletionSource<int> seen = new();
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
            try
            {
                seen.SetResult(await request.Stream.ReadAsync(new byte[1]));
            }
            catch (IOException)
            {
                seen.SetResult(0);
            }
        });
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);
        await using (NetworkStream client = await gateway.ConnectAsync())
        {
            await client.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            await client.ReadExactlyAsync(new byte[20]);
        }

        Assert.Equal(0, await seen.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Backend_ThatIsNotThere_IsSaid_AsAPageOrAsJson()
    {
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync("http://127.0.0.1:1");

        string page = await gateway.GetAsync("/", "Accept: text/html,*/*\r\n");
        string json = await gateway.GetAsync("/");

        Assert.StartsWith("HTTP/1.1 502 ", page, StringComparison.Ordinal);
        Assert.Contains("<h1>502 Bad Gateway</h1>", page, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502 ", json, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", json, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", page + json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_ThatIsSlow_Gets504_ByTheRulesOwnLimit()
    {
        await using RecordingBackend backend = new(_ => Task.Delay(Timeout.Infinite));
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","timeouts":{"response":"100ms"} }]}""");

        Assert.StartsWith("HTTP/1.1 504 ", await gateway.GetAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_ThatHasBegun_IsNotHeldToTheLimitForTheBeginning()
    {
        await using RecordingBackend backend = new(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlo");
            await Task.Delay(1000);
            await request.SendAsync("ng");
        });
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","timeouts":{"response":"500ms"} }]}""");

        Assert.EndsWith("long", await gateway.GetAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_BeyondTheLimit_Is413_WhetherItSaysSoOrNot()
    {
        await using RecordingBackend backend = new(_ => Task.Delay(Timeout.Infinite));
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","body_limit":1000}]}""");

        string declared = await gateway.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n");
        string chunked = await gateway.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{new string('x', 2000)}\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", declared, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 413 ", chunked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_IsEditedByTheRule_AndPassedOnAsItIs()
    {
        await using RecordingBackend backend = new(request => request.SendAsync(
            "HTTP/1.1 418 Short And Stout\r\nServer: pot\r\nX-Hop: 1\r\nConnection: X-Hop\r\nContent-Encoding: gzip\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\n\u001f\u008b!"));
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","response_headers":[{"name":"Server","remove":true},{"name":"X-Frame-Options","value":"DENY"}]}]}""");

        string answer = await gateway.GetAsync("/");

        Assert.StartsWith("HTTP/1.1 418 Short And Stout\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n\u001f\u008b!", answer, StringComparison.Ordinal);
        Assert.Contains("X-Frame-Options: DENY\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Server:", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Hop", answer, StringComparison.Ordinal);
    }
}
