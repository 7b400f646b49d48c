using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>A method as its callers see it.</summary>
/// <param name="Name">"namespace.method".</param>
/// <param name="Signature">The type of the result, then those of the parameters, by supervisord's names for them.</param>
/// <param name="Help">What it does, for people.</param>
/// <param name="Run">Carries it out; a fault is a <see cref="RpcFaultException"/>.</param>
internal sealed record RpcMethod(string Name, string[] Signature, string Help, Func<RpcArguments, CancellationToken, Task<XmlRpcValue>> Run)
{
    /// <summary>How many of the parameters, at the end, may be left out.</summary>
    public int Optional { get; init; }

    /// <summary>It is refused while the supervisor shuts down, before it is run.</summary>
    public bool NeedsRunning { get; init; } = true;

    public bool Takes(int count) => count < Signature.Length && count >= Signature.Length - 1 - Optional;
}
