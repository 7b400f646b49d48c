using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Init.Panel.Chat;

/// <summary>How a request to the chat's role ended.</summary>
public abstract record ChatReply
{
    private ChatReply() { }

    /// <param name="Status">Of HTTP.</param>
    /// <param name="Body">JSON.</param>
    public sealed record Answered(int Status, byte[] Body) : ChatReply;

    /// <summary>No role runs.</summary>
    public sealed record Absent : ChatReply;

    /// <summary>It ended meanwhile, said nothing for too long, or said too much.</summary>
    public sealed record Lost(string Why) : ChatReply;
}

/// <summary>The chat's role, asked over HTTP on its administration socket: docs/reference/chat-manage.md.</summary>
public sealed class ChatLink : IDisposable
{
    /// <summary>Of one answer.</summary>
    public const int AnswerBytesMax = 16 << 20;

    /// <summary>A test of a provider takes up to a minute.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    private static readonly Uri Root = new("http://chat/");

    private readonly HttpClient _client;

    /// <param name="socketPath">Where it listens when it runs.</param>
    /// <param name="program">That runs it; null: none is configured to.</param>
    public ChatLink(string socketPath, string? program)
    {
        Program = program;
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = (_, cancellation) => ConnectAsync(socketPath, cancellation),
        };
        _client = new HttpClient(handler) { BaseAddress = Root, Timeout = Patience, MaxResponseContentBufferSize = AnswerBytesMax };
    }

    public string? Program { get; }

    /// <param name="method">Of HTTP.</param>
    /// <param name="target">Path and query.</param>
    /// <param name="body">JSON; null: none.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="OperationCanceledException"/>
    public async Task<ChatReply> AskAsync(HttpMethod method, string target, ReadOnlyMemory<byte>? body, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, target);
        if (body is { } json)
        {
            request.Content = new ReadOnlyMemoryContent(json);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using HttpResponseMessage answer = await _client.SendAsync(request, cancellation);
            return new ChatReply.Answered((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.ConnectionError || exception.InnerException is SocketException)
        {
            return new ChatReply.Absent();
        }
        catch (HttpRequestException exception)
        {
            return new ChatReply.Lost($"the chat's role has given no whole answer: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ChatReply.Lost($"the chat's role has not answered within {Patience.TotalSeconds:0} s");
        }
    }

    public void Dispose() => _client.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
