using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Init.Config;
using Init.Gateway.Tests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Init.Gateway.Tests;

/// <summary>HTTP/2 on both sides: what gRPC needs, and WebSockets over it.</summary>
public sealed class Http2Tests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(HttpProtocols.Http1, "http")]
    [InlineData(HttpProtocols.Http2, "h2c")]
    public async Task Request_OverHttp2WithoutTls_ReachesBackendsOfBothVersions(HttpProtocols protocols, string scheme)
    {
        await using KestrelBackend backend = await KestrelBackend.StartAsync(protocols, async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            await context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Method} {context.Request.Headers.Host} {context.Request.Headers["X-Forwarded-Host"]} {await reader.ReadToEndAsync()}");
        });
        var (gateway, port) = await StartAsync($"{scheme}://127.0.0.1:{backend.Port}");
        await using PublicGateway owned = gateway;
        using HttpClient client = Client(port);

        using HttpResponseMessage response = await client.PutAsync(new Uri("/a%2fb", UriKind.Relative), new StringContent("body"));

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal($"HTTP/{(protocols == HttpProtocols.Http2 ? "2" : "1.1")} PUT 127.0.0.1:{port} 127.0.0.1:{port} body", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Grpc_StreamsBothWays_AndEndsWithTrailers()
    {
        string? te = null;
        await using KestrelBackend backend = await KestrelBackend.StartAsync(HttpProtocols.Http2, async context =>
        {
            te = context.Request.Headers.TE;
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.FlushAsync();
            byte[] buffer = new byte[100];
            while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "0");
            context.Response.AppendTrailer("grpc-message", "done");
        });
        var (gateway, port) = await StartAsync($"h2c://127.0.0.1:{backend.Port}");
        await using PublicGateway owned = gateway;
        using HttpClient client = Client(port);
        Pipe upload = new();
        using HttpRequestMessage request = Call(new DuplexContent(upload.Reader));

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using Stream download = await response.Content.ReadAsStreamAsync();
        foreach (string message in new[] { "one", "two", "three" })
        {
            await upload.Writer.WriteAsync(Encoding.ASCII.GetBytes(message));
            byte[] echo = new byte[message.Length];
            await download.ReadExactlyAsync(echo).AsTask().WaitAsync(Patience);
            Assert.Equal(message, Encoding.ASCII.GetString(echo));
        }

        await upload.Writer.CompleteAsync();
        Assert.Equal(0, await download.ReadAsync(new byte[1]));
        Assert.Equal("trailers", te);
        Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        Assert.Equal("done", Assert.Single(response.TrailingHeaders.GetValues("grpc-message")));
    }

    [Fact]
    public async Task Grpc_WithTrailersOnly_Passes()
    {
        await using KestrelBackend backend = await KestrelBackend.StartAsync(HttpProtocols.Http2, context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "12";
            return Task.CompletedTask;
        });
        var (gateway, port) = await StartAsync($"h2c://127.0.0.1:{backend.Port}");
        await using PublicGateway owned = gateway;
        using HttpClient client = Client(port);

        using HttpResponseMessage response = await client.SendAsync(Call(new ByteArrayContent([0, 0, 0, 0, 0])));

        Assert.Equal("12", Assert.Single(response.Headers.Concat(response.TrailingHeaders).Single(header => header.Key == "grpc-status").Value));
    }

    [Fact]
    public async Task Grpc_WhenTheDeadlineOfTheClientPasses_IsGivenUpAtTheBackend()
    {
        TaskCompletionSource begun = new(), givenUp = new();
        await using KestrelBackend backend = await KestrelBackend.StartAsync(HttpProtocols.Http2, async context =>
        {
            using CancellationTokenRegistration aborted = context.RequestAborted.Register(() => givenUp.TrySetResult());
            begun.SetResult();
            await givenUp.Task;
        });
        var (gateway, port) = await StartAsync($"h2c://127.0.0.1:{backend.Port}");
        await using PublicGateway owned = gateway;
        using HttpClient client = Client(port);
        using CancellationTokenSource deadline = new();

        Task<HttpResponseMessage> call = client.SendAsync(Call(new ByteArrayContent([])), deadline.Token);
        await begun.Task.WaitAsync(Patience);
        await deadline.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await givenUp.Task.WaitAsync(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WebSocket_OverHttp2_ReachesABackendOfHttp1(bool matchesTheRuleForGet)
    {
        await using RecordingBackend backend = new(EchoSocket.AnswerAsync);
        int port = PublicGateway.FreePort();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"default_backend":"{{(matchesTheRuleForGet ? "http://127.0.0.1:1" : backend.Url)}}","rules":[{"id":"a","match":{"path_prefix":"/ws","method":"{{(matchesTheRuleForGet ? "GET" : "CONNECT")}}"},"backend":"{{(matchesTheRuleForGet ? backend.Url : "http://127.0.0.1:1")}}"}]}""",
            settings => settings with { Http2Endpoints = [new HttpEndpoint { Address = IPAddress.Loopback, Port = port }] });
        using HttpMessageInvoker invoker = new(new SocketsHttpHandler());
        using ClientWebSocket socket = new();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using CancellationTokenSource patience = new(Patience);

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?x=1"), invoker, patience.Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        byte[] buffer = new byte[100];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, patience.Token);

        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
        Assert.Equal("GET /ws?x=1 HTTP/1.1", backend.Last.Line);
    }

    private static HttpRequestMessage Call(HttpContent content)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri("/echo.Echo/Talk", UriKind.Relative)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return request;
    }

    private static async Task<(PublicGateway Gateway, int Port)> StartAsync(string backend)
    {
        int port = PublicGateway.FreePort();
        return (await PublicGateway.InFrontOfAsync(backend, settings => settings with { Http2Endpoints = [new HttpEndpoint { Address = IPAddress.Loopback, Port = port }] }), port);
    }

    private static HttpClient Client(int port) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Patience,
    };

    /// <summary>Unlike those of the library it is sent while the response is already read.</summary>
    private sealed class DuplexContent(PipeReader messages) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            while (true)
            {
                ReadResult read = await messages.ReadAsync();
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    await stream.WriteAsync(part);
                await stream.FlushAsync();
                messages.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
