using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>The model there is when none is configured: it answers with the last message of the user, word by word, so that clients can be tried without a provider.</summary>
internal static class Echo
{
    public static ModelInfo Model { get; } = new("init", "Echo (built in; no provider is configured)", "echo", "chat", "builtin:echo", []);

    private const int BodyDepthMax = 128;

    /// <summary>The whole answer, in the pieces it is sent in.</summary>
    /// <exception cref="UpstreamException">The echo has no such thing.</exception>
    public static ImmutableArray<byte[]> Answer(UpstreamRequest request, DateTimeOffset now)
    {
        if (request.Path != "/chat/completions")
            throw new UpstreamException(400, "invalid_request", $"the built-in model \"echo\" answers chats only, and has nothing for {request.Path}; configure a provider");
        (string text, long prompt) = LastOfUser(request.Body);
        ImmutableArray<string> words = Words(text);
        string id = "echo-" + Guid.NewGuid().ToString("n");
        if (!request.IsStream)
            return [Write("chat.completion", id, now, writer => Choice(writer, "message", text, "stop"), (prompt, words.Length))];
        ImmutableArray<byte[]>.Builder pieces = ImmutableArray.CreateBuilder<byte[]>(words.Length + 2);
        foreach (string word in words)
            pieces.Add(Event(Write("chat.completion.chunk", id, now, writer => Choice(writer, "delta", word, null), null)));
        pieces.Add(Event(Write("chat.completion.chunk", id, now, writer => Choice(writer, "delta", "", "stop"), (prompt, words.Length))));
        pieces.Add("data: [DONE]\n\n"u8.ToArray());
        return pieces.ToImmutable();
    }

    /// <summary>Each with the blanks before it, so that their sum is the text.</summary>
    internal static ImmutableArray<string> Words(string text)
    {
        ImmutableArray<string>.Builder words = ImmutableArray.CreateBuilder<string>();
        int start = 0;
        for (int i = 1; i < text.Length; i++)
        {
            bool isBreak = char.IsWhiteSpace(text[i]) && !char.IsWhiteSpace(text[i - 1]);
            if (!isBreak)
                continue;
            words.Add(text[start..i]);
            start = i;
        }

        if (start < text.Length)
            words.Add(text[start..]);
        return words.ToImmutable();
    }

    private static (string Text, long PromptWords) LastOfUser(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = BodyDepthMax });
            string last = "";
            long count = 0;
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("messages", out JsonElement messages) && messages.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement message in messages.EnumerateArray().Where(message => message.ValueKind == JsonValueKind.Object))
                {
                    string text = message.TryGetProperty("content", out JsonElement content) ? TextOf(content) : "";
                    count += Words(text).Length;
                    if (message.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String && role.ValueEquals("user"))
                        last = text;
                }
            }

            return (last, count);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // The second: a text that is no UTF-8.
        {
            throw new UpstreamException(400, "invalid_request", "the body of the request must be a JSON object", exception);
        }
    }

    /// <summary>A text, or OpenAI's array of parts.</summary>
    private static string TextOf(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part =>
            part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : "")),
        _ => "",
    };

    private static void Choice(Utf8JsonWriter writer, string member, string text, string? finish)
    {
        writer.WriteStartObject(member);
        writer.WriteString("role", "assistant");
        writer.WriteString("content", text);
        writer.WriteEndObject();
        writer.WriteString("finish_reason", finish);
    }

    private static byte[] Write(string kind, string id, DateTimeOffset now, Action<Utf8JsonWriter> choice, (long Prompt, long Answer)? words)
    {
        using MemoryStream output = new();
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("object", kind);
            writer.WriteNumber("created", now.ToUnixTimeSeconds());
            writer.WriteString("model", Model.Id);
            writer.WriteStartArray("choices");
            writer.WriteStartObject();
            writer.WriteNumber("index", 0);
            choice(writer);
            writer.WriteEndObject();
            writer.WriteEndArray();
            if (words is { } count)
            {
                writer.WriteStartObject("usage");
                writer.WriteNumber("prompt_tokens", count.Prompt);
                writer.WriteNumber("completion_tokens", count.Answer);
                writer.WriteNumber("total_tokens", count.Prompt + count.Answer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return output.ToArray();
    }

    private static byte[] Event(byte[] json) => Encoding.UTF8.GetBytes($"data: {Encoding.UTF8.GetString(json)}\n\n");
}
