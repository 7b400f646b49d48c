using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Admin.Hosting;
using Init.Chat.Http;
using Init.Config;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Tests.Http;

/// <summary>A running server of the chat API on real sockets, with data in a directory of its own.</summary>
internal sealed class ChatHost : IAsyncDisposable
{
    private readonly string _directory;
    private readonly LineLoggerProvider _log;
    private ChatParts _parts;
    private ChatServer _server;

    private ChatHost(string directory, LineLoggerProvider log, ChatParts parts, ChatServer server, ChatOptions options)
    {
        _directory = directory;
        _log = log;
        _parts = parts;
        _server = server;
        Options = options;
        Local = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
    }

    public ChatOptions Options { get; }

    /// <summary>Comes in on loopback.</summary>
    public HttpClient Local { get; private set; }

    public IPEndPoint Address => _server.Address;

    public ChatServices Services => _parts.Services;

    /// <param name="models">The list of models; null: there is none, and "echo" answers.</param>
    /// <param name="change">Of the options.</param>
    public static async Task<ChatHost> StartAsync(string? models = null, Func<ChatOptions, ChatOptions>? change = null)
    {
        string directory = Directory.CreateTempSubdirectory("chat-").FullName;
        ChatOptions options = new(directory, directory) { Listen = new HttpEndpoint { Address = IPAddress.Loopback, Port = 0 }, Publish = "/chat", AdminKey = AdminKeyOfTests, Variables = new Dictionary<string, string> { ["FAKE_KEY"] = "key-of-tests" } };
        options = change?.Invoke(options) ?? options;
        if (models is not null)
            await File.WriteAllTextAsync(options.ModelsFile, models);
        LineLoggerProvider log = new(fd: 2, LogLevel.Error);
        ChatParts parts = await ChatParts.OpenAsync(options, "1.2.3", log);
        return new ChatHost(directory, log, parts, await ChatServer.StartAsync(parts.Services, ChatRoutes.Create(), log), options);
    }

    public const string AdminKeyOfTests = "Zq7-Xw2_kL9mNp4RtVbY";

    /// <summary>A list with one model of the type "chat".</summary>
    /// <param name="url">Of the provider.</param>
    /// <param name="id">For the fake provider: how it misbehaves.</param>
    public static string ModelsOf(string url, string id = "m") => $$"""[{"Name":"Fake","ApiKeyEnv":"FAKE_KEY","URL":"{{url}}","models":[{"Name":"Fake model","Id":"{{id}}","Type":"chat"}]}]""";

    /// <summary>Ends the role as it ends, and begins it again on the same data.</summary>
    public async Task RestartAsync(Func<ChatOptions, ChatOptions>? change = null)
    {
        Local.Dispose();
        await _server.DisposeAsync();
        await _parts.DisposeAsync();
        _parts = await ChatParts.OpenAsync(change?.Invoke(Options) ?? Options, "1.2.3", _log);
        _server = await ChatServer.StartAsync(_parts.Services, ChatRoutes.Create(), _log);
        Local = new HttpClient { BaseAddress = new Uri($"http://{_server.Address}") };
    }

    public Task<(int Status, string Body)> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    /// <summary>As the original's clients do: a form.</summary>
    public Task<(int Status, string Body)> FormAsync(string path, params (string Name, string Value)[] fields) => FormAsync(HttpMethod.Post, path, fields);

    public Task<(int Status, string Body)> FormAsync(HttpMethod method, string path, params (string Name, string Value)[] fields) =>
        SendAsync(new HttpRequestMessage(method, path) { Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))) });

    public Task<(int Status, string Body)> JsonAsync(string path, string body) => SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    public async Task<(int Status, string Body)> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using HttpResponseMessage answer = await Local.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    /// <summary>Says something, and gives the answer's text.</summary>
    public async Task<string> SayAsync(string user, string message, params (string Name, string Value)[] fields)
    {
        var (status, body) = await FormAsync($"/chat/completion/{user}", [("message", message), .. fields]);
        Assert.True(status == 200, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("content").GetString()!;
    }

    /// <summary>A request as it is written, for what clients change on the way.</summary>
    public async Task<string> RawAsync(string head)
    {
        using TcpClient client = new();
        await client.ConnectAsync(Address);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "\r\nHost: chat\r\nConnection: close\r\n\r\n"));
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Comes in by a unix socket.</summary>
    public static HttpClient Over(string socket) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://chat") };

    public async ValueTask DisposeAsync()
    {
        Local.Dispose();
        await _server.DisposeAsync();
        await _parts.DisposeAsync();
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
