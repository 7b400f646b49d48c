using System.Collections.Immutable;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>Asks providers: chooses key and model, waits, fails over before the first byte, notes how each call ended for the pool.</summary>
public interface IUpstream
{
    /// <summary>Whether any model has this type, or (for /v1) this id.</summary>
    bool Knows(string modelTypeOrId);

    /// <summary>The models there are, the built-in "echo" included when nothing is configured.</summary>
    ImmutableArray<ModelInfo> Models { get; }

    ImmutableArray<KeyHealth> Health { get; }

    /// <summary>Replaces the list of models (reload). Calls under way go on.</summary>
    void Replace(ImmutableArray<ModelInfo> models);

    /// <summary>Begins a call. Has returned when the first byte of an answer is there: from then on nothing is tried again.</summary>
    /// <exception cref="UpstreamException">Nobody answered, or the request was refused.</exception>
    Task<UpstreamAnswer> CallAsync(UpstreamRequest request, CancellationToken cancellation);
}

/// <param name="ModelTypeOrId">A type of the list ("chat"), or the id of a model.</param>
/// <param name="Path">Behind the provider's URL: "/chat/completions", "/embeddings".</param>
/// <param name="Body">The request's JSON object for a model; its "model" is put in by the one who calls. Tools and fields that are not ours stay.</param>
/// <param name="IsStream">Whether the answer is a stream of events.</param>
public sealed record UpstreamRequest(string ModelTypeOrId, string Path, ReadOnlyMemory<byte> Body, bool IsStream)
{
    /// <summary>Puts <c>"stream_options": {"include_usage": true}</c> into the body of a stream that has none, where the provider is known to take it. Clients then get a last piece without choices.</summary>
    public bool AsksUsage { get; init; }
}

/// <summary>An answer that has begun. To be disposed of; <see cref="Finish"/> is to be called once before.</summary>
public abstract class UpstreamAnswer : IAsyncDisposable
{
    public abstract ModelInfo Model { get; }

    /// <summary>The URL that was asked, without any secret.</summary>
    public abstract string Url { get; }

    /// <summary>200 to 299.</summary>
    public abstract int Status { get; }

    public abstract string ContentType { get; }

    /// <summary>When the call began, when its headers came: wall clock, nanoseconds since 1970.</summary>
    public abstract (long Start, long Headers) Times { get; }

    /// <summary>The answer's bytes, watched for silence, length and total time. Read either this or <see cref="PartsAsync"/>.</summary>
    public abstract Stream Body { get; }

    /// <summary>The parts of a stream.</summary>
    public abstract IAsyncEnumerable<StreamPart> PartsAsync(CancellationToken cancellation);

    /// <summary>The provider's words without what looks like a key in them. JSON stays JSON.</summary>
    public abstract string WithoutKeys(string text);

    /// <summary>Tells the pool how it ended.</summary>
    public abstract void Finish(CallOutcome outcome);

    public abstract ValueTask DisposeAsync();
}

/// <param name="status">What a client is told: 400, 404, 413, 422, 429, 502, 503, 504.</param>
/// <param name="code">For programs: "model_not_found", "rate_limited", "upstream_error", "upstream_timeout", "invalid_request".</param>
/// <param name="message">For people; no secret and no key is in it.</param>
public sealed class UpstreamException(int status, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status => status;

    public string Code => code;

    /// <summary>When it may be tried again; null: not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The provider's own body, when it refused the request; null: there is none.</summary>
    public string? ProviderBody { get; init; }
}
