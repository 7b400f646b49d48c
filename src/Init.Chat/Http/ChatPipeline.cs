using Init.Admin.Http.Access;
using Init.Chat.Generation;
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
            connection?.RequestEnded();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        switch (router.Find(context.Request.Method, target))
        {
            case RouteMatch.Found found:
                await found.Handler(new ChatCall(context, services, context.Features.GetRequiredFeature<ChatListener>().Door, found.Values));
                break;
            case RouteMatch.WrongMethod wrong:
                context.Response.Headers.Allow = string.Join(", ", wrong.Allow);
                await ChatReply.ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
                break;
            default:
                await ChatReply.ErrorAsync(context, StatusCodes.Status404NotFound, "Not Found");
                break;
        }
    }

    private Task ExplainAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case RefusedException refusal:
                return ChatReply.ErrorAsync(context, refusal.Status, refusal.Message, refusal.RetryAfter);
            case GeneratorBusyException busy:
                return ChatReply.ErrorAsync(context, StatusCodes.Status429TooManyRequests, busy.Message, busy.RetryAfter);
            case UpstreamException upstream:
                return ChatReply.ErrorAsync(context, upstream.Status, upstream.Message, upstream.RetryAfter);
            case BadHttpRequestException bad:
                return ChatReply.ErrorAsync(context, bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? $"the body is larger than {services.Options.BodyLimit} ([chat] body_limit)" : bad.Message);
            case StoreException store:
                services.Log.StoreFailed(store.Message);
                return ChatReply.ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "what is kept cannot be reached now; the log of the chat says more");
            default:
                services.Log.RequestFailed(exception, Shown(context.Request.Path));
                return ChatReply.ErrorAsync(context, StatusCodes.Status500InternalServerError, "a fault of the chat API itself; its log says more");
        }
    }

    private static string Shown(string path) => path.Length <= 200 ? path : path[..200] + "…";
}
