using System.Text;
using System.Text.Json;
using Init.Chat.CallLog;
using Init.Chat.Store;

namespace Init.Chat.Tests.CallLog;

public sealed class CallLogJsonTests
{
    private static readonly string[] Originals =
    [
        "id", "url", "model", "user_id", "user_name", "stream", "total_chunk", "empty_chunk", "task_start_time", "task_end_time", "request_start_time", "request_end_time",
        "stream_processing_start_time", "stream_processing_end_time", "call_prepare_start_time", "call_prepare_end_time", "chunk_times", "created_time", "total_tokens", "prompt_tokens",
        "completion_tokens", "cache_hit_count", "cache_miss_count", "total_context_length", "reasoning_content_length", "new_content_length",
    ];

    [Fact]
    public void Record_WhenWritten_HasTheOriginalsFieldsInItsOrderAndOursBehind()
    {
        using JsonDocument document = JsonDocument.Parse(CallLogJson.ToText(Full()));
        string[] names = [.. document.RootElement.EnumerateObject().Select(field => field.Name)];
        Assert.Equal([.. Originals, "seq", "provider", "model_type", "key_id", "task_id", "outcome", "is_estimated", "cost_micros"], names);
        Assert.DoesNotContain(document.RootElement.EnumerateObject(), field => field.Value.ValueKind == JsonValueKind.Number && field.Value.GetInt64() == 0);
    }

    [Fact]
    public void Record_WhenReadAgain_IsTheSame()
    {
        CallRecord call = Full();
        Assert.Equal(CallLogJson.ToText(call), CallLogJson.ToText(CallLogJson.Read(CallLogJson.ToText(call))));
        Assert.Equal(call with { ChunkTimes = [] }, CallLogJson.Read(CallLogJson.ToText(call)) with { ChunkTimes = [] });
    }

    [Fact]
    public void Record_OfTheOriginal_IsReadWithoutOurs()
    {
        CallRecord call = CallLogJson.Read("""{"id":"1","url":"u","model":"m","stream":true,"chunk_times":[1,2],"total_tokens":3,"later":{}}""");
        Assert.Equal(("1", true, 3L, "done", null), (call.Id, call.Stream, call.TotalTokens, call.Outcome, call.KeyId));
        Assert.Equal([1L, 2], call.ChunkTimes.ToArray());
        Assert.ThrowsAny<JsonException>(() => CallLogJson.Read("[]"));
        Assert.ThrowsAny<JsonException>(() => CallLogJson.Read("{"));
    }

    [Fact]
    public async Task Lines_OfManyCalls_AreOneEach()
    {
        using MemoryStream output = new();
        long count = await CallLogJson.WriteLinesAsync(output, CallsAsync(), CancellationToken.None);
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n');
        Assert.Equal((3L, 4, ""), (count, lines.Length, lines[^1]));
        Assert.All(lines[..3], line => Assert.Equal(CallLogJson.ToText(Full()), line));
    }

    private static async IAsyncEnumerable<CallRecord> CallsAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return Full();
        }
    }

    private static CallRecord Full() => new()
    {
        Id = "chatcmpl-1",
        Url = "https://x/v1",
        Model = "deepseek-chat",
        UserId = "u",
        UserName = "漢\n",
        Stream = true,
        TotalChunk = 4,
        EmptyChunk = 1,
        TaskStartTime = 1,
        TaskEndTime = 2,
        RequestStartTime = 3,
        RequestEndTime = 4,
        StreamProcessingStartTime = 5,
        StreamProcessingEndTime = 6,
        CallPrepareStartTime = 7,
        CallPrepareEndTime = 8,
        ChunkTimes = [9, 10, 11],
        CreatedTime = 12,
        TotalTokens = 13,
        PromptTokens = 14,
        CompletionTokens = 15,
        CacheHitCount = 16,
        CacheMissCount = 17,
        TotalContextLength = 18,
        ReasoningContentLength = 19,
        NewContentLength = 20,
        Seq = 21,
        Provider = "p",
        ModelType = "chat",
        KeyId = "k",
        TaskId = "t",
        Outcome = "cancelled",
        IsEstimated = true,
        CostMicros = 22,
    };
}
