using System.Net;

namespace Init.Routing.Matching;

/// <summary>The headers of a request, without any HTTP server's types.</summary>
public interface IRequestHeaders
{
    /// <summary>How many values the header has; 0 when it is not there. Letter case does not count.</summary>
    int Count(string name);

    /// <param name="name">Of the header.</param>
    /// <param name="index">From 0, below <see cref="Count"/>.</param>
    string Value(string name, int index);
}

/// <summary>What rules look at. Everything but <paramref name="Client"/> was written by a stranger.</summary>
/// <param name="Target">As it came: "/a%2fb?c=d".</param>
/// <param name="Host">As it came, with its port; "" when there is none.</param>
/// <param name="Method">As it came.</param>
/// <param name="Headers">All of them.</param>
/// <param name="Client">By the rules of trusted proxies; null for a unix socket.</param>
public readonly record struct RouteRequest(string Target, string Host, string Method, IRequestHeaders Headers, IPAddress? Client)
{
    /// <summary>The first value of the header; null when it is not there, "" when it is empty.</summary>
    public string? Header(string name) => Headers.Count(name) > 0 ? Headers.Value(name, 0) : null;
}
