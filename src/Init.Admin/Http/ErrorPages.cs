using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Init.Admin.Http;

/// <summary>Outermost of all: gives every error a body, and turns an exception into one.</summary>
public static partial class ErrorPages
{
    public static async Task CompleteAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        HttpResponse response = context.Response;
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception)
        {
            // Too large a body, or one that came too slowly or broken.
            if (response.HasStarted)
                context.Abort();
            else
                await ErrorReply.WriteAsync(context, exception.StatusCode, exception.Message);
            return;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            return; // The client has gone.
        }
        catch (Exception exception)
        {
            log.RequestFailed(exception, context.Request.Method, context.Request.Path);
            if (response.HasStarted)
                context.Abort();
            else
                await ErrorReply.WriteAsync(context, StatusCodes.Status500InternalServerError, "an error in the gateway; its log says more");
            return;
        }

        if (!response.HasStarted && response.StatusCode >= 400 && response.ContentLength is null && response.ContentType is null)
            await ErrorReply.WriteAsync(context, response.StatusCode, DetailOf(response.StatusCode));
    }

    private static string DetailOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "nothing is here",
        StatusCodes.Status405MethodNotAllowed => "this path has no such method; Allow lists those it has",
        _ => "the request could not be carried out",
    };

    [LoggerMessage(EventId = 20, Level = LogLevel.Error, Message = "cannot answer {Method} {Path}")]
    private static partial void RequestFailed(this ILogger logger, Exception exception, string method, PathString path);
}
