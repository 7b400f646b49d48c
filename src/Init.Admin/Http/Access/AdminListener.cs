using Init.Config;

namespace Init.Admin.Http.Access;

/// <summary>Which address a connection came in by: a feature of each connection, set by whoever listens.</summary>
public sealed class AdminListener(HttpEndpoint endpoint)
{
    public HttpEndpoint Endpoint { get; } = endpoint;

    public Credentials Credentials { get; } = new(endpoint);
}

/// <summary>Told by the gate when a request begins and ends, so that a connection without one can be closed when others need its place.</summary>
public interface IConnectionActivity
{
    void RequestBegun();

    void RequestEnded();
}
