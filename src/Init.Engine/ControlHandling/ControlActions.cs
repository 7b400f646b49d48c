using Init.Control;

namespace Init.Engine.ControlHandling;

/// <summary>What requests want of Init itself.</summary>
public sealed record ControlActions
{
    public required Func<ServerVersion> DescribeSelf { get; init; }

    /// <summary>Ends everything in order and begins anew. Returns why not, for people; null when it has begun.</summary>
    public required Func<string?> RestartInit { get; init; }

    /// <summary>Raises supervisord's REMOTE_COMMUNICATION, of a type and with data.</summary>
    public required Action<string, string> RaiseRemoteEvent { get; init; }
}
