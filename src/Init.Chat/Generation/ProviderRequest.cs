using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>
/// Writes the body of a request, but for its model. What the original sends is sent: no "user", no tools, and nothing that was not asked for. Messages without content are left out unless they call tools. Messages of
/// the same role behind each other stay as they are; DeepSeek's first reasoner refused them, and a joined message would be one that nobody has written.
/// </summary>
internal static class ProviderRequest
{
    public static byte[] Write(ImmutableArray<ChatMessage> messages, ModelParameters parameters)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            Number(writer, "temperature"u8, parameters.Temperature);
            Number(writer, "top_p"u8, parameters.TopP);
            Number(writer, "frequency_penalty"u8, parameters.FrequencyPenalty);
            Number(writer, "presence_penalty"u8, parameters.PresencePenalty);
            if (parameters.MaxTokens is { } maxTokens)
                writer.WriteNumber("max_tokens"u8, maxTokens);
            if (parameters.MaxCompletionTokens is { } maxCompletionTokens)
                writer.WriteNumber("max_completion_tokens"u8, maxCompletionTokens);
            if (!parameters.Stop.IsEmpty)
                Texts(writer, parameters.Stop);
            writer.WriteBoolean("stream"u8, parameters.Stream);
            writer.WriteStartArray("messages"u8);
            bool sendsReasoning = parameters.SendReasoning || messages is [.., { IsPrefix: true }];
            foreach (ChatMessage message in messages.Where(IsSent))
                Message(writer, message, sendsReasoning);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The original drops messages without content from requests and from files.</summary>
    public static bool IsSent(ChatMessage message) => message.Content.Length > 0 || message.ToolCalls is not null;

    private static void Message(Utf8JsonWriter writer, ChatMessage message, bool sendsReasoning)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, message.Role);
        if (message.Content.Length > 0)
            writer.WriteString("content"u8, message.Content);
        else
            writer.WriteNull("content"u8);
        if (message.Name is not null)
            writer.WriteString("name"u8, message.Name);
        if (sendsReasoning && message.Reasoning.Length > 0)
            writer.WriteString("reasoning_content"u8, message.Reasoning);
        if (message.IsPrefix)
            writer.WriteBoolean("prefix"u8, true);
        if (message.ToolCalls is not null)
        {
            writer.WritePropertyName("tool_calls"u8);
            writer.WriteRawValue(message.ToolCalls);
        }

        if (message.ToolCallId is not null)
            writer.WriteString("tool_call_id"u8, message.ToolCallId);
        writer.WriteEndObject();
    }

    /// <summary>JSON has no infinity.</summary>
    private static void Number(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            writer.WriteNumber(name, number);
    }

    private static void Texts(Utf8JsonWriter writer, ImmutableArray<string> texts)
    {
        writer.WriteStartArray("stop"u8);
        foreach (string text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
