namespace Init.Chat.Http;

/// <summary>Looks at the keys of requests that come in by <see cref="ChatDoor.Published"/>.</summary>
public interface IKeyGate
{
    /// <summary>Notes in the call what its key allows (<see cref="ChatCall.Key"/>). Users of paths are compared with that behind it.</summary>
    /// <exception cref="RefusedException">401: no valid key; 403: it may not; 429: not now.</exception>
    void Admit(ChatCall call);
}

/// <summary>Who may use an endpoint.</summary>
public enum RouteAccess
{
    /// <summary>By the published door only with a key that may act for the user whom the path names or, when it names nobody, for all users.</summary>
    WithKey,

    /// <summary>By the published door only with a key. For whom and what it is, the endpoint asks itself.</summary>
    AnyKey,

    /// <summary>Everybody, by any door: what it tells is no secret, or the address itself cannot be guessed.</summary>
    Anyone,

    /// <summary>Those who may open the administration socket.</summary>
    Administration,
}
