namespace Init.Chat.Http;

/// <summary>Looks at the keys of requests that come in by <see cref="ChatDoor.Published"/>.</summary>
public interface IKeyGate
{
    /// <summary>Notes in the call whose key it is and what it may (<see cref="ChatCall.KeyId"/>, <see cref="ChatCall.Limits"/>). Users of paths are compared with the limits behind it.</summary>
    /// <exception cref="RefusedException">401: no valid key; 403: it may not; 429: not now.</exception>
    Task AdmitAsync(ChatCall call);
}

/// <summary>Who may use an endpoint.</summary>
public enum RouteAccess
{
    /// <summary>By the published door only with a key.</summary>
    WithKey,

    /// <summary>Everybody, by any door: what it tells is no secret, or the address itself cannot be guessed.</summary>
    Anyone,

    /// <summary>Those who may open the administration socket.</summary>
    Administration,
}
