using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Control;

namespace Init.Backup.Service;

/// <summary>How a request to the role ended.</summary>
public abstract record BackupAnswer
{
    private BackupAnswer() { }

    public sealed record Done(JsonElement? Result) : BackupAnswer;

    public sealed record Refused(string Code, string Message) : BackupAnswer;

    /// <summary>The role ended, or is not what we take it for.</summary>
    public sealed record Lost(string Why) : BackupAnswer;
}

/// <summary>A connection to the role, one request at a time. It blocks.</summary>
public sealed class BackupClient : IDisposable
{
    private readonly Socket _socket;
    private readonly LineBuffer _received = new();
    private long _lastId;

    private BackupClient(Socket socket) => _socket = socket;

    /// <summary>Null when no role runs there.</summary>
    public static BackupClient? Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new BackupClient(socket);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentOutOfRangeException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <param name="op">What is asked.</param>
    /// <param name="fields">More members of the request, as JSON: <c>"wait":true</c>.</param>
    /// <param name="onItem">Called for each item as it comes.</param>
    public BackupAnswer Ask(string op, string fields = "", Action<JsonElement>? onItem = null)
    {
        long id = ++_lastId;
        string request = $"{{\"v\":{ControlProtocol.Version},\"id\":{id},\"op\":\"{op}\"{(fields.Length > 0 ? "," + fields : "")}}}\n";
        try
        {
            _socket.Send(Encoding.UTF8.GetBytes(request));
            while (true)
            {
                ReadOnlySpan<byte> line;
                while (!_received.TryTake(out line))
                {
                    int count = _socket.Receive(_received.Room().Span);
                    if (count == 0)
                        return new BackupAnswer.Lost("the connection was closed before the answer was complete");
                    _received.Add(count);
                }

                using var document = JsonDocument.Parse(line.ToArray());
                JsonElement reply = document.RootElement.Clone();
                if (reply.TryGetProperty("item", out JsonElement item))
                    onItem?.Invoke(item);
                else if (reply.GetProperty("ok").GetBoolean())
                    return new BackupAnswer.Done(reply.TryGetProperty("result", out JsonElement result) ? result : null);
                else
                    return new BackupAnswer.Refused(reply.GetProperty("error").GetProperty("code").GetString()!, reply.GetProperty("error").GetProperty("message").GetString()!);
            }
        }
        catch (SocketException exception)
        {
            return new BackupAnswer.Lost($"the connection broke: {exception.Message}");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new BackupAnswer.Lost($"the answer is not of this protocol: {exception.Message}");
        }
    }

    public void Dispose() => _socket.Dispose();
}
