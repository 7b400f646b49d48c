using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Admin.Http;
using Init.Admin.Rest;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Init.Panel;

/// <summary>How the panel's interface reads and answers.</summary>
internal static class PanelReply
{
    public static Task ProblemAsync(HttpContext context, int status, string code, string detail) =>
        ProblemReply.WriteAsync(context, new Problem { Title = ReasonPhrases.GetReasonPhrase(status), Status = status, Code = code, Detail = detail });

    public static Task JsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        TextReply.WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type), status);

    public static Task TooManyAsync(HttpContext context, TimeSpan delay)
    {
        SetRetryAfter(context, delay);
        return ProblemAsync(context, StatusCodes.Status429TooManyRequests, "too_many_attempts", "too many attempts; wait before the next one");
    }

    /// <summary>In whole seconds, and never too early.</summary>
    public static void SetRetryAfter(HttpContext context, TimeSpan delay) =>
        context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <param name="error">Plain words; nothing in them needs escaping.</param>
    public static Task OriginalErrorAsync(HttpContext context, int status, string error) =>
        TextReply.WriteAsync(context, "application/json; charset=utf-8", $"{{\"error\":\"{error}\"}}\n", status);

    /// <summary>The body, at most as large as the server lets one be. Null: it could not be read.</summary>
    public static async Task<T?> TryReadAsync<T>(HttpContext context, JsonTypeInfo<T> type) where T : class
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        try
        {
            return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>As <see cref="TryReadAsync"/>, and null means that it has been answered.</summary>
    /// <param name="expected">What a body looks like, for people.</param>
    public static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, string expected) where T : class
    {
        T? value = await TryReadAsync(context, type);
        if (value is null)
            await ProblemAsync(context, StatusCodes.Status400BadRequest, "bad_request", $"cannot read the body; send {expected}");
        return value;
    }
}
