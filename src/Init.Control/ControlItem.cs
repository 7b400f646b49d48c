namespace Init.Control;

/// <summary>What a reply may send any number of before it ends: the <c>item</c> lines.</summary>
public abstract record ControlItem
{
    private ControlItem() { }

    /// <summary>What became of one instance.</summary>
    /// <param name="Name">The instance; or the name as it was asked for when nothing is called so.</param>
    /// <param name="Code">One of <see cref="OutcomeCode"/>.</param>
    /// <param name="Message">For people; left out when the code says it all.</param>
    public sealed record Outcome(string Name, string Code, string? Message = null) : ControlItem;

    /// <summary>
    /// A piece of a log, byte for byte. It travels as <c>text</c> when it is valid UTF-8, else as <c>base64</c>; a piece need not end with a line.
    /// </summary>
    public sealed record LogChunk(ReadOnlyMemory<byte> Bytes) : ControlItem;

    public sealed record EventRaised(ControlEvent Event) : ControlItem;
}

/// <summary>The codes of an <see cref="ControlItem.Outcome"/>; docs/reference/control-protocol.md lists them.</summary>
public static class OutcomeCode
{
    public const string Started = "started";
    public const string AlreadyRunning = "already-running";

    /// <summary>The start was asked for without waiting.</summary>
    public const string Starting = "starting";
    public const string Stopped = "stopped";

    /// <summary>The stop was asked for without waiting.</summary>
    public const string Stopping = "stopping";
    public const string NotRunning = "not-running";
    public const string Signalled = "signalled";
    public const string Cleared = "cleared";

    /// <summary>It neither keeps a log file nor could it be cleared.</summary>
    public const string NoLog = "no-log";

    /// <summary>Optional, and its command is not installed.</summary>
    public const string Absent = "absent";

    /// <summary>It is WAITING for programs that are not on their way up; it starts by itself when they are ready.</summary>
    public const string Waiting = "waiting";
    public const string Failed = "failed";
    public const string TimedOut = "timed-out";
    public const string UnknownProgram = "unknown-program";

    /// <summary>
    /// True when the person who asked has what they asked for. "not-running" is what a stop wants and what a signal does not,
    /// hence the request's op.
    /// </summary>
    public static bool IsSuccess(string code, string op) => code switch
    {
        Started or AlreadyRunning or Starting or Stopped or Stopping or Signalled or Cleared or NoLog or Absent => true,
        NotRunning => op == "stop",
        _ => false,
    };
}

/// <summary>
/// Something that happened. Types are dotted words, the subject first: "program.running", "config.updated". Those that begin with
/// <see cref="SupervisordPrefix"/> are what supervisord tells its event listeners: "supervisord.PROCESS_STATE_RUNNING".
/// </summary>
public sealed record ControlEvent
{
    /// <summary>Before the name of a supervisord event type.</summary>
    public const string SupervisordPrefix = "supervisord.";

    /// <summary>Unix milliseconds.</summary>
    public required long Time { get; init; }

    public required string Type { get; init; }

    /// <summary>The instance, for an event of a program.</summary>
    public string? Name { get; init; }

    public string? Program { get; init; }

    /// <summary>The states before and after, for a change of state.</summary>
    public string? From { get; init; }

    public string? To { get; init; }

    public int? Pid { get; init; }

    /// <summary>For people.</summary>
    public string? Message { get; init; }

    /// <summary>Of an event of supervisord: what its listeners read after the header, such as "processname:web groupname:web from_state:STARTING pid:42".</summary>
    public string? Body { get; init; }
}
