using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Chat.Http;
using Init.Chat.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Manage;

/// <summary>Reads what is asked for below /manage, and writes the answers.</summary>
internal static class ManageRequest
{
    private const int BodyBytesMax = 256 << 10;

    /// <exception cref="RefusedException">400: it is not what it should be; 413.</exception>
    public static async Task<T> ReadAsync<T>(ChatCall call, JsonTypeInfo<T> type) where T : class
    {
        using PooledBytes body = new();
        await body.FillAsync(call.Context.Request.Body, call.Gone);
        if (body.Memory.Length > BodyBytesMax)
            throw new RefusedException(StatusCodes.Status413PayloadTooLarge, $"the body is larger than {BodyBytesMax >> 10} KiB");
        try
        {
            return JsonSerializer.Deserialize(body.Memory.Span, type) ?? throw Wrong("$: must be an object");
        }
        catch (JsonException exception)
        {
            throw Wrong($"{exception.Path ?? "$"}: is not known, or not of the right kind (docs/reference/chat-manage.md)");
        }
    }

    public static Task WriteAsync<T>(ChatCall call, T answer, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        ChatReply.BytesAsync(call.Context, ChatReply.Json, JsonSerializer.SerializeToUtf8Bytes(answer, type), status);

    public static string? Text(ChatCall call, string name) => call.Context.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <exception cref="RefusedException">400.</exception>
    public static long Number(ChatCall call, string name, long otherwise, long max)
    {
        if (Text(call, name) is not { } text)
            return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= max ? number : throw Wrong($"{name}: must be a number from 0 to {max}");
    }

    /// <summary>A day (UTC), or a moment as ISO 8601.</summary>
    /// <exception cref="RefusedException">400.</exception>
    public static DateTimeOffset? Time(ChatCall call, string name)
    {
        if (Text(call, name) is not { } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : throw Wrong($"{name}: must be a day as 2026-11-22, or a time as 2026-11-22T10:00:00Z");
    }

    public static bool Flag(ChatCall call, string name) => Text(call, name) is "true" or "1" or "yes";

    public static RefusedException Wrong(string problem) => new(StatusCodes.Status400BadRequest, problem) { Code = "invalid_request" };

    public static RefusedException Missing(string what) => new(StatusCodes.Status404NotFound, what);
}
