using System.Security.Cryptography;
using System.Text.Json;
using Init.Chat.Http;
using Init.Chat.Providers;
using Init.Chat.Upstream;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.OpenAi;

/// <summary><c>/v1</c>: what OpenAI's clients call, on the same providers and keys as all else.</summary>
internal sealed class OpenAiRoutes
{
    public const string RequestId = "x-request-id";

    private readonly OpenAiDrains _drains = new();

    /// <summary>Of this process, before the number of the request.</summary>
    private readonly string _start = RandomNumberGenerator.GetHexString(16, lowercase: true);

    private long _number;
    private int _running;

    /// <summary>Requests that are being answered.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Answers that are read on for nobody.</summary>
    public int Draining => _drains.Count;

    public static OpenAiRoutes Map(ChatRouter router)
    {
        OpenAiRoutes routes = new();
        router.Map("POST", "/v1/chat/completions", call => routes.CallAsync(call, "/chat/completions"), RouteAccess.AnyKey);
        router.Map("POST", "/v1/embeddings", call => routes.CallAsync(call, "/embeddings"), RouteAccess.AnyKey);
        router.Map("GET", "/v1/models", ModelsAsync, RouteAccess.AnyKey);
        router.Map("GET", "/v1/models/{model}", ModelAsync, RouteAccess.AnyKey);
        return routes;
    }

    private async Task CallAsync(ChatCall call, string path)
    {
        int limit = call.Services.Options.Concurrency;
        call.Context.Response.Headers[RequestId] = $"req_{_start}{Interlocked.Increment(ref _number):x8}";
        try
        {
            if (Interlocked.Increment(ref _running) > limit)
                throw new RefusedException(StatusCodes.Status429TooManyRequests, $"{limit} requests are being answered, and there may be no more") { Code = "rate_limit_exceeded", RetryAfter = TimeSpan.FromSeconds(1) };
            await new OpenAiCall(call, path, _drains).RunAsync();
        }
        catch (UpstreamException exception) when (exception.ProviderBody is { } body && !call.Gone.IsCancellationRequested && IsError(body))
        {
            await OpenAiError.WriteAsync(call.Context, exception.Status, exception.Code, body);
        }
        finally
        {
            _ = Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Whether clients can read it as an error.</summary>
    private static bool IsError(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Task ModelsAsync(ChatCall call) => ChatReply.JsonAsync(call, json =>
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach ((string name, ModelInfo model) in Names(call))
            Write(json, name, model);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static Task ModelAsync(ChatCall call)
    {
        string wanted = call.Value("model");
        foreach ((string name, ModelInfo model) in Names(call))
        {
            if (name.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                return ChatReply.JsonAsync(call, json => Write(json, name, model));
        }

        throw new RefusedException(StatusCodes.Status404NotFound, "there is no such model, or this API key may not use it") { Code = "model_not_found" };
    }

    /// <summary>Types, then ids: by each of them a model can be asked for.</summary>
    private static IEnumerable<(string Name, ModelInfo Model)> Names(ChatCall call)
    {
        HashSet<string> said = new(StringComparer.OrdinalIgnoreCase);
        IEnumerable<(string Name, ModelInfo Model)> names = [.. call.Services.Upstream.Models.Select(model => (model.Type, model)), .. call.Services.Upstream.Models.Select(model => (model.Id, model))];
        return names.Where(one => (call.Key?.AllowsModel(one.Name) ?? true) && said.Add(one.Name));
    }

    private static void Write(Utf8JsonWriter json, string name, ModelInfo model)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, name);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, 0);
        json.WriteString("owned_by"u8, model.Provider);
        json.WriteEndObject();
    }
}
