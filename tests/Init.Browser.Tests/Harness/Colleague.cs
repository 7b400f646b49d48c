using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Init.Browser.Tests.Harness;

/// <summary>Somebody else who edits the rules, with an API token, and who asks the public port as any client does.</summary>
internal sealed class Colleague : IDisposable
{
    public const string TokenName = "deploy";

    private readonly HttpClient _client;

    private Colleague(HttpClient client) => _client = client;

    /// <param name="panel">Where he gets a token, by the panel's password.</param>
    public static async Task<Colleague> MeetAsync(PanelUnderTest panel)
    {
        HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(panel.Api) };
        Colleague colleague = new(client);
        client.DefaultRequestHeaders.Add("Origin", client.BaseAddress.GetLeftPart(UriPartial.Authority));
        await colleague.SendAsync(HttpMethod.Post, "session", new JsonObject { ["password"] = PanelUnderTest.Password });
        JsonNode token = await colleague.SendAsync(HttpMethod.Post, "tokens", new JsonObject { ["name"] = TokenName });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)token["token"]!);
        return colleague;
    }

    /// <summary>The answer's JSON; fails when it is no success.</summary>
    /// <param name="method">Such as PATCH.</param>
    /// <param name="path">Below /admin/api/v1.</param>
    /// <param name="body">Null: none.</param>
    public async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using HttpRequestMessage request = new(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await _client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text) ?? throw new InvalidOperationException($"{method} {path} has no answer");
    }

    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>All rules, in the place of those that are there.</summary>
    public Task SetRulesAsync(params IEnumerable<JsonNode> rules) =>
        SendAsync(HttpMethod.Put, "routes", new JsonObject { ["default_backend"] = null, ["rules"] = new JsonArray([.. rules]) });

    public async Task<JsonNode> RuleAsync(string id) => await GetAsync("routes/rules/" + Uri.EscapeDataString(id));

    public async Task<string[]> IdsAsync() => [.. (await GetAsync("routes"))["rules"]!.AsArray().Select(rule => (string)rule!["id"]!)];

    /// <summary>What a client of the public port gets: the status, where it is sent, and the body.</summary>
    public async Task<(HttpStatusCode Status, string? Location, string Body)> VisitAsync(string path)
    {
        using HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
        using HttpResponseMessage answer = await client.GetAsync(new Uri(_client.BaseAddress!, path));
        return (answer.StatusCode, answer.Headers.Location?.OriginalString, await answer.Content.ReadAsStringAsync());
    }

    public void Dispose() => _client.Dispose();
}
