using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Gateway;

/// <summary>Edits rules over the administration's socket, where nobody has to sign in.</summary>
internal sealed class RulesClient(InitUnderTest init) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(GatewayFixture.SocketOf(init)), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost/api/v1/"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <param name="method">The method.</param>
    /// <param name="path">Behind /api/v1/.</param>
    /// <param name="body">JSON.</param>
    /// <param name="revision">What the change was decided by; null: whatever there is.</param>
    /// <exception cref="HttpRequestException">The gateway is not there, or has ended before it has answered.</exception>
    public async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(string method, string path, string? body = null, long? revision = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        request.Content = new StringContent(body ?? "", Encoding.UTF8, "application/json");
        if (revision is { } known)
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{known}\""));
        using HttpResponseMessage response = await _http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    public void Dispose() => _http.Dispose();
}
