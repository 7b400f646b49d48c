using System.Text.Json;

namespace Init.Chat.Upstream;

/// <summary>What a provider's error body says: <c>{"error": {"message", "code", "type"}}</c>, or Google's, or a text.</summary>
/// <param name="Message">Its words; "": none.</param>
/// <param name="Code">Its code, or its type; "": none. A code may be a number.</param>
/// <param name="Delay">Google's RetryInfo.</param>
/// <param name="Text">All of it, to search for words.</param>
internal sealed record ProviderError(string Message, string Code, TimeSpan? Delay, string Text)
{
    public static ProviderError Read(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            return Of(document.RootElement, body);
        }
        catch (JsonException)
        {
            return new ProviderError("", "", null, body); // A page of a proxy: its words say nothing to those who read a message.
        }
    }

    /// <summary>Whether it is the body of an error.</summary>
    public static bool IsIn(JsonElement root) => Member(Inner(root), "error").ValueKind is JsonValueKind.Object or JsonValueKind.String;

    public static ProviderError Of(JsonElement root, string text)
    {
        root = Inner(root);
        JsonElement error = Member(root, "error");
        if (error.ValueKind == JsonValueKind.String)
            return new ProviderError(error.GetString()!, "", null, text);
        if (error.ValueKind != JsonValueKind.Object)
            error = root;
        string message = Scalar(error, "message") ?? Scalar(error, "detail") ?? Scalar(error, "msg") ?? "";
        return new ProviderError(message, Scalar(error, "code") ?? Scalar(error, "type") ?? "", DelayOf(error), text);
    }

    /// <summary>Google's interface for OpenAI's clients wraps an error into an array.</summary>
    private static JsonElement Inner(JsonElement root) => root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 ? root[0] : root;

    private static TimeSpan? DelayOf(JsonElement error)
    {
        if (Member(error, "details") is not { ValueKind: JsonValueKind.Array } details)
            return null;
        foreach (JsonElement detail in details.EnumerateArray())
        {
            if (RetryAfter.OfDelay(Scalar(detail, "retryDelay")) is { } delay)
                return delay;
        }

        return null;
    }

    private static JsonElement Member(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : default;

    private static string? Scalar(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value ? value.ToString() : null;
}
