using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Init.Container.Tests.Harness;

/// <summary>A client of port 7860, the only one that the image exposes.</summary>
internal sealed class PublicPort : IDisposable
{
    public static readonly Uri Address = new("http://127.0.0.1:7860");

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };

    public void Dispose() => _client.Dispose();

    /// <summary>Null: nobody answers.</summary>
    public async Task<(HttpStatusCode Status, string Body, string? Location)?> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        try
        {
            using HttpResponseMessage answer = await _client.SendAsync(request);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.OriginalString);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Waits until a page has this text, whatever its status.</summary>
    public async Task<string> WaitForTextAsync(string path, string text, Func<Task<string>> log, params (string Name, string Value)[] headers)
    {
        (HttpStatusCode Status, string Body, string? Location)? last = null;
        await Shell.WaitForAsync(
            async () => (last = await GetAsync(path, headers)) is { } answer && answer.Body.Contains(text, StringComparison.Ordinal),
            async () => $"\"{text}\" at {path}; it has {last}\n{await log()}");
        return last!.Value.Body;
    }

    public async Task PostAsync(string path, string text)
    {
        using HttpResponseMessage answer = await _client.PostAsync(path, new StringContent(text));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>The panel's interface, by the password; each request signs in anew.</summary>
    public async Task<JsonNode?> PanelAsync(HttpMethod method, string path, JsonNode? body = null, string password = RunningContainer.Password)
    {
        using SocketsHttpHandler handler = new();
        using HttpClient client = new(handler) { BaseAddress = new Uri(Address, "/admin/api/v1/") };
        client.DefaultRequestHeaders.Add("Origin", Address.GetLeftPart(UriPartial.Authority));
        using HttpResponseMessage signedIn = await client.PostAsJsonAsync("session", new JsonObject { ["password"] = password });
        Assert.True(signedIn.IsSuccessStatusCode, $"cannot sign in: {signedIn.StatusCode}");
        using HttpRequestMessage request = new(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>What a WebSocket at this path says to a text.</summary>
    public static async Task<string> EchoAsync(string path, string text)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri($"ws://{Address.Authority}{path}"), patience.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, patience.Token);
        byte[] buffer = new byte[256];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, patience.Token);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
