using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fake;

/// <param name="Key">Behind "Bearer "; "": none.</param>
/// <param name="Model">Of the body.</param>
/// <param name="Body">As it came.</param>
public sealed record FakeRequest(string Key, string Model, string Path, string Body);

/// <summary>
/// An OpenAI-compatible provider on loopback: /v1/chat/completions, /v1/embeddings, /v1/models, and /fake/counts. It answers with the last message of the user, so that whoever gets another's words sees it.
/// </summary>
public sealed class FakeProvider : IAsyncDisposable
{
    private const int RequestsMax = 100_000;

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FakeRequest> _requests = new();
    private int _number, _begun, _whole, _running;

    private FakeProvider(WebApplication app) => _app = app;

    /// <summary>Ends with "/v1".</summary>
    public string Url { get; private set; } = "";

    /// <summary>Instead of what the model's id says; null: as that says.</summary>
    public Func<FakeRequest, string?>? Script { get; set; }

    public IReadOnlyDictionary<string, int> CountsByKey => _counts;

    /// <summary>In the order of their coming; the first 100,000.</summary>
    public IReadOnlyCollection<FakeRequest> Requests => _requests;

    /// <summary>Answers begun, and those that went out whole.</summary>
    public (int Begun, int Whole) Answers => (Volatile.Read(ref _begun), Volatile.Read(ref _whole));

    /// <summary>Answers that are being written.</summary>
    public int Running => Volatile.Read(ref _running);

    public Task Ended => _app.WaitForShutdownAsync();

    public static async Task<FakeProvider> StartAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
            kestrel.Limits.MinResponseDataRate = null;
        });
        WebApplication app = builder.Build();
        FakeProvider provider = new(app);
        app.Run(provider.AnswerAsync);
        await app.StartAsync();
        provider.Url = app.Urls.First() + "/v1";
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        switch (context.Request.Path.Value)
        {
            case "/v1/models":
                await JsonAsync(context, new JsonObject { ["object"] = "list", ["data"] = new JsonArray(new JsonObject { ["id"] = "fake", ["object"] = "model" }) });
                return;
            case "/fake/counts":
                await JsonAsync(context, new JsonObject(_counts.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))));
                return;
            case "/v1/chat/completions" or "/v1/embeddings":
                await AskedAsync(context);
                return;
            default:
                context.Response.StatusCode = 404;
                return;
        }
    }

    private async Task AskedAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
        string text = await reader.ReadToEndAsync(context.RequestAborted);
        JsonObject body = (JsonObject)JsonNode.Parse(text)!;
        string authorization = context.Request.Headers.Authorization.ToString();
        string key = authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? authorization["Bearer ".Length..] : "";
        FakeRequest request = new(key, (string?)body["model"] ?? "", context.Request.Path.Value!, text);
        _counts.AddOrUpdate(key, 1, (_, count) => count + 1);
        if (_requests.Count < RequestsMax)
            _requests.Enqueue(request);
        FakeScript script = new(Script?.Invoke(request) ?? (context.Request.Headers.TryGetValue("X-Fake", out var header) ? ";" + header : request.Model));
        if (script.Late > 0)
            await Task.Delay(script.Late, context.RequestAborted);
        if (script.Redirect is { } address)
        {
            context.Response.Redirect(address, permanent: false, preserveMethod: true);
            return;
        }

        if (script.Status != 200 || script.Body is not null)
            await FakeRefusal.WriteAsync(context, script, request);
        else if (request.Path == "/v1/embeddings")
            await JsonAsync(context, (JsonObject)JsonNode.Parse("""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1,3e-7]}],"model":"fake","usage":{"prompt_tokens":1,"total_tokens":1}}""")!);
        else
            await CompletionAsync(context, script, body);
    }

    private async Task CompletionAsync(HttpContext context, FakeScript script, JsonObject body)
    {
        Interlocked.Increment(ref _begun);
        FakeAnswer answer = new(script, body, $"fake-{Interlocked.Increment(ref _number)}");
        bool isStream = (bool?)body["stream"] == true && script.As != "json";
        Interlocked.Increment(ref _running);
        try
        {
            if (isStream)
                await answer.StreamAsync(context);
            else
                await JsonAsync(context, answer.Whole());
            Interlocked.Increment(ref _whole);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    internal static async Task JsonAsync(HttpContext context, JsonNode json)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(json), context.RequestAborted);
    }
}
