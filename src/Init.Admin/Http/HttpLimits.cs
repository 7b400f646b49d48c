namespace Init.Admin.Http;

/// <summary>Every limit of the HTTP interface, and what happens beyond it.</summary>
public static class HttpLimits
{
    /// <summary>Beyond it: 413. The longest useful call is a multicall, or input for a program.</summary>
    public const int XmlRpcBodyBytesMax = 1024 * 1024;

    /// <summary>Of a request of the REST interface; beyond it: 413.</summary>
    public const int RestBodyBytesMax = 64 * 1024;

    /// <summary>All header lines together; beyond it: 431.</summary>
    public const int HeaderBytesMax = 16 * 1024;

    public const int HeaderCountMax = 64;

    /// <summary>The first line; beyond it: 414.</summary>
    public const int RequestLineBytesMax = 8 * 1024;

    /// <summary>
    /// Connections to one listening address. Beyond it the one that has been idle for longest makes room; when none is idle, the newest is closed.
    /// </summary>
    public const int ConnectionsMax = 512;

    /// <summary>From the first byte of a request to the end of its header; beyond it: 408.</summary>
    public static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection without a request. As long as supervisord's: an interactive supervisorctl keeps its own over a coffee.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(30);

    /// <summary>Answers without an end (events, logs that are followed) at the same time; beyond it: 503.</summary>
    public const int FollowersMax = 64;

    /// <summary>Requests to the supervisor at the same time; further ones wait for their turn.</summary>
    public const int ControlRequestsMax = 96;
}
