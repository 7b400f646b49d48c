using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Init.Control;

/// <summary>Writes one request line, the newline included.</summary>
public static class RequestWriter
{
    public static void Write(IBufferWriter<byte> output, long id, ControlRequest request)
    {
        using (Utf8JsonWriter json = new(output, ControlJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("v"u8, ControlProtocol.Version);
            json.WriteNumber("id"u8, id);
            json.WriteString("op"u8, request.Op);
            WriteFields(json, request);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteFields(Utf8JsonWriter json, ControlRequest request)
    {
        switch (request)
        {
            case ControlRequest.Status status:
                WriteNames(json, status.Names);
                if (!status.Usage)
                    json.WriteBoolean("usage"u8, false);
                break;
            case ControlRequest.Start start:
                WriteNames(json, start.Names);
                json.WriteBoolean("wait"u8, start.Wait);
                break;
            case ControlRequest.Stop stop:
                WriteNames(json, stop.Names);
                json.WriteBoolean("wait"u8, stop.Wait);
                break;
            case ControlRequest.Restart restart:
                WriteNames(json, restart.Names);
                json.WriteBoolean("rolling"u8, restart.Rolling);
                json.WriteBoolean("wait"u8, restart.Wait);
                break;
            case ControlRequest.Signal signal:
                WriteNames(json, signal.Names);
                json.WriteString("signal"u8, signal.SignalNumber.ToString(CultureInfo.InvariantCulture));
                break;
            case ControlRequest.Reload reload:
                WriteNames(json, reload.Names);
                break;
            case ControlRequest.Pid pid:
                WriteNames(json, pid.Names);
                break;
            case ControlRequest.Tail tail:
                WriteLogName(json, tail.Name, tail.Stream);
                if (tail.Lines is { } lines)
                    json.WriteNumber("lines"u8, lines);
                if (tail.Bytes is { } bytes)
                    json.WriteNumber("bytes"u8, bytes);
                json.WriteBoolean("follow"u8, tail.Follow);
                break;
            case ControlRequest.ReadLog read:
                WriteLogName(json, read.Name, read.Stream);
                json.WriteNumber("offset"u8, read.Offset);
                json.WriteNumber("length"u8, read.Length);
                break;
            case ControlRequest.GroupAdd add:
                json.WriteString("group"u8, add.Group);
                break;
            case ControlRequest.GroupRemove remove:
                json.WriteString("group"u8, remove.Group);
                break;
            case ControlRequest.SendInput input:
                json.WriteString("name"u8, input.Name);
                ReplyWriter.WriteBytes(json, input.Bytes.Span);
                break;
            case ControlRequest.RemoteEvent remote:
                json.WriteString("type"u8, remote.Type);
                json.WriteString("data"u8, remote.Data);
                break;
            case ControlRequest.Clear clear:
                WriteNames(json, clear.Names);
                break;
            case ControlRequest.Events events:
                WriteTexts(json, "types"u8, events.Types);
                WriteNames(json, events.Names);
                break;
            case ControlRequest.Env env:
                json.WriteString("name"u8, env.Name);
                break;
            case ControlRequest.Explain explain:
                json.WriteString("name"u8, explain.Name);
                break;
            default:
                // Reread, Update, Config, ClearOwnLog, Shutdown, RestartInit, Metrics, Version: the op says it all.
                break;
        }
    }

    /// <summary>Without a name it is the supervisor's own log, which has one stream.</summary>
    private static void WriteLogName(Utf8JsonWriter json, string? name, LogStream stream)
    {
        if (name is null)
            return;

        json.WriteString("name"u8, name);
        json.WriteString("stream"u8, stream == LogStream.Stderr ? "stderr"u8 : "stdout"u8);
    }

    private static void WriteNames(Utf8JsonWriter json, IReadOnlyList<string> names) => WriteTexts(json, "names"u8, names);

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> key, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            return;

        json.WriteStartArray(key);
        foreach (string text in texts)
            json.WriteStringValue(text);

        json.WriteEndArray();
    }
}
