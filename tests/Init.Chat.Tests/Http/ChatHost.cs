using System.Net;
using System.Net.Sockets;
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
    private readonly ChatServer _server;

    private ChatHost(string directory, LineLoggerProvider log, ChatServer server, ChatOptions options)
    {
        _directory = directory;
        _log = log;
        _server = server;
        Options = options;
        Local = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
    }

    public ChatOptions Options { get; }

    /// <summary>Comes in on loopback.</summary>
    public HttpClient Local { get; }

    public IPEndPoint Address => _server.Address;

    public static async Task<ChatHost> StartAsync()
    {
        string directory = Directory.CreateTempSubdirectory("chat-").FullName;
        ChatOptions options = new(directory, directory) { Listen = new HttpEndpoint { Address = IPAddress.Loopback, Port = 0 }, Publish = "/chat" };
        LineLoggerProvider log = new(fd: 2, LogLevel.Warning);
        ChatServices services = new() { Options = options, Log = log, Store = null!, Upstream = null!, Generator = null!, Accounts = null!, AdminKey = null!, Texts = new UserTexts(options.NicknameFile, options.PromptDirectory) };
        return new ChatHost(directory, log, await ChatServer.StartAsync(services, ChatRoutes.Create(), log), options);
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
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
