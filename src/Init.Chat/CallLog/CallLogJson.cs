using System.Collections.Immutable;
using System.Text.Json;
using Init.Chat.Store;

namespace Init.Chat.CallLog;

/// <summary>
/// Calls as the original's log has them: its fields by its names and in its order, and ours behind them. A line of JSONL, or of NDJSON, is one of them.
/// </summary>
public static class CallLogJson
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    public static void Write(Utf8JsonWriter writer, CallRecord call)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, call.Id);
        writer.WriteString("url"u8, call.Url);
        writer.WriteString("model"u8, call.Model);
        writer.WriteString("user_id"u8, call.UserId);
        writer.WriteString("user_name"u8, call.UserName);
        writer.WriteBoolean("stream"u8, call.Stream);
        writer.WriteNumber("total_chunk"u8, call.TotalChunk);
        writer.WriteNumber("empty_chunk"u8, call.EmptyChunk);
        writer.WriteNumber("task_start_time"u8, call.TaskStartTime);
        writer.WriteNumber("task_end_time"u8, call.TaskEndTime);
        writer.WriteNumber("request_start_time"u8, call.RequestStartTime);
        writer.WriteNumber("request_end_time"u8, call.RequestEndTime);
        writer.WriteNumber("stream_processing_start_time"u8, call.StreamProcessingStartTime);
        writer.WriteNumber("stream_processing_end_time"u8, call.StreamProcessingEndTime);
        writer.WriteNumber("call_prepare_start_time"u8, call.CallPrepareStartTime);
        writer.WriteNumber("call_prepare_end_time"u8, call.CallPrepareEndTime);
        writer.WriteStartArray("chunk_times"u8);
        foreach (long gap in call.ChunkTimes)
            writer.WriteNumberValue(gap);
        writer.WriteEndArray();
        writer.WriteNumber("created_time"u8, call.CreatedTime);
        writer.WriteNumber("total_tokens"u8, call.TotalTokens);
        writer.WriteNumber("prompt_tokens"u8, call.PromptTokens);
        writer.WriteNumber("completion_tokens"u8, call.CompletionTokens);
        writer.WriteNumber("cache_hit_count"u8, call.CacheHitCount);
        writer.WriteNumber("cache_miss_count"u8, call.CacheMissCount);
        writer.WriteNumber("total_context_length"u8, call.TotalContextLength);
        writer.WriteNumber("reasoning_content_length"u8, call.ReasoningContentLength);
        writer.WriteNumber("new_content_length"u8, call.NewContentLength);

        writer.WriteNumber("seq"u8, call.Seq);
        writer.WriteString("provider"u8, call.Provider);
        writer.WriteString("model_type"u8, call.ModelType);
        writer.WriteString("key_id"u8, call.KeyId);
        writer.WriteString("task_id"u8, call.TaskId);
        writer.WriteString("outcome"u8, call.Outcome);
        writer.WriteBoolean("is_estimated"u8, call.IsEstimated);
        writer.WriteNumber("cost_micros"u8, call.CostMicros);
        writer.WriteEndObject();
    }

    public static string ToText(CallRecord call) => MessageJson.Text(writer => Write(writer, call));

    /// <summary>Writes calls as they come, a line each, and holds one at a time.</summary>
    /// <returns>How many.</returns>
    public static async Task<long> WriteLinesAsync(Stream output, IAsyncEnumerable<CallRecord> calls, CancellationToken cancellation)
    {
        await using Utf8JsonWriter writer = new(output, MessageJson.Compact);
        long count = 0;
        await foreach (CallRecord call in calls.WithCancellation(cancellation))
        {
            Write(writer, call);
            await writer.FlushAsync(cancellation);
            await output.WriteAsync(LineEnd, cancellation);
            writer.Reset();
            count++;
        }

        return count;
    }

    /// <summary>Reads a record of ours or of the original. What is missing is 0 or "", and what is not known is left out.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static CallRecord Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement call = document.RootElement;
        if (call.ValueKind != JsonValueKind.Object)
            throw new JsonException("a call of the log must be an object");

        string? Text(string name) => call.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        long Number(string name) => call.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : 0;
        bool Flag(string name) => call.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;
        ImmutableArray<long> gaps = call.TryGetProperty("chunk_times", out JsonElement times) && times.ValueKind == JsonValueKind.Array
            ? [.. times.EnumerateArray().Select(gap => gap.ValueKind == JsonValueKind.Number && gap.TryGetInt64(out long number) ? number : 0)]
            : [];
        return new CallRecord
        {
            Id = Text("id") ?? "",
            Url = Text("url") ?? "",
            Model = Text("model") ?? "",
            UserId = Text("user_id") ?? "",
            UserName = Text("user_name") ?? "",
            Stream = Flag("stream"),
            TotalChunk = Number("total_chunk"),
            EmptyChunk = Number("empty_chunk"),
            TaskStartTime = Number("task_start_time"),
            TaskEndTime = Number("task_end_time"),
            RequestStartTime = Number("request_start_time"),
            RequestEndTime = Number("request_end_time"),
            StreamProcessingStartTime = Number("stream_processing_start_time"),
            StreamProcessingEndTime = Number("stream_processing_end_time"),
            CallPrepareStartTime = Number("call_prepare_start_time"),
            CallPrepareEndTime = Number("call_prepare_end_time"),
            ChunkTimes = gaps,
            CreatedTime = Number("created_time"),
            TotalTokens = Number("total_tokens"),
            PromptTokens = Number("prompt_tokens"),
            CompletionTokens = Number("completion_tokens"),
            CacheHitCount = Number("cache_hit_count"),
            CacheMissCount = Number("cache_miss_count"),
            TotalContextLength = Number("total_context_length"),
            ReasoningContentLength = Number("reasoning_content_length"),
            NewContentLength = Number("new_content_length"),
            Seq = Number("seq"),
            Provider = Text("provider") ?? "",
            ModelType = Text("model_type") ?? "",
            KeyId = Text("key_id"),
            TaskId = Text("task_id"),
            Outcome = Text("outcome") ?? "done",
            IsEstimated = Flag("is_estimated"),
            CostMicros = Number("cost_micros"),
        };
    }
}
