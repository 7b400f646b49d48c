using Init.Chat.Http;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Upstream;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.OpenAi;

/// <summary>One request to /v1 that a provider is to answer: what comes is passed on as it is, and counted once, however it ends.</summary>
internal sealed class OpenAiCall(ChatCall call, string path, OpenAiDrains drains)
{
    private readonly ChatServices _services = call.Services;
    private readonly AnswerFacts _facts = new();
    private readonly long _began = NowOf(call.Services.Time);
    private RequestFacts _request;
    private bool _isCounted;

    public async Task RunAsync()
    {
        using PooledBytes body = new();
        await body.FillAsync(call.Context.Request.Body, call.Gone);
        if (RequestScan.Read(body.Memory.Span, out _request) is { } problem)
            throw new RefusedException(StatusCodes.Status400BadRequest, problem) { Code = "invalid_request" };
        if (_request.User.Length > 0)
            call.CheckUser(_request.User);

        using IDisposable? open = call.Key?.BeginCall(_request.Model, _request.Text.Tokens);
        using CancellationTokenSource cut = new();
        using Drain drain = new(drains, cut);
        await using CancellationTokenRegistration gone = call.Gone.UnsafeRegister(static drain => ((Drain)drain!).Begin(), drain);
        UpstreamRequest request = new(_request.Model, path, body.Memory, _request.IsStream) { AsksUsage = true };
        if (_request.IsStream)
            await StreamAsync(request, cut.Token);
        else
            await WholeAsync(request, cut.Token);
    }

    private async Task WholeAsync(UpstreamRequest request, CancellationToken cut)
    {
        await using UpstreamAnswer answer = await BeginAsync(request, cut);
        using PooledBytes whole = new();
        try
        {
            await whole.FillAsync(answer.Body, cut);
        }
        catch (OperationCanceledException)
        {
            End(answer, new CallOutcome.Answered(), "cancelled", null);
            throw;
        }
        catch (StreamException exception)
        {
            End(answer, new CallOutcome.Broken(), "failed", null);
            throw new RefusedException(StatusCodes.Status502BadGateway, exception.Message) { Code = "upstream_error" };
        }

        _ = AnswerScan.Read(whole.Memory.Span, _facts, out _, out _);
        End(answer, new CallOutcome.Answered(), call.Gone.IsCancellationRequested ? "cancelled" : "done", null);
        await ChatReply.BytesAsync(call.Context, answer.ContentType, whole.Memory, answer.Status);
    }

    private async Task StreamAsync(UpstreamRequest request, CancellationToken cut)
    {
        await using EventWriter writer = new(call.Context, _services.Time, ChatLimits.Heartbeat);
        UpstreamAnswer begun;
        try
        {
            begun = await BeginAsync(request, cut);
        }
        catch (UpstreamException exception) when (!call.Gone.IsCancellationRequested)
        {
            if (!await writer.StopAsync())
                throw;
            await SayAsync(writer, OpenAiError.ToEvent(exception.Status, exception.Code, exception.Message)); // There were comments before: the status is gone.
            return;
        }

        await using UpstreamAnswer answer = begun;
        if (!Answer.IsEvents(answer.ContentType))
        {
            await WholeAsEventsAsync(answer, writer, cut);
            return;
        }

        using StreamRelay relay = new(writer, answer, _facts, _request, _services.Time);
        try
        {
            RelayEnd end = await relay.RunAsync(call.Gone, cut);
            End(answer, end == RelayEnd.Failed ? new CallOutcome.Broken() : new CallOutcome.Answered(), call.Gone.IsCancellationRequested ? "cancelled" : end == RelayEnd.Failed ? "failed" : "done", relay);
            await FinishAsync(writer, answer);
        }
        catch (OperationCanceledException)
        {
            End(answer, new CallOutcome.Answered(), "cancelled", relay);
        }
    }

    /// <summary>The client has all of it; the last bytes of the connection are read so that it can be used again.</summary>
    private async Task FinishAsync(EventWriter writer, UpstreamAnswer answer)
    {
        _ = await writer.StopAsync();
        await call.Context.Response.CompleteAsync();
        using CancellationTokenSource limit = new(TimeSpan.FromMilliseconds(250));
        try
        {
            _ = await answer.Body.ReadAsync(new byte[16], limit.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or StreamException)
        {
            // It is closed then.
        }
    }

    private async Task WholeAsEventsAsync(UpstreamAnswer answer, EventWriter writer, CancellationToken cut)
    {
        using PooledBytes whole = new();
        await whole.FillAsync(answer.Body, cut);
        _ = AnswerScan.Read(whole.Memory.Span, _facts, out _, out _);
        byte[] events;
        try
        {
            events = WholeAsEvents.Write(whole.Memory.Span, _request.WantsUsage);
        }
        catch (System.Text.Json.JsonException)
        {
            End(answer, new CallOutcome.Broken(), "failed", null);
            events = OpenAiError.ToEvent(StatusCodes.Status502BadGateway, "upstream_error", "the provider's answer is no completion");
        }

        End(answer, new CallOutcome.Answered(), "done", null);
        await SayAsync(writer, events);
    }

    private static async Task SayAsync(EventWriter writer, byte[] events)
    {
        System.IO.Pipelines.PipeWriter pipe = await writer.EnterAsync();
        _ = await pipe.WriteAsync(events);
        await writer.LeaveAsync();
    }

    private async Task<UpstreamAnswer> BeginAsync(UpstreamRequest request, CancellationToken cut)
    {
        try
        {
            return await _services.Upstream.CallAsync(request, cut);
        }
        catch (OperationCanceledException)
        {
            // It was asked, and nobody will ever know what it took: the prompt, at least.
            Count("cancelled", null, null);
            throw;
        }
        catch (UpstreamException exception)
        {
            if (exception.Status is StatusCodes.Status429TooManyRequests or >= 500)
                Count("failed", null, null, new TokenUsage(0, 0, 0, 0, 0));
            throw;
        }
    }

    private void End(UpstreamAnswer answer, CallOutcome outcome, string how, StreamRelay? relay)
    {
        answer.Finish(outcome);
        Count(how, answer, relay);
    }

    private void Count(string how, UpstreamAnswer? answer, StreamRelay? relay, TokenUsage? known = null)
    {
        if (_isCounted)
            return;
        _isCounted = true;
        long now = NowOf(_services.Time);
        TokenUsage? said = known ?? _facts.Usage;
        TokenUsage usage = said ?? _facts.Estimate(_request.Text);
        CallRecord record = new()
        {
            Id = _facts.Id ?? call.Context.Response.Headers[OpenAiRoutes.RequestId].ToString(),
            Url = answer?.Url ?? "",
            Model = answer?.Model.Id ?? _request.Model,
            UserId = _request.User,
            Stream = _request.IsStream,
            TotalChunk = _request.IsStream ? _facts.Chunks : 0,
            EmptyChunk = _request.IsStream ? _facts.EmptyChunks : 0,
            TaskStartTime = _began,
            TaskEndTime = now,
            RequestStartTime = answer?.Times.Start ?? _began,
            RequestEndTime = answer?.Times.Headers ?? now,
            StreamProcessingStartTime = relay?.First ?? 0,
            StreamProcessingEndTime = relay is null ? 0 : now,
            CallPrepareStartTime = _began,
            CallPrepareEndTime = answer?.Times.Start ?? _began,
            ChunkTimes = relay is null ? [] : [.. relay.Gaps],
            CreatedTime = _facts.Created,
            TotalTokens = usage.Total,
            PromptTokens = usage.Prompt,
            CompletionTokens = usage.Completion,
            CacheHitCount = usage.CacheHits,
            CacheMissCount = usage.CacheMisses,
            TotalContextLength = (_request.Text + _facts.Content + _facts.Reasoning).Length,
            ReasoningContentLength = _facts.Reasoning.Length,
            NewContentLength = _facts.Content.Length,
            Provider = answer?.Model.Provider ?? "",
            ModelType = answer?.Model.Type ?? _request.Model,
            KeyId = call.KeyId,
            Outcome = how,
            IsEstimated = said is null,
            CostMicros = answer?.Model.Price?.Of(usage) ?? 0,
        };
        _services.Accounts.Log.Add(record);
        _services.Accounts.Ended(record);
    }

    private static long NowOf(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Begins when the client goes.</summary>
    private sealed class Drain(OpenAiDrains drains, CancellationTokenSource cut) : IDisposable
    {
        private bool _isCounted;

        public void Begin()
        {
            _isCounted = drains.TryEnter();
            if (_isCounted)
                cut.CancelAfter(OpenAiLimits.DrainTime);
            else
                cut.Cancel();
        }

        /// <summary>After the registration, which waits for <see cref="Begin"/>.</summary>
        public void Dispose()
        {
            if (_isCounted)
                drains.Leave();
        }
    }
}

/// <summary>Answers that are read on for nobody.</summary>
internal sealed class OpenAiDrains
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= OpenAiLimits.DrainsMax)
            return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
