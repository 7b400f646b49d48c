using System.Collections.Immutable;
using Init.Admin.Backend;
using Init.Control;
using Init.Routing.Actions;

namespace Init.Gateway.Tests.Harness;

/// <summary>A supervisor that knows what the test says, and counts who asks. Without programs it cannot be reached.</summary>
internal sealed class FakeSupervisor(params ProgramStatus[] programs) : IControlBackend
{
    private int _questions;

    public int Questions => _questions;

    public BackendPrograms ByPort { get; init; } = BackendPrograms.None;

    /// <summary>True: it never answers.</summary>
    public bool IsStuck { get; init; }

    public static ProgramStatus InState(string name, string state, bool isReady = false) => new() { Name = name, Program = name, State = state, StateCode = 0, Ready = isReady };

    public static BackendPrograms At(string backend, string program) => new(ImmutableDictionary<int, string>.Empty.Add(new Uri(backend).Port, program));

    public async Task<ControlAnswer> AskAsync(ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default)
    {
        _ = Interlocked.Increment(ref _questions);
        if (IsStuck)
            await Task.Delay(Timeout.Infinite, cancellation);
        return programs.Length == 0 ? new ControlAnswer.Lost("no supervisor here") : new ControlAnswer.Done(new ControlResult.Status(programs, []));
    }
}
