using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>The methods about methods.</summary>
/// <param name="methods">All there are, when they are known.</param>
/// <param name="call">Carries out one call.</param>
internal sealed class SystemMethods(Func<IReadOnlyDictionary<string, RpcMethod>> methods, Func<string, IReadOnlyList<XmlRpcValue>, CancellationToken, Task<XmlRpcValue>> call)
{
    private const string MulticallName = "system.multicall";

    public IEnumerable<RpcMethod> All =>
    [
        new("system.listMethods", ["array"], "The names of all methods.", (_, _) =>
            Task.FromResult(XmlRpcValue.Of(methods().Keys.Order(StringComparer.Ordinal)))) { NeedsRunning = false },
        new("system.methodHelp", ["string", "string"], "What a method does.", (arguments, _) =>
            Task.FromResult(XmlRpcValue.Of(Find(arguments.Text(0)).Help))) { NeedsRunning = false },
        new("system.methodSignature", ["array", "string"], "The type of a method's result, then those of its parameters.", (arguments, _) =>
            Task.FromResult(XmlRpcValue.Of(Find(arguments.Text(0)).Signature))) { NeedsRunning = false },
        new(MulticallName, ["array", "array"], "Carries out calls, structs of methodName and params, one after another; their results, or structs of faultCode and faultString.", MulticallAsync)
        {
            NeedsRunning = false,
        },
    ];

    private RpcMethod Find(string name) => methods().GetValueOrDefault(name) ?? throw new RpcFaultException(FaultCode.SignatureUnsupported);

    private async Task<XmlRpcValue> MulticallAsync(RpcArguments arguments, CancellationToken cancellation)
    {
        List<XmlRpcValue> results = [];
        foreach (XmlRpcValue item in arguments.Items(0))
        {
            try
            {
                results.Add(await OneOfManyAsync(item, cancellation));
            }
            catch (RpcFaultException fault)
            {
                results.Add(XmlRpcValue.Of(("faultCode", XmlRpcValue.Of(fault.Code)), ("faultString", XmlRpcValue.Of(fault.Message))));
            }
        }

        return XmlRpcValue.Of(results);
    }

    private Task<XmlRpcValue> OneOfManyAsync(XmlRpcValue item, CancellationToken cancellation)
    {
        if (item is not XmlRpcValue.Struct one || one["methodName"] is not XmlRpcValue.Text name)
            throw new RpcFaultException(FaultCode.IncorrectParameters, "No methodName");
        if (name.Value == MulticallName)
            throw new RpcFaultException(FaultCode.IncorrectParameters, "Recursive system.multicall forbidden");

        return one["params"] switch
        {
            null => call(name.Value, [], cancellation),
            XmlRpcValue.Array parameters => call(name.Value, parameters.Items, cancellation),
            _ => throw new RpcFaultException(FaultCode.IncorrectParameters),
        };
    }
}
