using System.Buffers;
using System.Collections.Frozen;
using Init.Admin.Backend;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>
/// supervisord's XML-RPC interface: reads a call, looks the method up, and writes its result or fault. The methods ask the supervisor over the control
/// protocol; what it may do, and when, is decided there.
/// </summary>
public sealed class XmlRpcEndpoint : IXmlRpcEndpoint
{
    private static readonly XmlRpcReply s_badRequest = new(400, default);

    private readonly SupervisorQueries _supervisor;
    private readonly FrozenDictionary<string, RpcMethod> _methods;

    public XmlRpcEndpoint(IControlBackend backend, TimeProvider clock)
    {
        _supervisor = new SupervisorQueries(backend);
        IEnumerable<RpcMethod> all =
        [
            .. new InfoMethods(_supervisor, clock).All,
            .. new ProcessMethods(_supervisor).All,
            .. new LogMethods(_supervisor).All,
            .. new ServerMethods(_supervisor).All,
            .. new SystemMethods(() => _methods!, CallAsync).All,
        ];
        _methods = all.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);
    }

    public async Task<XmlRpcReply> AnswerAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        XmlRpcRequest call;
        try
        {
            call = XmlRpcReader.ReadRequest(request);
        }
        catch (XmlRpcFormatException)
        {
            return s_badRequest;
        }

        XmlRpcResponse response;
        try
        {
            response = new XmlRpcResponse.Success(await CallAsync(call.Method, call.Parameters, cancellation));
        }
        catch (RpcFaultException fault)
        {
            response = new XmlRpcResponse.Fault(fault.Code, fault.Message);
        }

        ArrayBufferWriter<byte> body = new(16 * 1024);
        XmlRpcWriter.WriteResponse(body, response);
        return new XmlRpcReply(200, body.WrittenMemory);
    }

    private async Task<XmlRpcValue> CallAsync(string name, IReadOnlyList<XmlRpcValue> parameters, CancellationToken cancellation)
    {
        if (!_methods.TryGetValue(name, out RpcMethod? method))
            throw new RpcFaultException(FaultCode.UnknownMethod);
        if (!method.Takes(parameters.Count))
            throw new RpcFaultException(FaultCode.IncorrectParameters);
        if (method.NeedsRunning)
            await _supervisor.RequireRunningAsync(cancellation);

        return await method.Run(new RpcArguments(parameters), cancellation);
    }
}
