using System.Net.Sockets;
using System.Text;
using Init.Config;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

public sealed class UnixSocketTests
{
    [Fact]
    public async Task PublicPort_OnAUnixSocket_ForwardsAndBelievesWhoMayOpenIt()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("public-");
        string path = Path.Combine(directory.FullName, "public.sock");
        try
        {
            await using RecordingBackend backend = new();
            await using (await PublicGateway.InFrontOfAsync(backend.Url, proxy => proxy with { Endpoints = [.. proxy.Endpoints, new HttpEndpoint { UnixPath = path }] }))
            {
                using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                await using NetworkStream stream = new(socket);
                await stream.WriteAsync("GET /x HTTP/1.1\r\nHost: bots.example\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"u8.ToArray());
                using StreamReader reader = new(stream, Encoding.Latin1);

                Assert.StartsWith("HTTP/1.1 200 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
                Assert.Equal("203.0.113.9", backend.Last.Header("X-Real-IP"));
                Assert.Equal("203.0.113.9", backend.Last.Header("X-Forwarded-For"));
            }

            Assert.False(File.Exists(path), "the socket is left behind");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
