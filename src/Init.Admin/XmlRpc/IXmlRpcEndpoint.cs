namespace Init.Admin.XmlRpc;

/// <summary>What <c>POST /RPC2</c> is answered by. Authentication, limits of the connection and of the body are the host's business and over by then.</summary>
public interface IXmlRpcEndpoint
{
    /// <summary>Answers one call. It never throws for what is in the request.</summary>
    /// <param name="request">The body, at most <see cref="Http.HttpLimits.XmlRpcBodyBytesMax"/> bytes. It is valid until the task ends.</param>
    /// <param name="cancellation">The client has gone, or the role ends.</param>
    Task<XmlRpcReply> AnswerAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation);
}

/// <param name="StatusCode">200 for a result and for a fault, 400 for what is no call, 500 for a fault of our own.</param>
/// <param name="Body">text/xml; with another status than 200 it is left out and the host writes a page of its own.</param>
public readonly record struct XmlRpcReply(int StatusCode, ReadOnlyMemory<byte> Body);
