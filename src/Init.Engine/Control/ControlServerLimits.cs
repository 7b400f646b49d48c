namespace Init.Engine.Control;

/// <summary>
/// What the control socket's server allows its clients, beside the sizes of <see cref="Init.Control.ControlProtocol"/> that both ends know.
/// Reaching a limit never fails anybody but the client that reached it, and never keeps the next client out.
/// </summary>
public sealed record ControlServerLimits
{
    /// <summary>Beyond it, the connection that has been quiet for longest is closed for each new one.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>Requests of one connection that are not answered yet; a further one is refused.</summary>
    public int OutstandingMax { get; init; } = 32;

    /// <summary>Bytes that wait for one client to read them. Items beyond it are dropped and counted.</summary>
    public int BacklogBytesMax { get; init; } = 2 * 1024 * 1024;

    /// <summary>Bytes that wait for all clients together. Beyond it, the connection with the largest backlog is closed.</summary>
    public long TotalBacklogBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>While more than this waits for a client to read it, nothing is read from that client.</summary>
    public int ReadPauseBytes { get; init; } = 64 * 1024;

    /// <summary>Requests of one connection that are carried out before the others, and the rest of PID 1's work, have their turn.</summary>
    public int RequestsPerTurn { get; init; } = 8;

    /// <summary>From a request's first byte to its newline.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For a client that follows nothing: how long it may leave its reply unread.</summary>
    public TimeSpan ReadTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long no connection is accepted when descriptors have run out and none could be freed.</summary>
    public TimeSpan AcceptPause { get; init; } = TimeSpan.FromSeconds(1);
}
