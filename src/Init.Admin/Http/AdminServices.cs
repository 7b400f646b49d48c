using Init.Admin.Backend;
using Init.Admin.Rest;
using Init.Admin.XmlRpc;

namespace Init.Admin.Http;

/// <summary>What the routes work with.</summary>
/// <param name="Backend">The supervisor.</param>
/// <param name="Version">Of this binary.</param>
public sealed record AdminServices(IControlBackend Backend, string Version)
{
    /// <summary>Whose file systems are reported.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>Ends answers that have no end of their own, when the role is to end.</summary>
    public CancellationToken Ending { get; init; }

    /// <summary>Describes the whole interface (OpenAPI); whoever adds paths adds to it.</summary>
    public Lazy<byte[]> Document { get; init; } = new(RestRoutes.ReadDocument);

    /// <summary>Null: <c>/RPC2</c> is not served.</summary>
    public IXmlRpcEndpoint? XmlRpc { get; init; }
}
