using System.Collections.Immutable;
using System.Text.Json;
using Init.Admin.Http.Access;
using Init.Chat.Generation;
using Init.Chat.OpenAi;
using Init.Chat.Rendering;
using Init.Chat.Store;
using Init.Chat.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Init.Chat.Http;

/// <summary>The way of every request: by which door, to which endpoint; and of every fault: to an answer that says what is the matter.</summary>
internal sealed class ChatPipeline(ChatServices services, ChatRouter router)
{
    public async Task HandleAsync(HttpContext context)
    {
        IConnectionActivity? connection = context.Features.Get<IConnectionActivity>();
        connection?.RequestBegun();
        try
        {
            await AnswerAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception) when (context.Response.HasStarted)
        {
            context.Abort(); // It must not take what it has for a whole answer.
            throw;
        }
        catch (Exception exception)
        {
            await ExplainAsync(context, exception);
        }
        finally
        {
            services.Accounts.Metrics.CountResponse(context.Response.StatusCode);
            connection?.RequestEnded();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        switch (router.Find(context.Request.Method, target))
        {
            case RouteMatch.Found found:
                await AnswerAsync(found, new ChatCall(context, services, context.Features.GetRequiredFeature<ChatListener>().Door, found.Values));
                break;
            case RouteMatch.WrongMethod wrong:
                context.Response.Headers.Allow = string.Join(", ", wrong.Allow);
                await ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, null, "Method Not Allowed");
                break;
            default:
                await ErrorAsync(context, StatusCodes.Status404NotFound, null, "Not Found");
                break;
        }
    }

    private async Task AnswerAsync(RouteMatch.Found found, ChatCall call)
    {
        if (found.Access == RouteAccess.Administration && call.Door != ChatDoor.Administration)
            throw new RefusedException(StatusCodes.Status404NotFound, "Not Found");
        if (found.Access != RouteAccess.Anyone && call.Door == ChatDoor.Published)
            (services.Gate ?? throw new RefusedException(StatusCodes.Status401Unauthorized, "there are no API keys")).Admit(call);
        if (call.ValueOrNull("user") is { } user)
        {
            Names.Check("user id", user);
            call.CheckUser(user);
        }
        else if (found.Access == RouteAccess.WithKey && call.Key is { IsForAllUsers: false })
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "the API key is for certain users, and this concerns all") { Code = "user_not_allowed" };
        }

        await found.Handler(call);
    }

    private Task ExplainAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case RefusedException refusal:
                return ErrorAsync(context, refusal.Status, refusal.Code, refusal.Message, refusal.RetryAfter);
            case InputsRefusedException inputs:
                return ChatReply.JsonAsync(context, json => WriteProblems(json, inputs.Problems), StatusCodes.Status422UnprocessableEntity);
            case GeneratorBusyException busy:
                return ErrorAsync(context, StatusCodes.Status429TooManyRequests, "rate_limit_exceeded", busy.Message, busy.RetryAfter);
            case ContextBusyException busy:
                return ErrorAsync(context, StatusCodes.Status429TooManyRequests, "rate_limit_exceeded", busy.Message, TimeSpan.FromSeconds(1));
            case UpstreamException upstream:
                return ErrorAsync(context, upstream.Status, upstream.Code, upstream.Message, upstream.RetryAfter);
            case RenderException render:
                return ErrorAsync(context, render.Status, render.Code, render.Message, null);
            case BadHttpRequestException bad:
                return ErrorAsync(context, bad.StatusCode, "invalid_request", bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? $"the body is larger than {services.Options.BodyLimit} ([chat] body_limit)" : bad.Message);
            case StoreException store:
                services.Log.StoreFailed(store.Message);
                return ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "store_unavailable", "what is kept cannot be reached now; the log of the chat says more");
            default:
                services.Log.RequestFailed(exception, Shown(context.Request.Path));
                return ErrorAsync(context, StatusCodes.Status500InternalServerError, "internal_error", "a fault of the chat API itself; its log says more");
        }
    }

    private static Task ErrorAsync(HttpContext context, int status, string? code, string message, TimeSpan? retryAfter = null) =>
        OpenAiError.Concerns(context.Request.Path) ? OpenAiError.WriteAsync(context, status, code, message, retryAfter) : ChatReply.ErrorAsync(context, status, message, retryAfter);

    private static void WriteProblems(Utf8JsonWriter json, ImmutableArray<InputProblem> problems)
    {
        json.WriteStartObject();
        json.WriteStartArray("detail");
        foreach (InputProblem problem in problems)
            problem.Write(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Shown(string path) => path.Length <= 200 ? path : path[..200] + "…";
}
