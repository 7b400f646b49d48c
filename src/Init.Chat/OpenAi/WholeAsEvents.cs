using System.Text.Json;
using System.Text.Json.Nodes;

namespace Init.Chat.OpenAi;

/// <summary>The answer of a provider that knows no streams, for a client that has asked for one: one chunk with all of it.</summary>
internal static class WholeAsEvents
{
    /// <param name="answer">A completion.</param>
    /// <param name="wantsUsage">Whether the client has asked for it.</param>
    /// <exception cref="JsonException">It is no completion.</exception>
    public static byte[] Write(ReadOnlySpan<byte> answer, bool wantsUsage)
    {
        if (JsonNode.Parse(answer) is not JsonObject root || root["choices"] is not JsonArray choices)
            throw new JsonException("no completion");

        root["object"] = "chat.completion.chunk";
        JsonNode? usage = root["usage"];
        _ = root.Remove("usage");
        foreach (JsonNode? choice in choices)
        {
            if (choice is not JsonObject one || one["message"] is not JsonObject message)
                continue;
            _ = one.Remove("message");
            one["delta"] = message;
            if (message["tool_calls"] is not JsonArray calls)
                continue;
            for (int i = 0; i < calls.Count; i++)
            {
                if (calls[i] is JsonObject call)
                    call["index"] = i;
            }
        }

        using MemoryStream events = new();
        Append(events, root);
        if (wantsUsage && usage is not null)
        {
            root["choices"] = new JsonArray();
            root["usage"] = usage;
            Append(events, root);
        }

        events.Write("data: [DONE]\n\n"u8);
        return events.ToArray();
    }

    private static void Append(MemoryStream events, JsonObject root)
    {
        events.Write("data: "u8);
        using (Utf8JsonWriter json = new(events, Http.ChatReply.JsonOptions))
            root.WriteTo(json);
        events.Write("\n\n"u8);
    }
}
