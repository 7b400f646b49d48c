using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>The call is answered with a fault.</summary>
/// <param name="code">One of <see cref="FaultCode"/>.</param>
/// <param name="detail">What stands behind the fault's name; mostly the name that was given.</param>
internal sealed class RpcFaultException(int code, string? detail = null) : Exception(FaultCode.Describe(code, detail))
{
    public int Code => code;
}
