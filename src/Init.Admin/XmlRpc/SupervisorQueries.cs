using Init.Admin.Backend;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>Asks the supervisor, with faults for what it refuses.</summary>
internal sealed class SupervisorQueries(IControlBackend backend)
{
    public async Task<ServerVersion> VersionAsync(CancellationToken cancellation) =>
        (await AskAsync<ControlResult.Version>(new ControlRequest.Version(), cancellation)).Server;

    /// <summary>Faults when the supervisor is on its way down.</summary>
    public async Task RequireRunningAsync(CancellationToken cancellation)
    {
        RequireRunning((await VersionAsync(cancellation)).State);
    }

    /// <summary>Every process, in the order in which they are started. Faults as <see cref="RequireRunningAsync"/> does, and asks only once for both.</summary>
    public async Task<IReadOnlyList<ProgramStatus>> AllOfRunningAsync(CancellationToken cancellation)
    {
        ControlResult.Status all = await AllWithStateAsync(cancellation);
        RequireRunning(all.ServerState);
        return all.Programs;
    }

    /// <summary>Every process, in the order in which they are started.</summary>
    public async Task<IReadOnlyList<ProgramStatus>> AllAsync(CancellationToken cancellation) => (await AllWithStateAsync(cancellation)).Programs;

    /// <summary>The processes of the name, at least one; BAD_NAME when there is none.</summary>
    public async Task<IReadOnlyList<ProgramStatus>> FindAsync(ProcessName name, CancellationToken cancellation)
    {
        if (!name.CanBeAsked)
            throw name.Unknown();

        ControlResult.Status status = await AskAsync<ControlResult.Status>(new ControlRequest.Status([name.Instance], Usage: false), cancellation);
        List<ProgramStatus> found = [.. status.Programs.Where(name.Matches)];
        return found.Count > 0 ? found : throw name.Unknown();
    }

    /// <summary>The one process of the name; BAD_NAME also for a whole group.</summary>
    public async Task<ProgramStatus> FindOneAsync(string name, CancellationToken cancellation)
    {
        ProcessName parsed = ProcessName.Parse(name);
        return parsed.Process is not null ? (await FindAsync(parsed, cancellation))[0] : throw parsed.Unknown();
    }

    /// <summary>What became of each instance, in the order in which it was known.</summary>
    public async Task<IReadOnlyList<ControlItem.Outcome>> OutcomesAsync(ControlRequest request, CancellationToken cancellation)
    {
        List<ControlItem.Outcome> outcomes = [];
        ControlAnswer answer = await backend.AskAsync(request, item =>
        {
            if (item is ControlItem.Outcome outcome)
                outcomes.Add(outcome);
            return ValueTask.CompletedTask;
        }, cancellation: cancellation);
        return answer is ControlAnswer.Done ? outcomes : throw FaultOf(answer, null);
    }

    public async Task<T> AskAsync<T>(ControlRequest request, CancellationToken cancellation, Func<ControlError, RpcFaultException?>? refusal = null) where T : ControlResult =>
        await backend.AskAsync(request, cancellation: cancellation) switch
        {
            ControlAnswer.Done(T result) => result,
            var other => throw FaultOf(other, refusal),
        };

    /// <summary>For requests whose result says nothing.</summary>
    public async Task DoAsync(ControlRequest request, CancellationToken cancellation, Func<ControlError, RpcFaultException?>? refusal = null)
    {
        ControlAnswer answer = await backend.AskAsync(request, cancellation: cancellation);
        if (answer is not ControlAnswer.Done)
            throw FaultOf(answer, refusal);
    }

    /// <summary>Without CPU time and memory: nothing of this interface has them.</summary>
    private Task<ControlResult.Status> AllWithStateAsync(CancellationToken cancellation) =>
        AskAsync<ControlResult.Status>(new ControlRequest.Status([], Usage: false), cancellation);

    private static void RequireRunning(string state)
    {
        if (state != ServerVersion.Running)
            throw new RpcFaultException(FaultCode.ShutdownState);
    }

    private static RpcFaultException FaultOf(ControlAnswer answer, Func<ControlError, RpcFaultException?>? refusal) => answer switch
    {
        ControlAnswer.Refused(var error) => refusal?.Invoke(error) ?? FaultOf(error),
        ControlAnswer.Lost(var why) => new RpcFaultException(FaultCode.Failed, why),
        _ => new RpcFaultException(FaultCode.Failed, "the supervisor's answer is of another kind"),
    };

    private static RpcFaultException FaultOf(ControlError error) => error.Code == ErrorCode.ShuttingDown
        ? new RpcFaultException(FaultCode.ShutdownState)
        : new RpcFaultException(FaultCode.Failed, error.Message);
}
