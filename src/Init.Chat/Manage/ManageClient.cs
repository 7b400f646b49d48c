using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Init.Chat.Manage;

public abstract record ManageAnswer
{
    private ManageAnswer()
    {
    }

    /// <param name="Json">As the role has written it.</param>
    public sealed record Done(string Json) : ManageAnswer;

    /// <param name="Status">400 to 599.</param>
    /// <param name="Message">For people.</param>
    public sealed record Refused(int Status, string Message) : ManageAnswer;

    /// <summary>Nobody answers.</summary>
    public sealed record Lost(string Why) : ManageAnswer;
}

/// <summary>Asks a role by its socket of administration: what the command line does.</summary>
public sealed class ManageClient : IDisposable
{
    private readonly HttpClient _http;

    public ManageClient(string socket)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        })
        { BaseAddress = new Uri("http://chat"), Timeout = TimeSpan.FromSeconds(90) };
    }

    public static string Json<T>(T order, JsonTypeInfo<T> type) => JsonSerializer.Serialize(order, type);

    /// <param name="method">Of HTTP.</param>
    /// <param name="path">With its query.</param>
    /// <param name="body">JSON; null: none.</param>
    public async Task<ManageAnswer> AskAsync(HttpMethod method, string path, string? body = null)
    {
        try
        {
            using HttpRequestMessage message = new(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
            using HttpResponseMessage response = await _http.SendAsync(message);
            string text = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode ? new ManageAnswer.Done(text) : new ManageAnswer.Refused((int)response.StatusCode, DetailOf(text, response.StatusCode));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return new ManageAnswer.Lost(exception.InnerException is SocketException socket ? socket.Message : exception.Message);
        }
    }

    /// <summary>The lines of an answer that goes on, until the role ends it.</summary>
    public async Task<ManageAnswer> FollowAsync(string path, Action<string> line, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
                return new ManageAnswer.Refused((int)response.StatusCode, DetailOf(await response.Content.ReadAsStringAsync(cancellation), response.StatusCode));
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellation));
            while (await reader.ReadLineAsync(cancellation) is { } next)
                line(next);
            return new ManageAnswer.Done("");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new ManageAnswer.Lost(exception.InnerException is SocketException socket ? socket.Message : exception.Message);
        }
    }

    public void Dispose() => _http.Dispose();

    private static string DetailOf(string text, HttpStatusCode status)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.TryGetProperty("detail", out JsonElement detail) && detail.ValueKind == JsonValueKind.String)
                return detail.GetString()!;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // It is not from the role's own pen.
        }

        return $"the role answers with status {(int)status}";
    }
}
