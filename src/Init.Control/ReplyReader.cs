using System.Text.Json;

namespace Init.Control;

/// <summary>One line from the supervisor.</summary>
public abstract record ReplyLine
{
    private ReplyLine() { }

    /// <summary>The request's; null when the error is the connection's.</summary>
    public long? Id { get; init; }

    public sealed record Item(ControlItem Value) : ReplyLine;

    /// <summary>So many items were left out here, for they were not read in time.</summary>
    public sealed record Dropped(long Count) : ReplyLine;

    public sealed record Done(ControlResult? Result) : ReplyLine;

    public sealed record Refused(ControlError Error) : ReplyLine;
}

/// <summary>
/// Reads one line of a reply. It skips fields that it does not know, so that a newer supervisor may say more.
/// </summary>
public static class ReplyReader
{
    /// <param name="line">Without its newline.</param>
    /// <param name="op">The request's, which says what its items and its result look like.</param>
    /// <exception cref="JsonException">The line is none of this protocol.</exception>
    public static ReplyLine Read(ReadOnlySpan<byte> line, string op)
    {
        Utf8JsonReader reader = new(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("the line is no JSON object");

        long? id = null, dropped = null;
        bool? ok = null;
        ReadOnlySpan<byte> item = default, result = default, error = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
                id = reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : null;
            else if (reader.ValueTextEquals("ok"u8))
                ok = reader.Read() && reader.GetBoolean();
            else if (reader.ValueTextEquals("dropped"u8))
                dropped = reader.Read() ? reader.GetInt64() : null;
            else if (reader.ValueTextEquals("item"u8))
                item = Value(ref reader, line);
            else if (reader.ValueTextEquals("result"u8))
                result = Value(ref reader, line);
            else if (reader.ValueTextEquals("error"u8))
                error = Value(ref reader, line);
            else
                _ = Value(ref reader, line);
        }

        if (!error.IsEmpty)
            return new ReplyLine.Refused(Deserialize(error, ControlJson.Default.ControlError)) { Id = id };
        if (!item.IsEmpty)
            return new ReplyLine.Item(ReadItem(item, op)) { Id = id };
        if (dropped is { } count)
            return new ReplyLine.Dropped(count) { Id = id };
        if (ok == true)
            return new ReplyLine.Done(result.IsEmpty ? null : ReadResult(result, op)) { Id = id };

        throw new JsonException("the line is neither item nor answer");
    }

    private static ReadOnlySpan<byte> Value(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> line)
    {
        reader.Read();
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return line[start..(int)reader.BytesConsumed];
    }

    private static ControlResult? ReadResult(ReadOnlySpan<byte> json, string op) => op switch
    {
        "status" => Deserialize(json, ControlJson.Default.Status),
        "pid" => Deserialize(json, ControlJson.Default.Pids),
        "reread" or "update" or "group-add" or "group-remove" => Deserialize(json, ControlJson.Default.Changes),
        "config" => Deserialize(json, ControlJson.Default.Config),
        "read-log" => ReadLogPart(json),
        "metrics" => Deserialize(json, ControlJson.Default.Metrics),
        "env" => Deserialize(json, ControlJson.Default.EnvironmentOf),
        "explain" => Deserialize(json, ControlJson.Default.Explanation),
        "version" => Deserialize(json, ControlJson.Default.VersionResult),
        _ => null,
    };

    private static ControlItem ReadItem(ReadOnlySpan<byte> json, string op) => op switch
    {
        "tail" => ReadLogChunk(json),
        "events" => new ControlItem.EventRaised(Deserialize(json, ControlJson.Default.ControlEvent)),
        _ => Deserialize(json, ControlJson.Default.Outcome),
    };

    private static ControlItem.LogChunk ReadLogChunk(ReadOnlySpan<byte> json)
    {
        ControlResult.LogPart part = ReadLogPart(json);
        return new ControlItem.LogChunk(part.Bytes);
    }

    private static ControlResult.LogPart ReadLogPart(ReadOnlySpan<byte> json)
    {
        byte[]? bytes = null;
        long offset = 0, size = 0;
        string? path = null;
        Utf8JsonReader reader = new(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("base64"u8))
                bytes = reader.Read() ? reader.GetBytesFromBase64() : null;
            else if (reader.ValueTextEquals("text"u8))
                bytes = reader.Read() ? ReadUtf8(ref reader) : null;
            else if (reader.ValueTextEquals("offset"u8))
                offset = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("size"u8))
                size = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("path"u8))
                path = reader.Read() ? reader.GetString() : null;
            else
                reader.Skip();
        }

        return bytes is null
            ? throw new JsonException("a piece of a log holds neither text nor base64")
            : new ControlResult.LogPart(bytes, offset, size, path);
    }

    private static byte[] ReadUtf8(ref Utf8JsonReader reader)
    {
        // Unescaped UTF-8 is never longer than the escaped.
        byte[] text = new byte[reader.ValueSpan.Length];
        int length = reader.CopyString(text);
        return length == text.Length ? text : text[..length];
    }

    private static T Deserialize<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null where an object was due");
}
