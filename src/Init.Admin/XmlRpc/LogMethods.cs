using System.Buffers;
using System.Text;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>Reading and emptying logs: those of processes, and the supervisor's own.</summary>
internal sealed class LogMethods(SupervisorQueries supervisor)
{
    /// <summary>What one call may return. supervisord has no limit, and holds all of it several times in memory.</summary>
    private const int BytesMax = 16 * 1024 * 1024;

    public IEnumerable<RpcMethod> All =>
    [
        ReadMain("supervisor.readLog"), ReadMain("supervisor.readMainLog"),
        new("supervisor.clearLog", ["boolean"], "Empties the supervisor's log.", ClearMainAsync),
        Read("supervisor.readProcessStdoutLog", LogStream.Stdout), Read("supervisor.readProcessLog", LogStream.Stdout), Read("supervisor.readProcessStderrLog", LogStream.Stderr),
        Tail("supervisor.tailProcessStdoutLog", LogStream.Stdout), Tail("supervisor.tailProcessLog", LogStream.Stdout), Tail("supervisor.tailProcessStderrLog", LogStream.Stderr),
        Clear("supervisor.clearProcessLogs"), Clear("supervisor.clearProcessLog"),
        new("supervisor.clearAllProcessLogs", ["array"], "Empties the logs of every process.", ClearAllAsync),
    ];

    private RpcMethod ReadMain(string name) => new(
        name,
        ["string", "int", "int"],
        "Reads from the supervisor's log, from an offset so many bytes; a length of 0 reads to the end, and a negative offset the last so many bytes.",
        async (arguments, cancellation) => XmlRpcValue.Of(await ReadAsync(null, LogStream.Stdout, arguments.Number(0), arguments.Number(1), cancellation)));

    private RpcMethod Read(string name, LogStream stream) => new(
        name,
        ["string", "string", "int", "int"],
        "Reads from a log of a process, from an offset so many bytes; a length of 0 reads to the end, and a negative offset the last so many bytes.",
        async (arguments, cancellation) =>
        {
            ProgramStatus status = await supervisor.FindOneAsync(arguments.Text(0), cancellation);
            return XmlRpcValue.Of(await ReadAsync(status, stream, arguments.Number(1), arguments.Number(2), cancellation));
        });

    private RpcMethod Tail(string name, LogStream stream) => new(
        name,
        ["array", "string", "int", "int"],
        "The last so many bytes of a log of a process that lie behind an offset; with the offset of the log's end, and whether there was more.",
        async (arguments, cancellation) =>
        {
            ProgramStatus status = await supervisor.FindOneAsync(arguments.Text(0), cancellation);
            return await TailAsync(status, stream, arguments.Number(1), arguments.Number(2), cancellation);
        });

    private RpcMethod Clear(string name) => new(name, ["boolean", "string"], "Empties the logs of a process.", async (arguments, cancellation) =>
    {
        ProgramStatus status = await supervisor.FindOneAsync(arguments.Text(0), cancellation);
        foreach (ControlItem.Outcome outcome in await supervisor.OutcomesAsync(new ControlRequest.Clear([status.Name]), cancellation))
        {
            if (FaultOf(outcome, arguments.Text(0)) is { } fault)
                throw fault;
        }

        return XmlRpcValue.Of(true);
    });

    private async Task<XmlRpcValue> ClearMainAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        await supervisor.DoAsync(new ControlRequest.ClearOwnLog(), cancellation, error => error.Code == ErrorCode.NoLog ? new RpcFaultException(FaultCode.NoFile) : null);
        return XmlRpcValue.Of(true);
    }

    private async Task<XmlRpcValue> ClearAllAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        Dictionary<string, ProgramStatus> all = (await supervisor.AllAsync(cancellation)).ToDictionary(status => status.Name);
        List<XmlRpcValue> results = [];
        foreach (string[] names in all.Keys.Chunk(ControlProtocol.NamesMax))
        {
            foreach (ControlItem.Outcome outcome in await supervisor.OutcomesAsync(new ControlRequest.Clear(names), cancellation))
            {
                if (all.TryGetValue(outcome.Name, out ProgramStatus? status))
                    results.Add(ProcessInfo.Result(status, FaultOf(outcome, outcome.Name)));
            }
        }

        return XmlRpcValue.Of(results);
    }

    private static RpcFaultException? FaultOf(ControlItem.Outcome outcome, string name) => outcome.Code switch
    {
        OutcomeCode.Cleared or OutcomeCode.NoLog => null,
        OutcomeCode.UnknownProgram => new RpcFaultException(FaultCode.BadName, name),
        _ => new RpcFaultException(FaultCode.Failed, name),
    };

    private async Task<string> ReadAsync(ProgramStatus? status, LogStream stream, long offset, long length, CancellationToken cancellation)
    {
        // supervisord looks for the file first.
        if (status is not null && PathOf(status, stream) is null)
            throw new RpcFaultException(FaultCode.NoFile);
        if (length < 0 || (offset < 0 && length != 0))
            throw new RpcFaultException(FaultCode.BadArguments);

        long size = (await PartAsync(status, stream, 0, 1, cancellation)).Size;
        long start = offset < 0 ? Math.Max(0, size + offset) : offset;
        return await TextAsync(status, stream, start, length == 0 ? size : Math.Min(size, start + length), cancellation);
    }

    private async Task<XmlRpcValue> TailAsync(ProgramStatus status, LogStream stream, long offset, long length, CancellationToken cancellation)
    {
        long size;
        try
        {
            size = (await PartAsync(status, stream, 0, 1, cancellation)).Size;
        }
        catch (RpcFaultException fault) when (fault.Code == FaultCode.NoFile)
        {
            return XmlRpcValue.Of([XmlRpcValue.Of(""), XmlRpcValue.Of(0), XmlRpcValue.Of(false)]);
        }

        // By the letter what supervisord does: with less than all, the last bytes and not those at the offset.
        bool overflow = size > offset + length;
        if (overflow)
            offset = size - 1;
        if (offset + length > size)
        {
            if (offset > size - 1)
                length = 0;
            offset = size - length;
        }

        offset = Math.Max(0, offset);
        string text = await TextAsync(status, stream, offset, Math.Min(size, offset + Math.Max(0, length)), cancellation);
        return XmlRpcValue.Of([XmlRpcValue.Of(text), XmlRpcValue.Of(size), XmlRpcValue.Of(overflow)]);
    }

    /// <summary>What is no UTF-8 is shown as such, where supervisord answers with 500.</summary>
    private async Task<string> TextAsync(ProgramStatus? status, LogStream stream, long start, long end, CancellationToken cancellation)
    {
        if (end - start > BytesMax)
            throw new RpcFaultException(FaultCode.Failed, $"{end - start} bytes are more than one answer may hold, which is {BytesMax}");

        ArrayBufferWriter<byte> bytes = new();
        while (start < end)
        {
            ControlResult.LogPart part = await PartAsync(status, stream, start, Math.Min(end - start, ControlProtocol.ReadLogBytesMax), cancellation);
            if (part.Bytes.IsEmpty)
                break; // It has been emptied meanwhile.

            bytes.Write(part.Bytes.Span);
            start += part.Bytes.Length;
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private async Task<ControlResult.LogPart> PartAsync(ProgramStatus? status, LogStream stream, long offset, long length, CancellationToken cancellation) =>
        await supervisor.AskAsync<ControlResult.LogPart>(
            new ControlRequest.ReadLog(status?.Name, stream, offset, length),
            cancellation,
            error => error.Code == ErrorCode.NoLog ? new RpcFaultException(FaultCode.NoFile, status is null ? null : PathOf(status, stream)) : null);

    private static string? PathOf(ProgramStatus status, LogStream stream) => stream == LogStream.Stdout ? status.StdoutLog : status.StderrLog;
}
