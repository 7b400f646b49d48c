using System.Collections.Concurrent;
using Init.Admin.Backend;
using Init.Control;

namespace Init.Admin.Tests.Harness;

/// <summary>A supervisor that answers what the test says, and remembers what it was asked.</summary>
internal sealed class FakeSupervisor : IControlBackend
{
    public ConcurrentQueue<ControlRequest> Asked { get; } = new();

    /// <summary>Answers; the default is the status of <see cref="Programs"/>, and "unknown-op" for the rest.</summary>
    public Func<ControlRequest, ControlItemSink?, CancellationToken, Task<ControlAnswer>>? OnAsk { get; set; }

    public List<ProgramStatus> Programs { get; } = [];

    public async Task<ControlAnswer> AskAsync(
        ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default)
    {
        Asked.Enqueue(request);
        if (OnAsk is { } answer)
            return await answer(request, onItem, cancellation);

        return request switch
        {
            ControlRequest.Status { Names.Count: 0 } => Done(new ControlResult.Status(Programs, [])),
            ControlRequest.Status(var names, _) => Done(new ControlResult.Status(
                [.. Programs.Where(program => names.Contains(program.Name))],
                [.. names.Where(name => Programs.TrueForAll(program => program.Name != name)).Select(name => new UnknownName(name, null))])),
            _ => Refused(ErrorCode.UnknownOp, $"cannot carry out \"{request.Op}\""),
        };
    }

    public static ControlAnswer Done(ControlResult? result) => new ControlAnswer.Done(result);

    public static ControlAnswer Refused(string code, string message) => new ControlAnswer.Refused(new ControlError(code, message));

    public static ProgramStatus Program(string name, string state = "RUNNING") =>
        new() { Name = name, Program = name, Group = name, Process = name, State = state, StateCode = 20 };
}
