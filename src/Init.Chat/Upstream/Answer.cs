using System.Runtime.CompilerServices;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>An answer that has begun: a stream of events, or JSON that has come whole.</summary>
internal sealed class Answer(ModelInfo model, string url, int status, string contentType, (long Start, long Headers) times, Stream body, KeyScrubber scrubber, Action<CallOutcome> note, IDisposable? connection)
    : UpstreamAnswer
{
    private int _isFinished;

    public override ModelInfo Model => model;

    public override string Url => url;

    public override int Status => status;

    public override string ContentType => contentType;

    public override (long Start, long Headers) Times => times;

    public override Stream Body => body;

    public override IAsyncEnumerable<StreamPart> PartsAsync(CancellationToken cancellation) =>
        IsEvents(contentType) ? EventsAsync(cancellation) : WholeAsync(cancellation);

    public static bool IsEvents(string contentType) => contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);

    public override string WithoutKeys(string text) => scrubber.Clean(text);

    public override void Finish(CallOutcome outcome)
    {
        if (Interlocked.Exchange(ref _isFinished, 1) == 0)
            note(outcome);
    }

    public override async ValueTask DisposeAsync()
    {
        await body.DisposeAsync();
        connection?.Dispose();
    }

    private async IAsyncEnumerable<StreamPart> EventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (StreamPart part in ProviderStream.ReadWatchedAsync(body, cancellation))
            yield return part is StreamPart.Failed failed ? failed with { Message = scrubber.Words(failed.Message) } : part;
    }

    /// <summary>A completion in one piece: it was asked for, or the provider knows no streams.</summary>
    private async IAsyncEnumerable<StreamPart> WholeAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using MemoryStream whole = new();
        await body.CopyToAsync(whole, cancellation);
        yield return Completion.Read(whole.ToArray());
        yield return new StreamPart.Ended(true);
    }
}
