using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http;

/// <summary>Writes answers. JSON is compact and keeps every character as it is, as the original's.</summary>
public static class ChatReply
{
    public const string Json = "application/json", Plain = "text/plain; charset=utf-8";

    public static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task TextAsync(ChatCall call, string text, string contentType = Plain) => BytesAsync(call.Context, contentType, Encoding.UTF8.GetBytes(text), StatusCodes.Status200OK);

    public static Task JsonAsync(ChatCall call, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) => JsonAsync(call.Context, write, status);

    public static Task JsonAsync(HttpContext context, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) => BytesAsync(context, Json, ToJson(write), status);

    /// <summary><c>{"detail": "..."}</c>.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string detail, TimeSpan? retryAfter = null)
    {
        if (retryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return JsonAsync(
            context,
            json =>
            {
                json.WriteStartObject();
                json.WriteString("detail", detail);
                json.WriteEndObject();
            },
            status);
    }

    public static byte[] ToJson(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, JsonOptions))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static async Task BytesAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body, int status)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
