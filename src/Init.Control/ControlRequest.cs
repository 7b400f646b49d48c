namespace Init.Control;

/// <summary>
/// What a client may ask of the supervisor: one case per <c>op</c> of docs/reference/control-protocol.md.
/// Names are program names, instance names ("worker:0"), group names, "NAME:*" and "all"; see <see cref="NameSelector"/>. A name that
/// selects nothing is an <see cref="OutcomeCode.UnknownProgram"/> outcome, or is listed as unknown in the result, and the other names are
/// carried out; a request about one name fails with <see cref="ErrorCode.UnknownProgram"/>.
/// </summary>
public abstract record ControlRequest
{
    private ControlRequest() { }

    /// <summary>The request as the protocol names it.</summary>
    public abstract string Op { get; }

    /// <summary>Answered with <see cref="ControlResult.Status"/>.</summary>
    /// <param name="Names">None: every instance.</param>
    /// <param name="Usage">False: CPU time and memory are left out, which saves the supervisor a look into /proc for each instance.</param>
    public sealed record Status(IReadOnlyList<string> Names, bool Usage = true) : ControlRequest
    {
        public override string Op => "status";
    }

    /// <summary>One <see cref="ControlItem.Outcome"/> per instance, in the order in which they are known.</summary>
    /// <param name="Names">At least one.</param>
    /// <param name="Wait">
    /// True: an instance's outcome comes when it is RUNNING and ready, or has failed. False: it comes at once, with the code "starting".
    /// </param>
    public sealed record Start(IReadOnlyList<string> Names, bool Wait) : ControlRequest
    {
        public override string Op => "start";
    }

    /// <summary>As <see cref="Start"/>; with <paramref name="Wait"/> an outcome comes when nothing of the instance is left.</summary>
    public sealed record Stop(IReadOnlyList<string> Names, bool Wait) : ControlRequest
    {
        public override string Op => "stop";
    }

    /// <summary>As <see cref="Start"/>.</summary>
    /// <param name="Names">At least one.</param>
    /// <param name="Rolling">True: the replicas of a program one after another, each when the one before is ready; the first failure ends it.</param>
    /// <param name="Wait">As for <see cref="Start"/>.</param>
    public sealed record Restart(IReadOnlyList<string> Names, bool Rolling, bool Wait) : ControlRequest
    {
        public override string Op => "restart";
    }

    /// <summary>Signals the main process of each instance, and nothing that it has started. One <see cref="ControlItem.Outcome"/> per instance: "signalled" or "not-running".</summary>
    /// <param name="Names">At least one.</param>
    /// <param name="SignalNumber">Valid: a name that is none was refused before the handler saw it.</param>
    public sealed record Signal(IReadOnlyList<string> Names, int SignalNumber) : ControlRequest
    {
        public override string Op => "signal";
    }

    /// <summary>Sends each program the signal that its configuration names in <c>reload</c>. Outcomes as for <see cref="Signal"/>.</summary>
    public sealed record Reload(IReadOnlyList<string> Names) : ControlRequest
    {
        public override string Op => "reload";
    }

    /// <summary>Answered with <see cref="ControlResult.Pids"/>. No names: the supervisor's own.</summary>
    public sealed record Pid(IReadOnlyList<string> Names) : ControlRequest
    {
        public override string Op => "pid";
    }

    /// <summary>
    /// The end of one instance's log, or of the supervisor's own, as <see cref="ControlItem.LogChunk"/> items, and with <paramref name="Follow"/> what is
    /// written afterwards, across rotations, until the client goes away.
    /// </summary>
    /// <param name="Name">One program or instance; null = the supervisor's own log.</param>
    /// <param name="Stream">Which of the two logs; of no meaning without a name.</param>
    /// <param name="Lines">The last so many lines; null when <paramref name="Bytes"/> is set.</param>
    /// <param name="Bytes">The last so many bytes; null when <paramref name="Lines"/> is set.</param>
    /// <param name="Follow">Keep on sending.</param>
    public sealed record Tail(string? Name, LogStream Stream, int? Lines, long? Bytes, bool Follow) : ControlRequest
    {
        public override string Op => "tail";
    }

    /// <summary>
    /// A piece of one instance's log, or of the supervisor's own. Answered with <see cref="ControlResult.LogPart"/>; <see cref="ErrorCode.NoLog"/> when there is
    /// no such log or no such file.
    /// </summary>
    /// <param name="Name">One program or instance; null = the supervisor's own log.</param>
    /// <param name="Stream">Which of the two logs; of no meaning without a name.</param>
    /// <param name="Offset">In bytes, from the beginning of the file; negative: from its end, and then up to there.</param>
    /// <param name="Length">In bytes; 0 = to the end. No answer holds more than <see cref="ControlProtocol.ReadLogBytesMax"/>. 0 when the offset is negative.</param>
    public sealed record ReadLog(string? Name, LogStream Stream, long Offset, long Length) : ControlRequest
    {
        public override string Op => "read-log";
    }

    /// <summary>Empties the supervisor's own log. <see cref="ErrorCode.NoLog"/> when it keeps none in a file.</summary>
    public sealed record ClearOwnLog : ControlRequest
    {
        public override string Op => "clear-own-log";
    }

    /// <summary>Empties the logs. One <see cref="ControlItem.Outcome"/> per instance: "cleared" or "no-log".</summary>
    public sealed record Clear(IReadOnlyList<string> Names) : ControlRequest
    {
        public override string Op => "clear";
    }

    /// <summary>Reads the configuration and answers with what an update would do (<see cref="ControlResult.Changes"/>); changes nothing.</summary>
    public sealed record Reread : ControlRequest
    {
        public override string Op => "reread";
    }

    /// <summary>Reads the configuration and applies it, as SIGHUP does. Answered with <see cref="ControlResult.Changes"/> when it has been applied.</summary>
    public sealed record Update : ControlRequest
    {
        public override string Op => "update";
    }

    /// <summary>
    /// Takes one group of the configuration that was read last (at start, by <see cref="Reread"/> or by an update) into the running system. Answered with
    /// <see cref="ControlResult.Changes"/>; <see cref="ErrorCode.UnknownGroup"/>, <see cref="ErrorCode.AlreadyAdded"/>.
    /// </summary>
    public sealed record GroupAdd(string Group) : ControlRequest
    {
        public override string Op => "group-add";
    }

    /// <summary>
    /// Takes one group out of the running system until the next update. Answered with <see cref="ControlResult.Changes"/>;
    /// <see cref="ErrorCode.UnknownGroup"/>, <see cref="ErrorCode.StillRunning"/>.
    /// </summary>
    public sealed record GroupRemove(string Group) : ControlRequest
    {
        public override string Op => "group-remove";
    }

    /// <summary>How each instance is configured. Answered with <see cref="ControlResult.Config"/>.</summary>
    public sealed record Config : ControlRequest
    {
        public override string Op => "config";
    }

    /// <summary>
    /// Writes to the stdin of one instance. It never waits for the program to read. <see cref="ErrorCode.NotRunning"/>; <see cref="ErrorCode.NoInput"/> when its
    /// stdin is not open to this or it has closed it; <see cref="ErrorCode.Failed"/> when too much waits to be read already.
    /// </summary>
    public sealed record SendInput(string Name, ReadOnlyMemory<byte> Bytes) : ControlRequest
    {
        public override string Op => "send-input";
    }

    /// <summary>Raises supervisord's REMOTE_COMMUNICATION event for those who listen.</summary>
    /// <param name="Type">What it is called; a name.</param>
    /// <param name="Data">Any text.</param>
    public sealed record RemoteEvent(string Type, string Data) : ControlRequest
    {
        public override string Op => "remote-event";
    }

    /// <summary><see cref="ControlItem.EventRaised"/> items until the client goes away.</summary>
    /// <param name="Types">Event types; "program.*" stands for all that begin with "program.". Empty: all. See <see cref="EventFilter"/>.</param>
    /// <param name="Names">Only events of these programs, instances or groups. Empty: all.</param>
    public sealed record Events(IReadOnlyList<string> Types, IReadOnlyList<string> Names) : ControlRequest
    {
        public override string Op => "events";
    }

    /// <summary>Answered with <see cref="ControlResult.EnvironmentOf"/>. Values of secrets are never sent.</summary>
    public sealed record Env(string Name) : ControlRequest
    {
        public override string Op => "env";
    }

    /// <summary>Answered with <see cref="ControlResult.Explanation"/>.</summary>
    public sealed record Explain(string Name) : ControlRequest
    {
        public override string Op => "explain";
    }

    /// <summary>The orderly shutdown that SIGTERM brings. Answered as soon as it has begun.</summary>
    public sealed record Shutdown : ControlRequest
    {
        public override string Op => "shutdown";
    }

    /// <summary>
    /// Stops everything in order, then the supervisor begins anew in the same process, with the same arguments. Answered as soon as it has begun.
    /// </summary>
    public sealed record RestartInit : ControlRequest
    {
        public override string Op => "restart-init";
    }

    /// <summary>Counters and measurements since the supervisor's start. Answered with <see cref="ControlResult.Metrics"/>.</summary>
    public sealed record Metrics : ControlRequest
    {
        public override string Op => "metrics";
    }

    /// <summary>Answered with <see cref="ControlResult.Version"/>.</summary>
    public sealed record Version : ControlRequest
    {
        public override string Op => "version";
    }
}

public enum LogStream
{
    Stdout,
    Stderr,
}
