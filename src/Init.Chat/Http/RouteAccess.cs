namespace Init.Chat.Http;

/// <summary>Who may use an endpoint, by which door. By the local door and that of administration everybody may use all but what is only for administration.</summary>
public enum RouteAccess
{
    /// <summary>Published: with a key that may act for the user whom the path names, or, when it names nobody, for all users.</summary>
    Users,

    /// <summary>Published: with any key. The endpoint itself asks whom and what it is for.</summary>
    AnyKey,

    /// <summary>Published: without a key.</summary>
    Anyone,

    /// <summary>Only by the door of administration; by the others there is no such path.</summary>
    Administration,
}
