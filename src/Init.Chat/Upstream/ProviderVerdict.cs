using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>
/// What a refusal means: for the key that made the call, and for the client. What a user can bring about by what he asks must not rest a key, and providers quote what he has written: so words decide only where a status or a code has said enough.
/// </summary>
/// <param name="Outcome">For the pool.</param>
/// <param name="Status">For a client, if nobody else answers.</param>
/// <param name="Code">Likewise.</param>
internal sealed record ProviderVerdict(CallOutcome Outcome, int Status, string Code)
{
    /// <summary>The request is at fault; no other key is asked.</summary>
    public bool IsFinal => Outcome is CallOutcome.RequestRefused && Status != 404;

    /// <param name="status">Of HTTP.</param>
    /// <param name="retryAfter">As the headers say; null: they do not.</param>
    /// <param name="error">Its body.</param>
    public static ProviderVerdict Of(int status, TimeSpan? retryAfter, ProviderError error) => status switch
    {
        400 when error.Message.StartsWith("API key not valid", StringComparison.OrdinalIgnoreCase) => Refused(), // Google's 401.
        402 when Says(error, "fewer max_tokens") => RequestRefused(400), // OpenRouter: there is money, but not for so long an answer.
        403 when Says(error, "moderation", "flagged", "content_policy", "content policy") => RequestRefused(400),
        401 or 402 or 403 => Refused(), // 402: nothing is left on the account.
        429 when Says(error, "request too large") => RequestRefused(413), // OpenAI: larger than what may be said in a minute.
        429 => Limited(retryAfter, error),
        404 => RequestRefused(404),
        413 or 422 => RequestRefused(status),
        408 or 409 or 425 => Broken(504),
        >= 400 and < 500 => RequestRefused(400),
        503 or 529 when retryAfter is not null => new(new CallOutcome.RateLimited(retryAfter), 503, "upstream_error"), // It knows when it will be back.
        504 or 524 => Broken(504),
        _ => Broken(502),
    };

    /// <summary>Of an error that came with status 200. Its code may be the status that it should have had.</summary>
    public static ProviderVerdict OfAccepted(ProviderError error)
    {
        if (int.TryParse(error.Code, out int status) && status is >= 400 and < 600)
            return Of(status, null, error);
        return error.Code switch
        {
            "rate_limit_exceeded" or "rate_limit_error" or "rate_limit" or "too_many_requests" or "RESOURCE_EXHAUSTED" or "insufficient_quota" => Limited(null, error),
            "invalid_api_key" or "authentication_error" or "permission_error" => Refused(),
            "invalid_request_error" or "context_length_exceeded" or "invalid_request" => RequestRefused(400),
            _ => Broken(502),
        };
    }

    private static ProviderVerdict RequestRefused(int status) => new(new CallOutcome.RequestRefused(), status, status == 404 ? "model_not_found" : "invalid_request");

    private static ProviderVerdict Refused() => new(new CallOutcome.KeyRefused(), 502, "upstream_error");

    private static ProviderVerdict Broken(int status) => new(new CallOutcome.Broken(), status, status == 504 ? "upstream_timeout" : "upstream_error");

    /// <summary>
    /// Google says "quota" for the limit of a minute too, and its RetryInfo is short even for that of a day; OpenAI's insufficient_quota is money. What names the day is of the day; what names the minute, or when to
    /// come again, is not.
    /// </summary>
    private static ProviderVerdict Limited(TimeSpan? retryAfter, ProviderError error)
    {
        bool isOfTheDay = Says(error, "PerDay", "per day", "per_day", "daily", "insufficient_quota")
            || (Says(error, "quota") && retryAfter is null && error.Delay is null && !Says(error, "PerMinute", "per minute", "per_minute"));
        CallOutcome outcome = isOfTheDay ? new CallOutcome.QuotaSpent(retryAfter) : new CallOutcome.RateLimited(retryAfter ?? error.Delay);
        return new ProviderVerdict(outcome, 429, "rate_limited");
    }

    private static bool Says(ProviderError error, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (error.Text.Contains(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
