using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Init.Gateway.Tests.Harness;

/// <summary>A backend that speaks whole HTTP, of one version.</summary>
internal sealed class KestrelBackend : IAsyncDisposable
{
    private readonly WebApplication _server;

    private KestrelBackend(WebApplication server, int port)
    {
        _server = server;
        Port = port;
    }

    public int Port { get; }

    public static async Task<KestrelBackend> StartAsync(HttpProtocols protocols, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        int port = PublicGateway.FreePort();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols));
        WebApplication server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return new KestrelBackend(server, port);
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource atOnce = new(TimeSpan.FromMilliseconds(100));
        await _server.StopAsync(atOnce.Token);
        await _server.DisposeAsync();
    }
}
