using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Init.Chat.Providers;

/// <param name="Silence">How long nothing may come; comments that keep the connection alive are something.</param>
/// <param name="BytesMax">Of the whole stream.</param>
public sealed record StreamLimits(TimeSpan Silence, long BytesMax)
{
    /// <summary>Of the whole answer, from its headers on.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(30);

    public static StreamLimits Default { get; } = new(TimeSpan.FromSeconds(100), 64 << 20);
}

/// <summary>
/// Reads the answer of an OpenAI-compatible provider to <c>stream: true</c>: server-sent events of JSON, as bytes, however they are cut. What providers do differently is taken as it comes: line ends,
/// comments, usage with each piece or never, an error in the middle, no <c>[DONE]</c>.
/// </summary>
public static class ProviderStream
{
    /// <summary>Nobody counts so many; sums of what is less do not overflow.</summary>
    private const long CountMax = 1_000_000_000_000;

    private const int MessageCharactersMax = 500, IdCharactersMax = 200;

    /// <summary>Ends with <see cref="StreamPart.Failed"/> or <see cref="StreamPart.Ended"/>.</summary>
    /// <exception cref="StreamException">It cannot be read on.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async IAsyncEnumerable<StreamPart> ReadAsync(Stream body, StreamLimits limits, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using WatchedStream watched = new(body, limits);
        await foreach (StreamPart part in ReadWatchedAsync(watched, cancel))
            yield return part;
    }

    /// <summary>Of a body that is watched already.</summary>
    internal static async IAsyncEnumerable<StreamPart> ReadWatchedAsync(Stream body, [EnumeratorCancellation] CancellationToken cancel)
    {
        SseParser<StreamPart?> parser = SseParser.Create(body, (kind, data) => PartOf(kind, data));
        await foreach (SseItem<StreamPart?> item in parser.EnumerateAsync(cancel))
        {
            if (item.Data is not { } part)
                continue;
            yield return part;
            if (part is not StreamPart.Chunk)
                yield break;
        }

        yield return new StreamPart.Ended(false);
    }

    /// <returns>Null: an event without content.</returns>
    internal static StreamPart? PartOf(string kind, ReadOnlySpan<byte> data)
    {
        data = data.Trim(" \t"u8);
        if (data.IsEmpty)
            return null;
        if (data.SequenceEqual("[DONE]"u8))
            return new StreamPart.Ended(true);

        byte[] json = data.ToArray();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw Malformed(null);
            return ErrorOf(kind, root) is { } error ? error : ChunkOf(root, json, "delta");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // The second: a text that is no UTF-8.
        {
            throw Malformed(exception);
        }
    }

    /// <summary>"id" and "created" of a piece, which are the same in each.</summary>
    /// <returns>"" and 0 for what it does not say.</returns>
    internal static (string Id, long Created) HeadOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return (Text(document.RootElement, "id") is { Length: <= IdCharactersMax } id ? id : "", Count(document.RootElement, "created"));
        }
        catch (InvalidOperationException)
        {
            return ("", 0); // An id that is no text.
        }
    }

    internal static StreamException Malformed(Exception? inner) => new(StreamProblem.Malformed, "the provider sent what is no JSON object", inner);

    private static StreamPart.Failed? ErrorOf(string kind, JsonElement root)
    {
        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
        {
            return error.ValueKind == JsonValueKind.Object
                ? new StreamPart.Failed(Cut(Text(error, "message") ?? "no reason given"), Scalar(error, "code") ?? Scalar(error, "type"))
                : new StreamPart.Failed(Cut(error.ToString()), null);
        }

        return kind == "error" ? new StreamPart.Failed(Cut(Text(root, "message") ?? "no reason given"), Scalar(root, "code")) : null;
    }

    /// <param name="member">"delta" of a stream, "message" of a whole completion.</param>
    internal static StreamPart.Chunk ChunkOf(JsonElement root, ReadOnlyMemory<byte> json, string member)
    {
        JsonElement choice = Member(root, "choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0 ? choices[0] : default;
        JsonElement delta = Member(choice, member);
        return new StreamPart.Chunk(
            json,
            Text(delta, "content") ?? "",
            Text(delta, "reasoning_content") ?? Text(delta, "reasoning") ?? "",
            Text(choice, "finish_reason"),
            Member(delta, "tool_calls") is { ValueKind: JsonValueKind.Array } calls && calls.GetArrayLength() > 0,
            UsageOf(Member(root, "usage")));
    }

    private static TokenUsage? UsageOf(JsonElement usage)
    {
        if (usage.ValueKind != JsonValueKind.Object)
            return null;
        long prompt = Count(usage, "prompt_tokens"), completion = Count(usage, "completion_tokens"), total = Count(usage, "total_tokens");
        long hits = Count(usage, "prompt_cache_hit_tokens"); // DeepSeek's; OpenAI has it in the details.
        if (hits == 0)
            hits = Count(Member(usage, "prompt_tokens_details"), "cached_tokens");
        long misses = Count(usage, "prompt_cache_miss_tokens");
        return new TokenUsage(prompt, completion, total == 0 ? prompt + completion : total, hits, misses == 0 && hits > 0 ? Math.Max(0, prompt - hits) : misses);
    }

    private static JsonElement Member(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : default;

    private static string? Text(JsonElement element, string name)
    {
        if (Member(element, name) is not { ValueKind: JsonValueKind.String } value)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return HalfCharacters.Unescape(value.GetRawText()); // Which throws the same when it is no UTF-8.
        }
    }

    private static string? Scalar(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value ? value.ToString() : null;

    private static long Count(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long count) && count is > 0 and <= CountMax ? count : 0;

    private static string Cut(string text) => text.Length <= MessageCharactersMax ? text : text[..MessageCharactersMax] + "…";
}
