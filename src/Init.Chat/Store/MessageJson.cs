using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Init.Chat.Store;

/// <summary>A message cannot be read. The message of the exception begins with its place: "[3].content: ".</summary>
public sealed class MessageJsonException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Messages as the API and the original's files have them. <c>role</c> and <c>content</c> are always there, everything else only when it says something. Fields that are not known are left out
/// when they are read, so that a newer client's message is a message still; of a field that comes twice the last one counts.
/// </summary>
public static class MessageJson
{
    internal static readonly JsonWriterOptions Compact = new() { Encoder = PlainJsonEncoder.Instance };

    private static readonly ImmutableArray<string> Roles = ["system", "user", "assistant", "tool"];

    public static void Write(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, message.Role);
        writer.WriteString("content"u8, message.Content);
        if (message.Name is not null)
            writer.WriteString("name"u8, message.Name);
        if (message.IsPrefix)
            writer.WriteBoolean("prefix"u8, true);
        if (message.Reasoning.Length > 0)
            writer.WriteString("reasoning_content"u8, message.Reasoning);
        if (message.ToolCalls is not null)
        {
            writer.WritePropertyName("tool_calls"u8);
            writer.WriteRawValue(message.ToolCalls);
        }

        if (message.ToolCallId is not null)
            writer.WriteString("tool_call_id"u8, message.ToolCallId);
        if (message.IsInterrupted)
            writer.WriteBoolean("interrupted"u8, true);
        writer.WriteEndObject();
    }

    public static void WriteArray(Utf8JsonWriter writer, ImmutableArray<ChatMessage> messages)
    {
        writer.WriteStartArray();
        foreach (ChatMessage message in messages)
            Write(writer, message);
        writer.WriteEndArray();
    }

    public static string ToText(ChatMessage message) => Text(writer => Write(writer, message));

    public static string ToText(ImmutableArray<ChatMessage> messages) => Text(writer => WriteArray(writer, messages));

    /// <exception cref="MessageJsonException">It is no array of messages.</exception>
    public static ImmutableArray<ChatMessage> ReadArray(string json) => ReadArray(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc cref="ReadArray(string)"/>
    public static ImmutableArray<ChatMessage> ReadArray(ReadOnlySpan<byte> json)
    {
        int index = 0;
        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
                throw new MessageJsonException("must be an array of messages");

            var messages = ImmutableArray.CreateBuilder<ChatMessage>();
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
                messages.Add(ReadMessage(ref reader, json, $"[{index}]"));
            if (reader.Read())
                throw new MessageJsonException("must end with the array");
            return messages.DrainToImmutable();
        }
        catch (JsonException exception)
        {
            throw new MessageJsonException($"[{index}]: is no JSON: {PlaceOf(exception)}", exception);
        }
    }

    /// <exception cref="MessageJsonException">It is no message.</exception>
    public static ChatMessage Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc cref="Read(string)"/>
    public static ChatMessage Read(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            ChatMessage message = ReadMessage(ref reader, json, "message");
            if (reader.Read())
                throw new MessageJsonException("message: must end with the object");
            return message;
        }
        catch (JsonException exception)
        {
            throw new MessageJsonException($"message: is no JSON: {PlaceOf(exception)}", exception);
        }
    }

    internal static string PlaceOf(JsonException exception) => $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}";

    internal static string Text(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Compact))
            write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <param name="reader">At the start of the object; afterwards at its end.</param>
    private static ChatMessage ReadMessage(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string place)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new MessageJsonException($"{place}: must be an object");

        string? role = null, content = null, name = null, reasoning = null, toolCalls = null, toolCallId = null;
        bool isPrefix = false, isInterrupted = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
                role = RoleOf(TextOf(ref reader, place, "role"), place);
            else if (reader.ValueTextEquals("content"u8))
                content = TextOf(ref reader, place, "content");
            else if (reader.ValueTextEquals("name"u8))
                name = TextOf(ref reader, place, "name");
            else if (reader.ValueTextEquals("reasoning_content"u8))
                reasoning = TextOf(ref reader, place, "reasoning_content");
            else if (reader.ValueTextEquals("tool_call_id"u8))
                toolCallId = TextOf(ref reader, place, "tool_call_id");
            else if (reader.ValueTextEquals("tool_calls"u8))
                toolCalls = ArrayOf(ref reader, json, place, "tool_calls");
            else if (reader.ValueTextEquals("prefix"u8))
                isPrefix = FlagOf(ref reader, place, "prefix");
            else if (reader.ValueTextEquals("interrupted"u8))
                isInterrupted = FlagOf(ref reader, place, "interrupted");
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (role is null)
            throw new MessageJsonException($"{place}.role: is missing");
        if (content is null && toolCalls is null)
            throw new MessageJsonException($"{place}.content: must be a string");
        return new ChatMessage(role, content ?? "")
        {
            Name = name,
            Reasoning = reasoning ?? "",
            IsPrefix = isPrefix,
            ToolCalls = toolCalls,
            ToolCallId = toolCallId,
            IsInterrupted = isInterrupted,
        };
    }

    private static string? RoleOf(string? role, string place) =>
        role is null || Roles.Contains(role) ? role : throw new MessageJsonException($"{place}.role: must be one of \"system\", \"user\", \"assistant\", \"tool\"");

    private static string? TextOf(ref Utf8JsonReader reader, string place, string field)
    {
        reader.Read();
        try
        {
            return reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? reader.GetString() : throw new MessageJsonException($"{place}.{field}: must be a string");
        }
        catch (InvalidOperationException exception)
        {
            throw new MessageJsonException($"{place}.{field}: has half a surrogate pair or bytes that are no UTF-8", exception);
        }
    }

    private static bool FlagOf(ref Utf8JsonReader reader, string place, string field)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False or JsonTokenType.Null => false,
            _ => throw new MessageJsonException($"{place}.{field}: must be true or false"),
        };
    }

    private static string? ArrayOf(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string place, string field)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new MessageJsonException($"{place}.{field}: must be an array");

        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]);
    }
}
