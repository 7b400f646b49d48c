using Init.Routing.Matching;
using Microsoft.AspNetCore.Http;

namespace Init.Gateway.Forwarding;

/// <summary>The server's headers as the rules see them.</summary>
internal sealed class RequestHeaders(IHeaderDictionary headers) : IRequestHeaders
{
    public int Count(string name) => headers[name].Count;

    public string Value(string name, int index) => headers[name][index] ?? "";
}
