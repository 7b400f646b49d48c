using Init.Base;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>Starting, stopping and signalling: of one process, a group, or all.</summary>
internal sealed class ProcessMethods(SupervisorQueries supervisor)
{
    public IEnumerable<RpcMethod> All =>
    [
        new("supervisor.startProcess", ["boolean", "string", "boolean"], "Starts a process, and waits until it is RUNNING unless told not to.", (arguments, cancellation) =>
            OneOrGroupAsync(arguments.Text(0), new Starting(supervisor, arguments.FlagOrTrue(1)), cancellation)) { Optional = 1 },
        new("supervisor.startProcessGroup", ["array", "string", "boolean"], "Starts the processes of a group.", (arguments, cancellation) =>
            GroupAsync(arguments.Text(0), new Starting(supervisor, arguments.FlagOrTrue(1)), cancellation)) { Optional = 1 },
        new("supervisor.startAllProcesses", ["array", "boolean"], "Starts every process.", (arguments, cancellation) =>
            EveryAsync(new Starting(supervisor, arguments.FlagOrTrue(0)), cancellation)) { Optional = 1 },
        new("supervisor.stopProcess", ["boolean", "string", "boolean"], "Stops a process, and waits until it is gone unless told not to.", (arguments, cancellation) =>
            OneOrGroupAsync(arguments.Text(0), new Stopping(arguments.FlagOrTrue(1)), cancellation)) { Optional = 1 },
        new("supervisor.stopProcessGroup", ["array", "string", "boolean"], "Stops the processes of a group.", (arguments, cancellation) =>
            GroupAsync(arguments.Text(0), new Stopping(arguments.FlagOrTrue(1)), cancellation)) { Optional = 1 },
        new("supervisor.stopAllProcesses", ["array", "boolean"], "Stops every process.", (arguments, cancellation) =>
            EveryAsync(new Stopping(arguments.FlagOrTrue(0)), cancellation)) { Optional = 1 },
        new("supervisor.signalProcess", ["boolean", "string", "string"], "Sends a signal, by name or number, to a process.", (arguments, cancellation) =>
            OneOrGroupAsync(arguments.Text(0), new Signalling(arguments.TextOrNumber(1)), cancellation)),
        new("supervisor.signalProcessGroup", ["array", "string", "string"], "Sends a signal to the processes of a group.", (arguments, cancellation) =>
            GroupAsync(arguments.Text(0), new Signalling(arguments.TextOrNumber(1)), cancellation)),
        new("supervisor.signalAllProcesses", ["array", "string"], "Sends a signal to every process.", (arguments, cancellation) =>
            EveryAsync(new Signalling(arguments.TextOrNumber(0)), cancellation)),
    ];

    /// <summary>The name of a whole group makes the call that for groups.</summary>
    private async Task<XmlRpcValue> OneOrGroupAsync(string name, Act act, CancellationToken cancellation)
    {
        ProcessName parsed = ProcessName.Parse(name);
        if (parsed.Process is null)
            return await GroupAsync(parsed.Group, act, cancellation);

        ProgramStatus status = (await supervisor.FindAsync(parsed, cancellation))[0];
        if (act.Refuse(status, name) is { } refusal)
            throw refusal;

        foreach (ControlItem.Outcome outcome in await supervisor.OutcomesAsync(act.Request([status.Name]), cancellation))
        {
            if (await act.FaultOfAsync(status, outcome, name, cancellation) is { } fault)
                throw fault;
        }

        return XmlRpcValue.Of(true);
    }

    private async Task<XmlRpcValue> GroupAsync(string group, Act act, CancellationToken cancellation) =>
        await SeveralAsync(await supervisor.FindAsync(new ProcessName(group, group, null), cancellation), act, cancellation);

    private async Task<XmlRpcValue> EveryAsync(Act act, CancellationToken cancellation) => await SeveralAsync(await supervisor.AllAsync(cancellation), act, cancellation);

    /// <summary>Those that the act is for, and what became of each: first what was refused at once, then the others in the order in which they start.</summary>
    private async Task<XmlRpcValue> SeveralAsync(IReadOnlyList<ProgramStatus> all, Act act, CancellationToken cancellation)
    {
        List<XmlRpcValue> refused = [];
        Dictionary<string, XmlRpcValue?> asked = [];
        Dictionary<string, ProgramStatus> before = [];
        foreach (ProgramStatus status in all.Where(act.IsFor))
        {
            before[status.Name] = status;
            if (act.Refuse(status, status.Name) is { } refusal)
                refused.Add(ProcessInfo.Result(status, refusal));
            else
                asked[status.Name] = null;
        }

        foreach (string[] names in asked.Keys.Chunk(ControlProtocol.NamesMax))
        {
            foreach (ControlItem.Outcome outcome in await supervisor.OutcomesAsync(act.Request(names), cancellation))
            {
                if (!asked.ContainsKey(outcome.Name))
                    continue;

                RpcFaultException? fault = await act.FaultOfAsync(before[outcome.Name], outcome, outcome.Name, cancellation);
                XmlRpcValue result = ProcessInfo.Result(before[outcome.Name], fault);
                if (fault?.Code is FaultCode.NoFile or FaultCode.NotExecutable)
                    refused.Add(result);
                else
                    asked[outcome.Name] = result;
            }
        }

        return XmlRpcValue.Of([.. refused, .. all.Select(status => asked.GetValueOrDefault(status.Name)).OfType<XmlRpcValue>()]);
    }

    /// <summary>What is to be done with a process, and the faults that go with it.</summary>
    private abstract class Act
    {
        /// <summary>In a call about several, the others are passed over.</summary>
        public abstract bool IsFor(ProgramStatus status);

        /// <summary>Why it cannot be done as things are; null = it can.</summary>
        public abstract RpcFaultException? Refuse(ProgramStatus status, string name);

        public abstract ControlRequest Request(IReadOnlyList<string> names);

        /// <summary>Null when it was done.</summary>
        public abstract Task<RpcFaultException?> FaultOfAsync(ProgramStatus before, ControlItem.Outcome outcome, string name, CancellationToken cancellation);

        protected static Task<RpcFaultException?> Fault(int code, string? detail) => Task.FromResult<RpcFaultException?>(new RpcFaultException(code, detail));

        protected static Task<RpcFaultException?> NoFault { get; } = Task.FromResult<RpcFaultException?>(null);
    }

    private sealed class Starting(SupervisorQueries supervisor, bool wait) : Act
    {
        public override bool IsFor(ProgramStatus status) => !ProcessStates.IsRunning(status);

        public override RpcFaultException? Refuse(ProgramStatus status, string name) =>
            ProcessStates.IsRunning(status) ? new RpcFaultException(FaultCode.AlreadyStarted, name) : null;

        public override ControlRequest Request(IReadOnlyList<string> names) => new ControlRequest.Start(names, wait);

        public override async Task<RpcFaultException?> FaultOfAsync(ProgramStatus before, ControlItem.Outcome outcome, string name, CancellationToken cancellation)
        {
            switch (outcome.Code)
            {
                case OutcomeCode.Started or OutcomeCode.Starting or OutcomeCode.AlreadyRunning:
                    return null;
                case OutcomeCode.UnknownProgram:
                    return new RpcFaultException(FaultCode.BadName, name);
                case OutcomeCode.Absent:
                    return new RpcFaultException(FaultCode.NoFile, name);
                case OutcomeCode.Failed:
                    break;
                default:
                    return new RpcFaultException(FaultCode.AbnormalTermination, name);
            }

            // What was refused at once has left no trace in the status.
            string why = IsRefusal(outcome.Message) ? outcome.Message! : (await AfterAsync(before, cancellation))?.SpawnError ?? "";
            return why.StartsWith(NotFound, StringComparison.Ordinal) ? new RpcFaultException(FaultCode.NoFile, why)
                : IsRefusal(why) ? new RpcFaultException(FaultCode.NotExecutable, why)
                : new RpcFaultException(why.Length > 0 ? FaultCode.SpawnError : FaultCode.AbnormalTermination, name);
        }

        private const string NotFound = "can't find command ";

        /// <summary>supervisord's words for commands that it does not even try.</summary>
        private static bool IsRefusal(string? why) => why is not null
            && (why.StartsWith(NotFound, StringComparison.Ordinal)
                || why.StartsWith("command at ", StringComparison.Ordinal)
                || why.StartsWith("no permission to run command ", StringComparison.Ordinal)
                || why.StartsWith("can't parse command ", StringComparison.Ordinal));

        /// <summary>Null when it is gone meanwhile.</summary>
        private async Task<ProgramStatus?> AfterAsync(ProgramStatus before, CancellationToken cancellation)
        {
            ControlResult.Status status = await supervisor.AskAsync<ControlResult.Status>(new ControlRequest.Status([before.Name], Usage: false), cancellation);
            return status.Programs.FirstOrDefault(after => after.Name == before.Name);
        }
    }

    private sealed class Stopping(bool wait) : Act
    {
        public override bool IsFor(ProgramStatus status) => ProcessStates.IsRunning(status);

        public override RpcFaultException? Refuse(ProgramStatus status, string name) =>
            ProcessStates.IsRunning(status) ? null : new RpcFaultException(FaultCode.NotRunning, name);

        public override ControlRequest Request(IReadOnlyList<string> names) => new ControlRequest.Stop(names, wait);

        public override Task<RpcFaultException?> FaultOfAsync(ProgramStatus before, ControlItem.Outcome outcome, string name, CancellationToken cancellation) => outcome.Code switch
        {
            // Somebody else was quicker: it is what was asked for.
            OutcomeCode.Stopped or OutcomeCode.Stopping or OutcomeCode.NotRunning => NoFault,
            OutcomeCode.UnknownProgram => Fault(FaultCode.BadName, name),
            _ => Fault(FaultCode.Failed, outcome.Message ?? name),
        };
    }

    private sealed class Signalling(string signal) : Act
    {
        private readonly int? _number = SignalNames.TryParse(signal.Trim(), out int number) ? number : null;

        public override bool IsFor(ProgramStatus status) => ProcessStates.IsSignallable(status);

        public override RpcFaultException? Refuse(ProgramStatus status, string name) =>
            _number is null ? new RpcFaultException(FaultCode.BadSignal, signal)
            : ProcessStates.IsSignallable(status) ? null
            : new RpcFaultException(FaultCode.NotRunning, name);

        public override ControlRequest Request(IReadOnlyList<string> names) => new ControlRequest.Signal(names, _number ?? 0);

        public override Task<RpcFaultException?> FaultOfAsync(ProgramStatus before, ControlItem.Outcome outcome, string name, CancellationToken cancellation) => outcome.Code switch
        {
            OutcomeCode.Signalled => NoFault,
            OutcomeCode.NotRunning => Fault(FaultCode.NotRunning, name),
            OutcomeCode.UnknownProgram => Fault(FaultCode.BadName, name),
            _ => Fault(FaultCode.Failed, outcome.Message ?? name),
        };
    }
}
