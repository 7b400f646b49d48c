using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Unicode;

namespace Init.Control;

/// <summary>Writes the lines that answer a request, each with its newline.</summary>
public static class ReplyWriter
{
    public static void WriteResult(IBufferWriter<byte> output, long id, ControlResult? result) => WriteLine(output, id, json =>
    {
        json.WriteBoolean("ok"u8, true);
        if (result is null)
            return;

        json.WritePropertyName("result"u8);
        switch (result)
        {
            case ControlResult.Status status:
                JsonSerializer.Serialize(json, status, ControlJson.Default.Status);
                break;
            case ControlResult.Pids pids:
                JsonSerializer.Serialize(json, pids, ControlJson.Default.Pids);
                break;
            case ControlResult.Changes changes:
                JsonSerializer.Serialize(json, changes, ControlJson.Default.Changes);
                break;
            case ControlResult.Config config:
                JsonSerializer.Serialize(json, config, ControlJson.Default.Config);
                break;
            case ControlResult.LogPart part:
                WriteLogPart(json, part);
                break;
            case ControlResult.Metrics metrics:
                JsonSerializer.Serialize(json, metrics, ControlJson.Default.Metrics);
                break;
            case ControlResult.EnvironmentOf environment:
                JsonSerializer.Serialize(json, environment, ControlJson.Default.EnvironmentOf);
                break;
            case ControlResult.Explanation explanation:
                JsonSerializer.Serialize(json, explanation, ControlJson.Default.Explanation);
                break;
            case ControlResult.Version version:
                JsonSerializer.Serialize(json, version, ControlJson.Default.VersionResult);
                break;
            default:
                throw new UnreachableException();
        }
    });

    public static void WriteItem(IBufferWriter<byte> output, long id, ControlItem item) => WriteLine(output, id, json =>
    {
        json.WritePropertyName("item"u8);
        switch (item)
        {
            case ControlItem.Outcome outcome:
                JsonSerializer.Serialize(json, outcome, ControlJson.Default.Outcome);
                break;
            case ControlItem.EventRaised raised:
                JsonSerializer.Serialize(json, raised.Event, ControlJson.Default.ControlEvent);
                break;
            case ControlItem.LogChunk chunk:
                json.WriteStartObject();
                WriteBytes(json, chunk.Bytes.Span);
                json.WriteEndObject();
                break;
            default:
                throw new UnreachableException();
        }
    });

    /// <summary>Tells that items of this request were dropped since the last line, for the client did not read.</summary>
    public static void WriteDropped(IBufferWriter<byte> output, long id, long count) =>
        WriteLine(output, id, json => json.WriteNumber("dropped"u8, count));

    /// <param name="output">Where to.</param>
    /// <param name="id">Null when the request did not say one, or when the error is the connection's.</param>
    /// <param name="error">What is wrong.</param>
    public static void WriteError(IBufferWriter<byte> output, long? id, ControlError error) => WriteLine(output, id, json =>
    {
        json.WriteBoolean("ok"u8, false);
        json.WritePropertyName("error"u8);
        JsonSerializer.Serialize(json, error, ControlJson.Default.ControlError);
    });

    /// <summary>As "text" when it is valid UTF-8, else as "base64".</summary>
    internal static void WriteBytes(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            json.WriteString("text"u8, bytes);
        else
            json.WriteBase64String("base64"u8, bytes);
    }

    private static void WriteLogPart(Utf8JsonWriter json, ControlResult.LogPart part)
    {
        json.WriteStartObject();
        WriteBytes(json, part.Bytes.Span);
        json.WriteNumber("offset"u8, part.Offset);
        json.WriteNumber("size"u8, part.Size);
        if (part.Path is { } path)
            json.WriteString("path"u8, path);
        json.WriteEndObject();
    }

    private static void WriteLine(IBufferWriter<byte> output, long? id, Action<Utf8JsonWriter> writeRest)
    {
        using (Utf8JsonWriter json = new(output, ControlJson.WriterOptions))
        {
            json.WriteStartObject();
            if (id is { } number)
                json.WriteNumber("id"u8, number);
            else
                json.WriteNull("id"u8);
            writeRest(json);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }
}
