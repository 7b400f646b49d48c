using System.Text;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Http;

/// <summary>A whole body at once, with its length: so an HTTP/1.0 client keeps its connection too.</summary>
public static class TextReply
{
    public static Task WriteAsync(HttpContext context, string contentType, string text, int status = StatusCodes.Status200OK) =>
        WriteAsync(context, contentType, Encoding.UTF8.GetBytes(text), status);

    public static async Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff"; // A stranger's text in it stays data.
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
