using System.Text;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>The supervisor as a whole, its groups, and what is sent to programs and listeners.</summary>
internal sealed class ServerMethods(SupervisorQueries supervisor)
{
    /// <summary>Of input in one request: written as JSON it stays within a request's line, whatever bytes it holds.</summary>
    private const int InputBytes = 8 * 1024;

    /// <summary>Of the data of an event, for the same reason.</summary>
    private const int EventBytesMax = 8 * 1024;

    public IEnumerable<RpcMethod> All =>
    [
        new("supervisor.shutdown", ["boolean"], "Stops everything, then the supervisor.", (_, cancellation) => DoAsync(new ControlRequest.Shutdown(), cancellation)),
        new("supervisor.restart", ["boolean"], "Stops everything, then starts the supervisor anew.", (_, cancellation) => DoAsync(new ControlRequest.RestartInit(), cancellation)),
        new("supervisor.reloadConfig", ["array"], "Reads the configuration; the groups that are added, changed and removed in it, as one array in an array.", ReloadConfigAsync),
        new("supervisor.addProcessGroup", ["boolean", "string"], "Takes a group of the configuration into the running system.", (arguments, cancellation) =>
            GroupAsync(arguments.Text(0), group => new ControlRequest.GroupAdd(group), cancellation)),
        new("supervisor.removeProcessGroup", ["boolean", "string"], "Takes a group, which must be stopped, out of the running system.", (arguments, cancellation) =>
            GroupAsync(arguments.Text(0), group => new ControlRequest.GroupRemove(group), cancellation)),
        new("supervisor.sendProcessStdin", ["boolean", "string", "string"], "Writes text to the stdin of a process.", SendInputAsync),
        new("supervisor.sendRemoteCommEvent", ["boolean", "string", "string"], "Raises an event of a type, with data, for the event listeners.", SendEventAsync) { NeedsRunning = false },
    ];

    private async Task<XmlRpcValue> DoAsync(ControlRequest request, CancellationToken cancellation, Func<ControlError, RpcFaultException?>? refusal = null)
    {
        await supervisor.DoAsync(request, cancellation, refusal);
        return XmlRpcValue.Of(true);
    }

    private async Task<XmlRpcValue> ReloadConfigAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        GroupChanges changes = (await supervisor.AskAsync<ControlResult.Changes>(
            new ControlRequest.Reread(),
            cancellation,
            error => error.Code == ErrorCode.InvalidConfig
                ? new RpcFaultException(FaultCode.CantReread, error.Problems is { Count: > 0 } problems ? string.Join("; ", problems) : error.Message)
                : null)).Groups;
        return XmlRpcValue.Of([XmlRpcValue.Of([XmlRpcValue.Of(changes.Added), XmlRpcValue.Of(changes.Changed), XmlRpcValue.Of(changes.Removed)])]);
    }

    private async Task<XmlRpcValue> GroupAsync(string group, Func<string, ControlRequest> request, CancellationToken cancellation)
    {
        if (!new ProcessName(group, group, null).CanBeAsked)
            throw new RpcFaultException(FaultCode.BadName, group);

        return await DoAsync(request(group), cancellation, error => error.Code switch
        {
            ErrorCode.UnknownGroup => new RpcFaultException(FaultCode.BadName, group),
            ErrorCode.AlreadyAdded => new RpcFaultException(FaultCode.AlreadyAdded, group),
            ErrorCode.StillRunning => new RpcFaultException(FaultCode.StillRunning, group),
            _ => null,
        });
    }

    private async Task<XmlRpcValue> SendInputAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        string name = arguments.Text(0);
        byte[] bytes = Encoding.UTF8.GetBytes(arguments.Text(1));
        ProgramStatus status = await supervisor.FindOneAsync(name, cancellation);
        if (status.Pid is null || !ProcessStates.IsRunning(status))
            throw new RpcFaultException(FaultCode.NotRunning, name);

        for (int start = 0; start < bytes.Length; start += InputBytes)
        {
            ReadOnlyMemory<byte> piece = bytes.AsMemory(start, Math.Min(InputBytes, bytes.Length - start));
            await supervisor.DoAsync(new ControlRequest.SendInput(status.Name, piece), cancellation, error => error.Code switch
            {
                ErrorCode.NotRunning => new RpcFaultException(FaultCode.NotRunning, name),
                ErrorCode.NoInput => new RpcFaultException(FaultCode.NoFile, name),
                _ => null,
            });
        }

        return XmlRpcValue.Of(true);
    }

    private async Task<XmlRpcValue> SendEventAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        string type = arguments.Text(0), data = arguments.Text(1);
        if (type.Length is 0 or > ControlProtocol.NameLengthMax || type.Any(char.IsControl))
            throw new RpcFaultException(FaultCode.BadArguments, "the type must be a name");
        if (Encoding.UTF8.GetByteCount(data) > EventBytesMax)
            throw new RpcFaultException(FaultCode.BadArguments, $"the data may have {EventBytesMax} bytes");

        return await DoAsync(new ControlRequest.RemoteEvent(type, data), cancellation);
    }
}
