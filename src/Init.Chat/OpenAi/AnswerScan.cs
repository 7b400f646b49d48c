using System.Text.Json;
using Init.Chat.Providers;

namespace Init.Chat.OpenAi;

/// <summary>What Init needs to know of an answer, or of all chunks of a stream so far.</summary>
internal sealed class AnswerFacts
{
    /// <summary>The provider's; null: it says none.</summary>
    public string? Id { get; set; }

    /// <summary>Seconds since 1970; 0: it does not say.</summary>
    public long Created { get; set; }

    /// <summary>The last one that was said.</summary>
    public TokenUsage? Usage { get; set; }

    /// <summary>Of the contents and arguments of tools of all choices.</summary>
    public TextSize Content { get; set; }

    /// <summary>Of <c>reasoning_content</c>.</summary>
    public TextSize Reasoning { get; set; }

    public bool HasFinished { get; set; }

    /// <summary>The provider says that it failed.</summary>
    public bool HasError { get; set; }

    /// <summary>Chunks that had nothing to say.</summary>
    public long EmptyChunks { get; set; }

    public long Chunks { get; set; }

    /// <summary>What the prompt and what there is of the answer have, roughly.</summary>
    public TokenUsage Estimate(TextSize asked)
    {
        long prompt = asked.Tokens, completion = (Content + Reasoning).Tokens;
        return new TokenUsage(prompt, completion, prompt + completion, 0, 0);
    }
}

/// <summary>Reads an answer or a chunk in one pass, without making anything of it.</summary>
internal static class AnswerScan
{
    /// <param name="json">A JSON object.</param>
    /// <param name="facts">What is in it is added.</param>
    /// <param name="hasChoices">Whether <c>choices</c> has any.</param>
    /// <param name="hasUsage">Whether it says what was used.</param>
    /// <returns>False: it is no JSON object; what was read before is in <paramref name="facts"/>.</returns>
    public static bool Read(ReadOnlySpan<byte> json, AnswerFacts facts, out bool hasChoices, out bool hasUsage)
    {
        hasChoices = hasUsage = false;
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            TextSize before = facts.Content + facts.Reasoning;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadMember(ref reader, facts, ref hasChoices, ref hasUsage);
            facts.Chunks++;
            if (before == facts.Content + facts.Reasoning)
                facts.EmptyChunks++;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, AnswerFacts facts, ref bool hasChoices, ref bool hasUsage)
    {
        if (reader.ValueTextEquals("choices"u8))
        {
            _ = reader.Read();
            hasChoices |= ReadChoices(ref reader, facts);
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            _ = reader.Read();
            if (ReadUsage(ref reader) is not { } usage)
                return;
            facts.Usage = usage;
            hasUsage = true;
        }
        else if (facts.Id is null && reader.ValueTextEquals("id"u8))
        {
            _ = reader.Read();
            if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 512)
                facts.Id = reader.GetString();
            reader.Skip();
        }
        else if (facts.Created == 0 && reader.ValueTextEquals("created"u8))
        {
            _ = reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long created))
                facts.Created = created;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("error"u8))
        {
            _ = reader.Read();
            facts.HasError |= reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }
        else
        {
            reader.Skip();
        }
    }

    private static bool ReadChoices(ref Utf8JsonReader reader, AnswerFacts facts)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        bool any = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            any = true;
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
                {
                    _ = reader.Read();
                    ReadMessage(ref reader, facts);
                }
                else if (reader.ValueTextEquals("finish_reason"u8))
                {
                    _ = reader.Read();
                    facts.HasFinished |= reader.TokenType == JsonTokenType.String;
                    reader.Skip();
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return any;
    }

    private static void ReadMessage(ref Utf8JsonReader reader, AnswerFacts facts)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
                facts.Content += ReadSize(ref reader);
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
                facts.Reasoning += ReadSize(ref reader);
            else if (reader.ValueTextEquals("tool_calls"u8))
                facts.Content += ReadArguments(ref reader);
            else
                reader.Skip();
        }
    }

    private static TextSize ReadSize(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return TextSize.Of(ref reader);
        reader.Skip();
        return default;
    }

    private static TextSize ReadArguments(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return default;
        }

        TextSize size = default;
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("arguments"u8))
                size += ReadSize(ref reader);
        }

        return size;
    }

    private static TokenUsage? ReadUsage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long prompt = 0, completion = 0, total = 0, hits = 0, misses = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
                prompt = ReadCount(ref reader);
            else if (reader.ValueTextEquals("completion_tokens"u8))
                completion = ReadCount(ref reader);
            else if (reader.ValueTextEquals("total_tokens"u8))
                total = ReadCount(ref reader);
            else if (reader.ValueTextEquals("prompt_cache_hit_tokens"u8))
                hits = ReadCount(ref reader);
            else if (reader.ValueTextEquals("prompt_cache_miss_tokens"u8))
                misses = ReadCount(ref reader);
            else if (hits == 0 && reader.ValueTextEquals("prompt_tokens_details"u8))
                hits = ReadCached(ref reader);
            else
                reader.Skip();
        }

        return new TokenUsage(prompt, completion, total == 0 ? prompt + completion : total, hits, misses == 0 && hits > 0 ? Math.Max(0, prompt - hits) : misses);
    }

    /// <summary>OpenAI's place of what DeepSeek calls a hit.</summary>
    private static long ReadCached(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return 0;
        long cached = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
                cached = ReadCount(ref reader);
            else
                reader.Skip();
        }

        return cached;
    }

    private static long ReadCount(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count))
            return Math.Max(0, count);
        reader.Skip();
        return 0;
    }
}
