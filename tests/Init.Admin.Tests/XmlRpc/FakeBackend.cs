using Init.Admin.Backend;
using Init.Control;

namespace Init.Admin.Tests.XmlRpc;

/// <summary>A supervisor that knows some programs and answers as it is told to.</summary>
internal sealed class FakeBackend : IControlBackend
{
    public List<ProgramStatus> Programs { get; } = [];

    /// <summary>Every request but version and status, in order.</summary>
    public List<ControlRequest> Asked { get; } = [];

    public string State { get; set; } = "running";

    /// <summary>Logs by "name:stream"; the supervisor's own is "".</summary>
    public Dictionary<string, byte[]> Logs { get; } = [];

    /// <summary>For the requests about several: the code of each instance's outcome.</summary>
    public Func<ControlRequest, string, ControlItem.Outcome> Outcome { get; set; } = (request, name) => new(name, request switch
    {
        ControlRequest.Start => OutcomeCode.Started,
        ControlRequest.Stop => OutcomeCode.Stopped,
        ControlRequest.Signal => OutcomeCode.Signalled,
        _ => OutcomeCode.Cleared,
    });

    /// <summary>For all others.</summary>
    public Func<ControlRequest, ControlAnswer> Answer { get; set; } = _ => new ControlAnswer.Done(null);

    public ProgramStatus Add(string group, string process, int state, int? pid = null, long? startedAt = null, long? stoppedAt = null, string spawnError = "")
    {
        ProgramStatus status = new()
        {
            Name = group == process ? group : $"{group}:{process}",
            Program = process,
            Group = group,
            Process = process,
            State = state switch { 0 => "STOPPED", 10 => "STARTING", 20 => "RUNNING", 30 => "BACKOFF", 40 => "STOPPING", 100 => "EXITED", 200 => "FATAL", 1001 => "WAITING", _ => "ABSENT" },
            StateCode = state,
            Pid = pid,
            StartedAt = startedAt,
            StoppedAt = stoppedAt,
            SpawnError = spawnError,
            StdoutLog = $"/logs/{process}.log",
            Description = "in our own words",
        };
        Programs.Add(status);
        return status;
    }

    public async Task<ControlAnswer> AskAsync(ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default)
    {
        if (request is not (ControlRequest.Version or ControlRequest.Status or ControlRequest.ReadLog))
            Asked.Add(request);

        IReadOnlyList<string>? names = request switch
        {
            ControlRequest.Start start => start.Names,
            ControlRequest.Stop stop => stop.Names,
            ControlRequest.Signal signal => signal.Names,
            ControlRequest.Clear clear => clear.Names,
            _ => null,
        };
        foreach (string name in names ?? [])
            await onItem!(Outcome(request, name));

        return request switch
        {
            _ when names is not null => new ControlAnswer.Done(null),
            ControlRequest.Version => new ControlAnswer.Done(new ControlResult.Version(new ServerVersion("0.1.0", 1, 42, State, null, 0, "supervisor"))),
            ControlRequest.Status status => new ControlAnswer.Done(Select(status.Names)),
            ControlRequest.ReadLog read => Read(read),
            _ => Answer(request),
        };
    }

    private ControlResult.Status Select(IReadOnlyList<string> names)
    {
        List<SelectableInstance> instances = [.. Programs.Select(status => new SelectableInstance(status.Name, status.Program, [.. status.Groups, status.Group]))];
        NameSelection selection = NameSelector.Select(names, instances);
        return new ControlResult.Status([.. selection.Indexes.Select(index => Programs[index])], selection.Unknown) { ServerState = State };
    }

    private ControlAnswer Read(ControlRequest.ReadLog read)
    {
        if (!Logs.TryGetValue(read.Name is null ? "" : $"{read.Name}:{read.Stream}", out byte[]? log))
            return new ControlAnswer.Refused(new ControlError(ErrorCode.NoLog, "no log"));

        int start = (int)Math.Clamp(read.Offset < 0 ? log.Length + read.Offset : read.Offset, 0, log.Length);
        int length = (int)Math.Min(read.Length == 0 ? log.Length : read.Length, Math.Min(log.Length - start, ControlProtocol.ReadLogBytesMax));
        return new ControlAnswer.Done(new ControlResult.LogPart(log.AsMemory(start, length), start, log.Length, null));
    }
}
