using System.Text.Json;
using System.Text.Json.Serialization;
using Init.Admin.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel.Chat;

/// <summary><c>/chat/…</c>: what is passed on to the chat's role, which is these operations and no others.</summary>
/// <param name="link">The role.</param>
internal sealed class ChatApi(ChatLink link)
{
    private const int IdLengthMax = 128;

    public void Map(IEndpointRouteBuilder routes, string root)
    {
        root += "/chat";
        routes.MapGet(root + "/status", TellAsync);
        routes.MapGet(root + "/providers", context => PassAsync(context, "/manage/providers"));
        routes.MapPost(root + "/test", context => PassAsync(context, "/manage/test", hasBody: true));
        routes.MapGet(root + "/keys", context => PassAsync(context, "/manage/keys"));
        routes.MapPost(root + "/keys", context => PassAsync(context, "/manage/keys", hasBody: true));
        routes.MapPut(root + "/keys/{id}", context => PassToOneAsync(context, "/manage/keys/", hasBody: true));
        routes.MapDelete(root + "/keys/{id}", context => PassToOneAsync(context, "/manage/keys/"));
        routes.MapGet(root + "/usage", context => PassAsync(context, "/manage/usage", hasBody: false, "since", "by", "key", "user", "model"));
        routes.MapGet(root + "/users", context => PassAsync(context, "/manage/users", hasBody: false, "after", "limit"));
        routes.MapGet(root + "/tasks", context => PassAsync(context, "/manage/tasks", hasBody: false, "state", "user", "limit"));
        routes.MapDelete(root + "/tasks/{id}", context => PassToOneAsync(context, "/manage/tasks/"));
        routes.MapGet(root + "/calls", context => PassAsync(context, "/manage/calls", hasBody: false, "after", "user", "model", "key", "since", "until", "limit", "order"));
    }

    private async Task TellAsync(HttpContext context)
    {
        bool isRunning = await link.AskAsync(HttpMethod.Get, "/healthz", null, context.RequestAborted) is ChatReply.Answered { Status: StatusCodes.Status200OK };
        await PanelReply.JsonAsync(context, new ChatSight(isRunning, link.Program), ChatJson.Default.ChatSight);
    }

    private async Task PassToOneAsync(HttpContext context, string path, bool hasBody = false)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        if (id.Length is > 0 and <= IdLengthMax && id.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '-' or '_'))
            await PassAsync(context, path + id, hasBody);
        else
            await PanelReply.ProblemAsync(context, StatusCodes.Status404NotFound, "not_found", "there is nothing with this id");
    }

    /// <param name="context">Of the request.</param>
    /// <param name="path">Of the role.</param>
    /// <param name="hasBody">Whether the body goes along.</param>
    /// <param name="parameters">Of the query that go along.</param>
    private async Task PassAsync(HttpContext context, string path, bool hasBody = false, params string[] parameters)
    {
        QueryBuilder query = [];
        foreach (string name in parameters)
        {
            if (context.Request.Query[name] is [{ Length: > 0 } value])
                query.Add(name, value);
        }

        using MemoryStream body = new();
        if (hasBody)
            await context.Request.Body.CopyToAsync(body, context.RequestAborted); // The server limits it.
        ReadOnlyMemory<byte>? sent = hasBody ? body.GetBuffer().AsMemory(0, (int)body.Length) : null;
        switch (await link.AskAsync(new HttpMethod(context.Request.Method), path + query, sent, context.RequestAborted))
        {
            case ChatReply.Answered { Status: >= 200 and < 300 } answer:
                await TextReply.WriteAsync(context, "application/json", answer.Body, answer.Status);
                return;
            case ChatReply.Answered answer:
                await RefuseAsync(context, answer);
                return;
            case ChatReply.Lost(var why):
                await PanelReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "no_answer", why);
                return;
            default:
                await PanelReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "no_chat", "no chat role runs; it may be starting, or its program has failed");
                return;
        }
    }

    private static Task RefuseAsync(HttpContext context, ChatReply.Answered answer)
    {
        string detail = $"the chat's role has answered {answer.Status}";
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("detail", out JsonElement text))
                detail = text.ValueKind == JsonValueKind.String ? text.GetString()! : text.GetRawText();
        }
        catch (JsonException)
        {
            // Its status is all that there is to tell.
        }

        var (status, code) = answer.Status switch
        {
            StatusCodes.Status400BadRequest or StatusCodes.Status422UnprocessableEntity => (StatusCodes.Status400BadRequest, "bad_request"),
            StatusCodes.Status404NotFound => (StatusCodes.Status404NotFound, "not_found"),
            StatusCodes.Status409Conflict => (StatusCodes.Status409Conflict, "conflict"),
            StatusCodes.Status413PayloadTooLarge => (StatusCodes.Status413PayloadTooLarge, "too_large"),
            StatusCodes.Status429TooManyRequests => (StatusCodes.Status429TooManyRequests, "busy"),

            // Never its 401: the panel would take that for the end of its own session.
            _ => (StatusCodes.Status503ServiceUnavailable, "no_answer"),
        };
        return PanelReply.ProblemAsync(context, status, code, detail);
    }
}

/// <param name="Running">Whether the role answers.</param>
/// <param name="Program">That runs it, as the configuration had it when the gateway began; null: none.</param>
internal sealed record ChatSight(bool Running, string? Program);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChatSight))]
internal sealed partial class ChatJson : JsonSerializerContext;
