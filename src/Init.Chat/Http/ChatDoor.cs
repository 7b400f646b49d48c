namespace Init.Chat.Http;

/// <summary>By which address a request has come in: what it may do depends on it.</summary>
public enum ChatDoor
{
    /// <summary>Loopback, as the original's: everything, without a key.</summary>
    Local,

    /// <summary>By the gateway, from anywhere: a key is needed.</summary>
    Published,

    /// <summary>The socket of the panel and the command line: everything, and what is below /manage.</summary>
    Administration,
}

/// <summary>A feature of each connection.</summary>
internal sealed record ChatListener(ChatDoor Door);
