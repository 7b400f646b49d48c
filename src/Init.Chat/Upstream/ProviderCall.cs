using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>How one call of one provider began.</summary>
internal abstract record CallBeginning
{
    private CallBeginning()
    {
    }

    public sealed record Answered(Answer Answer) : CallBeginning;

    /// <param name="Verdict">What it means.</param>
    /// <param name="Problem">For the client, if nobody else answers.</param>
    /// <param name="MayRepeat">It took no time, and the same key may do better soon.</param>
    public sealed record Failed(ProviderVerdict Verdict, UpstreamException Problem, bool MayRepeat) : CallBeginning;
}

/// <summary>One call of one provider, to the first bytes of its answer.</summary>
internal sealed class ProviderCall(HttpMessageInvoker http, UpstreamOptions options, TimeProvider clock, ModelInfo model, string? key, KeyScrubber scrubber, Action<CallOutcome> note)
{
    private const int ReadBytes = 16 << 10;

    private string Name => $"provider \"{model.Provider}\"";

    public async Task<CallBeginning> BeginAsync(UpstreamRequest request, CancellationToken cancellation)
    {
        string url = model.Url + request.Path;
        using HttpRequestMessage message = new(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(RequestBody.For(model, request)) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.TryAddWithoutValidation("Accept", request.IsStream ? "text/event-stream, application/json" : "application/json");
        message.Headers.TryAddWithoutValidation("User-Agent", "init-chat");
        if (key is not null)
            message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        TimeSpan limit = request.IsStream ? options.FirstByte : options.Total;
        using CancellationTokenSource late = new(limit, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        HttpResponseMessage? response = null;
        try
        {
            long start = WallClock();
            response = await http.SendAsync(message, either.Token);
            (long, long) times = (start, WallClock());
            CallBeginning beginning = response.IsSuccessStatusCode ? await ReadAsync(response, times, url, request.IsStream, either.Token, cancellation) : await RefusedAsync(response, either.Token);
            if (beginning is CallBeginning.Answered)
                response = null; // It belongs to the answer now.
            return beginning;
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            return late.IsCancellationRequested
                ? Broken(504, $"{Name} has not begun to answer within {limit.TotalSeconds:0.#} s", exception, mayRepeat: false)
                : Broken(502, $"cannot connect to {Name} within {options.Connect.TotalSeconds:0.#} s", exception, mayRepeat: true);
        }
        catch (StreamException exception)
        {
            bool isTime = exception.Problem is StreamProblem.Silent or StreamProblem.Overdue;
            return Broken(isTime ? 504 : 502, $"{Name}: {exception.Message}", exception, mayRepeat: !isTime);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Broken(502, $"cannot reach {Name}: {Reason(exception)}", exception, mayRepeat: true);
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <param name="firstByte">Is cancelled when the first byte is late.</param>
    private async Task<CallBeginning> ReadAsync(HttpResponseMessage response, (long, long) times, string url, bool isStream, CancellationToken firstByte, CancellationToken cancellation)
    {
        string contentType = response.Content.Headers.ContentType?.ToString() ?? "";
        bool isEvents = isStream && Answer.IsEvents(contentType);
        StreamLimits limits = isEvents ? options.StreamLimits : options.StreamLimits with { BytesMax = options.BodyBytesMax };
        WatchedStream body = new(await response.Content.ReadAsStreamAsync(cancellation), limits);
        using MemoryStream start = new();
        if (isEvents)
        {
            StreamOpening opening = await OpenAsync(body, start, firstByte, cancellation);
            if (opening is StreamOpening.Failed(var error))
                return Failure(ProviderVerdict.OfAccepted(error), error, "answers with an error");
        }
        else
        {
            await using (body)
                await body.CopyToAsync(start, firstByte);
            if (ErrorIn(start.GetBuffer().AsMemory(0, (int)start.Length)) is { } error)
                return Failure(ProviderVerdict.OfAccepted(error), error, "answers with an error");
        }

        byte[] begun = start.ToArray();
        Stream whole = isEvents ? new PrefixedStream(begun, body) : new MemoryStream(begun, writable: false);
        return new CallBeginning.Answered(new Answer(model, url, (int)response.StatusCode, isEvents ? contentType : "application/json", times, whole, scrubber, note, response));
    }

    /// <summary>Reads until the answer has begun: what is an error until then is another's turn.</summary>
    private static async Task<StreamOpening> OpenAsync(WatchedStream body, MemoryStream start, CancellationToken firstByte, CancellationToken cancellation)
    {
        byte[] buffer = new byte[ReadBytes];
        while (start.Length < UpstreamOptions.OpeningBytesMax)
        {
            int count = await body.ReadAsync(buffer, start.Length == 0 ? firstByte : cancellation);
            if (count == 0)
            {
                if (start.Length == 0)
                    throw new StreamException(StreamProblem.Broken, "the answer is empty");
                start.Write("\n\n"u8); // An event that its sender has not ended.
                return StreamOpening.Of(start.GetBuffer().AsSpan(0, (int)start.Length)) is { } last and not StreamOpening.Unknown ? last : throw new StreamException(StreamProblem.Broken, "the answer has ended before it began");
            }

            start.Write(buffer.AsSpan(0, count));
            if (StreamOpening.Of(start.GetBuffer().AsSpan(0, (int)start.Length)) is not StreamOpening.Unknown and { } opening)
                return opening;
        }

        return new StreamOpening.Begun();
    }

    /// <exception cref="StreamException">It is no JSON object.</exception>
    private static ProviderError? ErrorIn(ReadOnlyMemory<byte> body)
    {
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty)
            throw new StreamException(StreamProblem.Malformed, "the answer is empty");
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 128 });
            if (ProviderError.IsIn(document.RootElement))
                return ProviderError.Of(document.RootElement, Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, UpstreamOptions.RefusalBytesMax)]));
            return document.RootElement.ValueKind == JsonValueKind.Object ? null : throw ProviderStream.Malformed(null);
        }
        catch (JsonException exception)
        {
            throw ProviderStream.Malformed(exception);
        }
    }

    private async Task<CallBeginning> RefusedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        int status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
            return Broken(502, $"{Name} sends callers to another address (status {status}), where its key is not taken to; put the right address into the list of models", null, mayRepeat: false);
        ProviderError error = ProviderError.Read(await RefusalAsync(response, cancellation));
        TimeSpan? retryAfter = RetryAfter.Of(Header(response, "Retry-After"), Header(response, "retry-after-ms"), clock.GetUtcNow());
        return Failure(ProviderVerdict.Of(status, retryAfter, error), error, $"answers with status {status}");
    }

    private async Task<string> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            await using WatchedStream body = new(await response.Content.ReadAsStreamAsync(cancellation), options.StreamLimits);
            byte[] buffer = new byte[UpstreamOptions.RefusalBytesMax];
            int count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
            return Encoding.UTF8.GetString(buffer, 0, count);
        }
        catch (StreamException)
        {
            return ""; // The status says enough.
        }
    }

    private CallBeginning.Failed Failure(ProviderVerdict verdict, ProviderError error, string what)
    {
        string words = scrubber.Words(error.Message);
        string text = verdict.Outcome is CallOutcome.KeyRefused ? $"{Name} refuses its key" : $"{Name} {what}";
        UpstreamException problem = new(verdict.Status, verdict.Code, words.Length == 0 ? text : $"{text}: {words}")
        {
            RetryAfter = verdict.Outcome switch
            {
                CallOutcome.RateLimited(var after) => after,
                CallOutcome.QuotaSpent(var after) => after,
                _ => null,
            },
            ProviderBody = verdict.Outcome is CallOutcome.RequestRefused && error.Text.Length < UpstreamOptions.RefusalBytesMax ? scrubber.Clean(error.Text) : null,
        };
        return new CallBeginning.Failed(verdict, problem, MayRepeat: verdict.Outcome is CallOutcome.Broken && verdict.Status != 504);
    }

    private static CallBeginning.Failed Broken(int status, string message, Exception? inner, bool mayRepeat)
    {
        string code = status == 504 ? "upstream_timeout" : "upstream_error";
        return new CallBeginning.Failed(new ProviderVerdict(new CallOutcome.Broken(), status, code), new UpstreamException(status, code, message, inner), mayRepeat);
    }

    private static string Reason(Exception exception) => exception is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } request
        ? request.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "its name is not known",
            HttpRequestError.ConnectionError => "no connection",
            HttpRequestError.SecureConnectionError => "no secure connection",
            HttpRequestError.ResponseEnded => "it has ended the connection without an answer",
            var other => other.ToString(),
        }
        : "the connection has broken";

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;

    private long WallClock() => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
