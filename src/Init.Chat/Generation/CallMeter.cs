using System.Collections.Immutable;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Upstream;

namespace Init.Chat.Generation;

/// <summary>Measures one call of a provider, for its record.</summary>
internal sealed class CallMeter(GenerationRequest request, TimeProvider clock)
{
    private readonly ImmutableArray<long>.Builder _gaps = ImmutableArray.CreateBuilder<long>();
    private long _chunks, _empty, _last;
    private long _callPrepareEnd, _streamStart, _streamEnd;
    private (long Start, long Headers) _times;
    private string _url = "", _id = "";
    private long _created;
    private TokenUsage? _usage;

    /// <summary>Null: no answer has begun.</summary>
    public ModelInfo? Model { get; private set; }

    public string Id => _id;

    public string? FinishReason { get; private set; }

    /// <summary>As the provider says; null: it says none.</summary>
    public TokenUsage? Usage => _usage is { Total: > 0 } ? _usage : null;

    /// <summary>The provider is about to be asked.</summary>
    public void Prepared() => _callPrepareEnd = Now();

    public void Begun(UpstreamAnswer answer)
    {
        (Model, _url, _times) = (answer.Model, answer.Url, answer.Times);
        _streamStart = _streamEnd = Now();
    }

    public void Came(StreamPart.Chunk chunk)
    {
        long now = clock.GetTimestamp();
        if (_chunks++ == 0)
            (_id, _created) = ProviderStream.HeadOf(chunk.Json);
        else if (_gaps.Count < CallRecord.ChunkTimesMax)
            _gaps.Add(clock.GetElapsedTime(_last, now).Ticks * 100);
        _last = now;
        if (chunk.Content.Length == 0 && chunk.Reasoning.Length == 0 && !chunk.HasToolCalls)
            _empty++;
        _usage = chunk.Usage ?? _usage;
        FinishReason = chunk.FinishReason ?? FinishReason;
    }

    public void Ended() => _streamEnd = Now();

    /// <returns>Null: no answer has begun, and nothing was taken.</returns>
    public CallRecord? Record(string taskId, TaskState state, string content, string reasoning)
    {
        if (Model is null)
            return null;
        TokenUsage usage = Usage ?? TokenEstimate.Of(request.Messages, content, reasoning);
        return new CallRecord
        {
            Id = _id.Length > 0 ? _id : taskId,
            Url = _url,
            Model = Model.Id,
            UserId = request.User,
            UserName = request.UserName,
            Stream = request.Parameters.Stream,
            TotalChunk = _chunks,
            EmptyChunk = _empty,
            TaskStartTime = request.TaskStartTime,
            TaskEndTime = Now(),
            RequestStartTime = _times.Start,
            RequestEndTime = _times.Headers,
            StreamProcessingStartTime = _streamStart,
            StreamProcessingEndTime = _streamEnd,
            CallPrepareStartTime = request.CallPrepareStartTime,
            CallPrepareEndTime = _callPrepareEnd,
            ChunkTimes = _gaps.ToImmutable(),
            CreatedTime = _created,
            TotalTokens = usage.Total,
            PromptTokens = usage.Prompt,
            CompletionTokens = usage.Completion,
            CacheHitCount = usage.CacheHits,
            CacheMissCount = usage.CacheMisses,
            TotalContextLength = request.Messages.Sum(message => CodePoints(message.Content)) + CodePoints(content),
            ReasoningContentLength = CodePoints(reasoning),
            NewContentLength = CodePoints(content),
            Provider = Model.Provider,
            ModelType = request.ModelType,
            KeyId = request.KeyId,
            TaskId = taskId,
            Outcome = state.ToString().ToLowerInvariant(),
            IsEstimated = Usage is null,
            CostMicros = Model.Price?.Of(usage) ?? 0,
        };
    }

    private static long CodePoints(string text)
    {
        long count = text.Length;
        foreach (char unit in text)
        {
            if (char.IsLowSurrogate(unit))
                count--;
        }

        return count;
    }

    private long Now() => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
