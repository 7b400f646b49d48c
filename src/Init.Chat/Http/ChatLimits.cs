namespace Init.Chat.Http;

/// <summary>Every limit of the chat API's HTTP side that no option sets, and what happens beyond it.</summary>
public static class ChatLimits
{
    /// <summary>All header lines together; beyond it: 431.</summary>
    public const int HeaderBytesMax = 32 * 1024;

    public const int HeaderCountMax = 100;

    /// <summary>The first line; beyond it: 414. Queries may hold messages.</summary>
    public const int RequestLineBytesMax = 32 * 1024;

    /// <summary>Connections to one address. Beyond it the one that has been idle for longest makes room.</summary>
    public const int ConnectionsMax = 4096;

    /// <summary>From the first byte of a request to the end of its header; beyond it: 408.</summary>
    public static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A connection without a request.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A client that sends a body, or takes an answer, slower than this for <see cref="SlowGrace"/> is cut off.</summary>
    public const double BytesPerSecondMin = 100;

    public static readonly TimeSpan SlowGrace = TimeSpan.FromSeconds(30);

    /// <summary>Fields of a form, a query or a JSON object; beyond it: 400.</summary>
    public const int FieldsMax = 64;

    /// <summary>Of a field's name, in UTF-16 units; beyond it: 400.</summary>
    public const int FieldNameLengthMax = 200;

    public const int JsonDepthMax = 64;

    /// <summary>Entries of a list that one answer has.</summary>
    public const int ListMax = 1000;

    /// <summary>A stream of events says something at least this often.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>What is still being answered when the role is to end has this long.</summary>
    public static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(2);
}
