using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>All limits of calls of providers.</summary>
public sealed record UpstreamOptions
{
    /// <summary>Of a connection with its TLS.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the request to the first byte of a stream. An answer that is no stream is written whole before its first byte: <see cref="Total"/> holds for it.</summary>
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long nothing may come then.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Of an answer.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Of an answer that is a stream.</summary>
    public long StreamBytesMax { get; init; } = 64 << 20;

    /// <summary>Of an answer that is read whole.</summary>
    public int BodyBytesMax { get; init; } = 32 << 20;

    /// <summary>Calls for one request.</summary>
    public int TriesMax { get; init; } = 4;

    /// <summary>How long a request waits in all for keys that rest, before it is told when to come again.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Before the same key is asked again after a breakdown, when there is no other.</summary>
    public TimeSpan RepeatPause { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Between the words of the built-in "echo"; all of them together take no longer than <see cref="EchoMax"/>.</summary>
    public TimeSpan EchoPace { get; init; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan EchoMax { get; init; } = TimeSpan.FromSeconds(2);

    public KeyPoolPolicy Pool { get; init; } = new();

    /// <summary>Of the body of a refusal; more is not read.</summary>
    internal const int RefusalBytesMax = 64 << 10;

    /// <summary>Of the provider's words in a message, in UTF-16 units.</summary>
    internal const int WordsMax = 300;

    /// <summary>Of a stream, before it is known to have begun well.</summary>
    internal const int OpeningBytesMax = 64 << 10;

    internal StreamLimits StreamLimits => new(Silence, StreamBytesMax) { Total = Total };
}
