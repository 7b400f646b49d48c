using System.Net;
using Init.Chat.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Init.Chat.Keys;

/// <summary>
/// Lets in, by the door that is published, who has a key: <c>Authorization: Bearer KEY</c> or <c>X-API-Key: KEY</c>. A good key is found before any limit on bad ones is looked at, so strangers cannot keep its owner out. No key, good or bad,
/// is ever written anywhere.
/// </summary>
public sealed class KeyGate(KeyRing keys, TimeProvider clock) : IKeyGate
{
    private readonly FailedTries _failed = new();

    public void Admit(ChatCall call)
    {
        HttpContext context = call.Context;
        ReadOnlySpan<char> text = KeyOf(context.Request.Headers, out bool isSaid);
        KeyShape shape = ApiKeyText.ShapeOf(text);
        if (shape != KeyShape.Whole || keys.Find(text) is not { } key)
            throw Unknown(context, isSaid, shape);
        if (key.Problem(clock.GetUtcNow()) is { } problem)
            throw Failed(context, problem, "invalid_api_key");

        KeyGrant grant = new(key, key.Limits!, keys, clock);
        grant.TakeRequest();
        call.Key = grant;
    }

    private RefusedException Unknown(HttpContext context, bool isSaid, KeyShape shape) => (isSaid, shape) switch
    {
        (false, _) => Failed(context, "an API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY", "missing_api_key"),
        (_, KeyShape.Mistyped) => Failed(context, "this API key is mistyped or cut off: its checksum is wrong", "invalid_api_key"),
        _ => Failed(context, "this API key is not known", "invalid_api_key"),
    };

    private RefusedException Failed(HttpContext context, string problem, string code)
    {
        TimeSpan wait = _failed.Note(AddressOf(context), keys.Now);
        context.Response.Headers.Connection = "close"; // Whatever body comes with it is not read.
        if (wait > TimeSpan.Zero)
            return new RefusedException(StatusCodes.Status429TooManyRequests, "too many requests without a valid API key") { Code = "rate_limit_exceeded", RetryAfter = wait };
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return new RefusedException(StatusCodes.Status401Unauthorized, problem) { Code = code };
    }

    private static ReadOnlySpan<char> KeyOf(IHeaderDictionary headers, out bool isSaid)
    {
        const string Bearer = "Bearer ";
        if (headers.Authorization is { Count: 1 } authorization && authorization[0] is { } value && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            isSaid = true;
            return value.AsSpan(Bearer.Length).Trim();
        }

        isSaid = headers.TryGetValue("X-API-Key", out StringValues plain) && plain.Count == 1;
        return isSaid ? plain[0].AsSpan().Trim() : default;
    }

    /// <summary>By the unix socket comes the gateway alone, which says who is behind it.</summary>
    private static IPAddress? AddressOf(HttpContext context) =>
        context.Connection.RemoteIpAddress ?? (IPAddress.TryParse(context.Request.Headers["X-Real-IP"].ToString(), out IPAddress? client) ? client : null);
}
