using System.Globalization;
using System.Text;
using System.Text.Json;
using Init.Chat.Http;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.OpenAi;

/// <summary>Errors in the form that OpenAI's clients read, with the headers that decide whether they try again.</summary>
internal static class OpenAiError
{
    /// <summary>Everything below it has errors of this form.</summary>
    public static bool Concerns(PathString path) => path.StartsWithSegments("/v1", StringComparison.Ordinal);

    /// <param name="context">Of the request; its answer has not begun.</param>
    /// <param name="status">400 to 599.</param>
    /// <param name="code">For programs; null: what the status says.</param>
    /// <param name="message">For people; no secret is in it.</param>
    /// <param name="retryAfter">Null: not known.</param>
    public static Task WriteAsync(HttpContext context, int status, string? code, string message, TimeSpan? retryAfter)
    {
        PutHeaders(context.Response, code, status, retryAfter);
        return ChatReply.JsonAsync(context, json => Write(json, status, code, message), status);
    }

    /// <summary>The provider's own words, as they are.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string providerBody)
    {
        PutHeaders(context.Response, code, status, null);
        return ChatReply.BytesAsync(context, ChatReply.Json, Encoding.UTF8.GetBytes(providerBody), status);
    }

    /// <summary>As an event of a stream that has begun well.</summary>
    public static byte[] ToEvent(int status, string? code, string message) => [.. "data: "u8, .. ChatReply.ToJson(json => Write(json, status, code, message)), .. "\n\n"u8];

    private static void PutHeaders(HttpResponse response, string? code, int status, TimeSpan? retryAfter)
    {
        if (retryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Max(1, (long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        }

        // Clients try again after 408, 409, 429 and 5xx, unless this says otherwise. A spent budget is not back in a few seconds, and a provider that took too long was paid for it.
        if (code is "insufficient_quota" or "upstream_timeout")
            response.Headers["x-should-retry"] = "false";
        else if (status == StatusCodes.Status429TooManyRequests)
            response.Headers["x-should-retry"] = "true";
    }

    private static void Write(Utf8JsonWriter json, int status, string? code, string message)
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, message);
        json.WriteString("type"u8, TypeOf(status, code));
        json.WriteNull("param"u8);
        json.WriteString("code"u8, code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string TypeOf(int status, string? code) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status429TooManyRequests => code == "insufficient_quota" ? code : "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
