namespace Init.Control;

/// <summary>What carries out requests: the engine. Called on the loop's thread only, and must not block.</summary>
public interface IControlHandler
{
    /// <summary>
    /// Carries out <paramref name="request"/>, which is valid in form (not in names). The reply may be completed now or later. An exception
    /// becomes the error "internal" and goes no further.
    /// </summary>
    void Handle(ControlRequest request, IControlReply reply);
}

/// <summary>
/// The answer to one request. All members must be used on the loop's thread (post there from any other).
/// After <see cref="Complete"/>, <see cref="Fail"/> or the client's departure every call is ignored.
/// </summary>
public interface IControlReply
{
    /// <summary>Who asks.</summary>
    ControlPeer Peer { get; }

    /// <summary>True when the reply is ended or the client is gone: nothing more needs to be done for it.</summary>
    bool IsClosed { get; }

    /// <summary>
    /// Called once, on the loop's thread, when the client goes away before the reply is ended. Set it before returning from
    /// <see cref="IControlHandler.Handle"/>, or as soon as there is something to undo.
    /// </summary>
    Action? Closed { get; set; }

    /// <summary>
    /// Sends one item. False: the client reads too slowly and the item was dropped; the client is told how many were.
    /// It never blocks.
    /// </summary>
    bool Send(ControlItem item);

    /// <summary>Ends the reply in success; <paramref name="result"/> is null for requests that are answered with items only.</summary>
    void Complete(ControlResult? result = null);

    /// <summary>Ends the reply in failure.</summary>
    void Fail(ControlError error);
}

/// <summary>The process at the other end, as SO_PEERCRED of unix(7) tells it.</summary>
public readonly record struct ControlPeer(int Pid, int Uid, int Gid);
