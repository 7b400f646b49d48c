namespace Init.XmlRpc;

/// <param name="Method">"namespace.method"; not empty, and not looked at further.</param>
/// <param name="Parameters">Empty when the document has no <c>params</c>.</param>
public sealed record XmlRpcRequest(string Method, IReadOnlyList<XmlRpcValue> Parameters);

/// <summary>How a call was answered.</summary>
public abstract record XmlRpcResponse
{
    private XmlRpcResponse() { }

    public sealed record Success(XmlRpcValue Value) : XmlRpcResponse;

    /// <param name="Code">One of <see cref="FaultCode"/>, from a server that keeps to them.</param>
    /// <param name="Message">See <see cref="FaultCode.Describe"/>.</param>
    public sealed record Fault(int Code, string Message) : XmlRpcResponse;
}

/// <summary>What a document may be at most. Beyond it the document is refused.</summary>
/// <param name="BytesMax">Of the whole document.</param>
/// <param name="DepthMax">Of arrays and structs in one another.</param>
/// <param name="ValuesMax">Values in all, those inside of others included.</param>
public sealed record XmlRpcLimits(int BytesMax, int DepthMax, int ValuesMax)
{
    /// <summary>For what strangers send: the largest request in use is a multicall of a few hundred calls, or text for a program's stdin.</summary>
    public static XmlRpcLimits Request { get; } = new(1024 * 1024, 16, 20_000);

    /// <summary>For what a server that we have chosen answers: a log may be long.</summary>
    public static XmlRpcLimits Response { get; } = new(256 * 1024 * 1024, 16, 4_000_000);
}

/// <summary>The document is not what it should be: not XML, not XML-RPC, or beyond a limit. The message says which.</summary>
public sealed class XmlRpcFormatException : Exception
{
    public XmlRpcFormatException(string message, Exception? inner = null) : base(message, inner) { }

    public XmlRpcFormatException() { }

    public XmlRpcFormatException(string message) : base(message) { }
}
