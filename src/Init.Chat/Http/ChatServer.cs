using System.Net;
using Init.Admin.Hosting;
using Init.Config;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Init.Chat.Http;

/// <summary>The server of the role from the moment it listens until it is disposed of. One process may run several.</summary>
public sealed class ChatServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly IReadOnlyList<BoundEndpoint> _endpoints;
    private readonly MemoryTrim _trim = new();

    private ChatServer(ChatServices services, ChatRouter router, LineLoggerProvider log, IReadOnlyList<(BoundEndpoint Endpoint, ChatDoor Door)> doors)
    {
        _endpoints = [.. doors.Select(door => door.Endpoint)];
        Dictionary<BoundEndpoint, ChatListener> listeners = doors.ToDictionary(door => door.Endpoint, door => new ChatListener(door.Door));
        WebApplicationBuilder builder = KestrelHost.CreateBuilder(
            _endpoints, ChatLimits.ConnectionsMax, kestrel => SetLimits(kestrel, services.Options), _trim, log, introduce: (endpoint, connection) => connection.Features.Set(listeners[endpoint]));
        _server = builder.Build();
        ChatPipeline pipeline = new(services, router);
        _server.Run(pipeline.HandleAsync);
    }

    /// <summary>Where it listens without a key.</summary>
    public IPEndPoint Address => (IPEndPoint)_endpoints[0].Socket.LocalEndPoint!;

    /// <summary>Listens on the three addresses of the options.</summary>
    /// <param name="services">What the endpoints work with.</param>
    /// <param name="router">The endpoints.</param>
    /// <param name="log">Gets what goes wrong.</param>
    /// <exception cref="BindException">An address cannot be listened on; then none is.</exception>
    public static async Task<ChatServer> StartAsync(ChatServices services, ChatRouter router, LineLoggerProvider log)
    {
        ChatOptions options = services.Options;
        List<(HttpEndpoint Endpoint, ChatDoor Door)> doors = [(options.Listen, ChatDoor.Local), (new HttpEndpoint { UnixPath = options.ControlSocket, UnixMode = OwnerOnly }, ChatDoor.Administration)];
        if (options.Publish is not null)
            doors.Add((new HttpEndpoint { UnixPath = options.PublishedSocket, UnixMode = OwnerOnly }, ChatDoor.Published));
        List<BoundEndpoint> bound = EndpointBinder.BindAll([.. doors.Select(door => door.Endpoint)]);
        ChatServer server = new(services, router, log, [.. bound.Zip(doors, (endpoint, door) => (endpoint, door.Door))]);
        await server._server.StartAsync();
        foreach (BoundEndpoint endpoint in bound)
            services.Log.Listening(endpoint.Name);
        server._trim.NoteWork(); // The start leaves more than any request, and at first nobody may come for hours.
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BoundEndpoint endpoint in _endpoints)
            endpoint.RemoveFile();
        using (CancellationTokenSource limit = new(ChatLimits.EndTimeout))
            await _server.StopAsync(limit.Token);
        await _server.DisposeAsync();
        _trim.Dispose();
    }

    private const int OwnerOnly = 0b110_000_000;

    private static void SetLimits(KestrelServerOptions kestrel, ChatOptions options)
    {
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestHeadersTotalSize = ChatLimits.HeaderBytesMax;
        limits.MaxRequestHeaderCount = ChatLimits.HeaderCountMax;
        limits.MaxRequestLineSize = ChatLimits.RequestLineBytesMax;
        limits.MaxRequestBodySize = options.BodyLimit.Bytes;
        limits.RequestHeadersTimeout = ChatLimits.HeaderTimeout;
        limits.KeepAliveTimeout = ChatLimits.IdleTimeout;
        limits.MinRequestBodyDataRate = limits.MinResponseDataRate = new MinDataRate(ChatLimits.BytesPerSecondMin, ChatLimits.SlowGrace);
    }
}
