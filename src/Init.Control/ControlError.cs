namespace Init.Control;

/// <summary>Why a request failed as a whole.</summary>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Message">For people: "cannot …".</param>
/// <param name="Hint">What to do about it.</param>
/// <param name="Problems">Ready-made lines, as <c>init check</c> prints them, when the configuration is wrong.</param>
public sealed record ControlError(string Code, string Message, string? Hint = null, IReadOnlyList<string>? Problems = null);

/// <summary>The codes of a <see cref="ControlError"/>; docs/reference/control-protocol.md lists them.</summary>
public static class ErrorCode
{
    /// <summary>The line is no request: not JSON, a field missing, of the wrong type or not of this op.</summary>
    public const string BadRequest = "bad-request";
    public const string UnsupportedVersion = "unsupported-version";
    public const string UnknownOp = "unknown-op";

    /// <summary>The line is longer than <see cref="ControlProtocol.RequestBytesMax"/>, or the reply than the server may hold.</summary>
    public const string TooLarge = "too-large";
    public const string TooManyRequests = "too-many-requests";

    /// <summary>The connection was closed to make room for another.</summary>
    public const string TooManyConnections = "too-many-connections";

    /// <summary>A request was begun and not ended in time.</summary>
    public const string TimedOut = "timed-out";

    /// <summary>The peer is neither root nor the user that the supervisor runs as.</summary>
    public const string Forbidden = "forbidden";
    public const string UnknownProgram = "unknown-program";

    /// <summary>The name selects more than one instance, and the request is about one.</summary>
    public const string AmbiguousName = "ambiguous-name";
    public const string NotRunning = "not-running";
    public const string NoLog = "no-log";

    /// <summary>Its stdin cannot be written to: it has none that clients may write to, or has closed it.</summary>
    public const string NoInput = "no-input";
    public const string InvalidConfig = "invalid-config";

    /// <summary>Neither a program nor a group of that configuration is called so.</summary>
    public const string UnknownGroup = "unknown-group";

    /// <summary>The group is part of the running system.</summary>
    public const string AlreadyAdded = "already-added";

    /// <summary>A program of the group is up.</summary>
    public const string StillRunning = "still-running";
    public const string ShuttingDown = "shutting-down";
    public const string Failed = "failed";

    /// <summary>A fault of the supervisor's own.</summary>
    public const string Internal = "internal";
}
