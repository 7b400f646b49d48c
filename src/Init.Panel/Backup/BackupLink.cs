using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using Init.Control;

namespace Init.Panel.Backup;

/// <summary>How a request to the backup's role ended.</summary>
public abstract record BackupReply
{
    private BackupReply() { }

    public sealed record Done(JsonElement? Result) : BackupReply;

    /// <param name="Code">For programs: "failed", "bad-request".</param>
    /// <param name="Message">For people.</param>
    public sealed record Refused(string Code, string Message) : BackupReply;

    /// <summary>No role runs.</summary>
    public sealed record Absent : BackupReply;

    /// <summary>It ended meanwhile, said nothing for too long, or is not what we take it for.</summary>
    public sealed record Lost(string Why) : BackupReply;
}

/// <summary>The backup's role, asked over its socket: docs/reference/backup.md. Each request has a connection of its own.</summary>
/// <param name="socketPath">Where it listens when it runs.</param>
/// <param name="program">That runs it; null: none is configured to.</param>
public sealed class BackupLink(string socketPath, string? program)
{
    /// <summary>For questions that are answered from the disk.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string? Program => program;

    /// <summary>The directory of the socket, which is the role's own.</summary>
    public string Directory { get; } = Path.GetDirectoryName(socketPath) ?? "/";

    /// <param name="op">What is asked.</param>
    /// <param name="fields">Writes more members of the request.</param>
    /// <param name="onItem">Called for each item as it comes; it is valid during the call.</param>
    /// <param name="patience">For each line; null: <see cref="Patience"/>.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <exception cref="OperationCanceledException"/>
    public async Task<BackupReply> AskAsync(
        string op, Action<Utf8JsonWriter>? fields = null, Action<JsonElement>? onItem = null, TimeSpan? patience = null, CancellationToken cancellation = default)
    {
        ReadOnlyMemory<byte> request = Request(op, fields);
        if (request.Length > ControlProtocol.RequestBytesMax)
            return new BackupReply.Refused("bad-request", $"cannot ask the backup: the request is larger than {ControlProtocol.RequestBytesMax / 1024} KiB; name fewer paths");

        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentOutOfRangeException)
        {
            return new BackupReply.Absent();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        TimeSpan forEach = patience ?? Patience;
        try
        {
            limit.CancelAfter(forEach);
            while (!request.IsEmpty)
                request = request[await socket.SendAsync(request, limit.Token)..];

            LineBuffer received = new();
            while (true)
            {
                if (Take(received, onItem) is { } reply)
                    return reply;

                limit.CancelAfter(forEach);
                int count = await socket.ReceiveAsync(received.Room(), limit.Token);
                if (count == 0)
                    return new BackupReply.Lost("the backup's role has ended");
                received.Add(count);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new BackupReply.Lost($"the backup's role has said nothing for {forEach.TotalSeconds:0} s");
        }
        catch (SocketException exception)
        {
            return new BackupReply.Lost($"the connection to the backup's role broke: {exception.Message}");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new BackupReply.Lost($"the answer of the backup's role is not of this protocol: {exception.Message}");
        }
    }

    /// <returns>Null when more has to come.</returns>
    private static BackupReply? Take(LineBuffer received, Action<JsonElement>? onItem)
    {
        while (received.TryTake(out ReadOnlySpan<byte> line))
        {
            Utf8JsonReader reader = new(line);
            using var document = JsonDocument.ParseValue(ref reader);
            JsonElement reply = document.RootElement;
            if (reply.TryGetProperty("item", out JsonElement item))
            {
                onItem?.Invoke(item);
            }
            else if (reply.GetProperty("ok").GetBoolean())
            {
                return new BackupReply.Done(reply.TryGetProperty("result", out JsonElement result) ? result.Clone() : null);
            }
            else
            {
                JsonElement error = reply.GetProperty("error");
                return new BackupReply.Refused(error.GetProperty("code").GetString() ?? "", error.GetProperty("message").GetString() ?? "");
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Request(string op, Action<Utf8JsonWriter>? fields)
    {
        ArrayBufferWriter<byte> line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteNumber("v", ControlProtocol.Version);
            json.WriteNumber("id", 1);
            json.WriteString("op", op);
            fields?.Invoke(json);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }
}
