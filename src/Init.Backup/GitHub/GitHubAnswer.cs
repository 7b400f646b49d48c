using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Init.Backup.GitHub;

/// <summary>What the API answered, whole.</summary>
internal sealed record GitHubAnswer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>GitHub's own words, and no more of them than fit in a line.</summary>
    public string Message
    {
        get
        {
            const int MessageMax = 300;
            string text;
            try
            {
                using var document = JsonDocument.Parse(Body);
                text = GitHubJson.Text(document.RootElement, "message") ?? "";
                if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array)
                    text += string.Concat(errors.EnumerateArray().Select(error => $"; {GitHubJson.Text(error, "code")} {GitHubJson.Text(error, "field")} {GitHubJson.Text(error, "message")}".TrimEnd()));
            }
            catch (JsonException)
            {
                text = "";
            }

            text = new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter).Take(MessageMax)]);
            return $"{(int)Status}{(text.Length > 0 ? " " + text : "")}";
        }
    }

    /// <summary>Whether it says that there were too many requests, and not that we may not.</summary>
    public bool IsLimited =>
        Status == HttpStatusCode.TooManyRequests
        || (Status == HttpStatusCode.Forbidden && (Header("Retry-After") is not null || Header("X-RateLimit-Remaining") == "0" || Message.Contains("rate limit", StringComparison.OrdinalIgnoreCase)));

    /// <summary>How long to wait: Retry-After, or else when the limit is lifted; null when it does not say. By GitHub's clock: ours may be wrong.</summary>
    public TimeSpan? RetryAfter
    {
        get
        {
            const long SecondsMax = 24 * 3600;
            string? text = Header("Retry-After");
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
                return TimeSpan.FromSeconds(Math.Min(seconds, SecondsMax));
            if (Date is not { } date)
                return null;

            long until;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                until = at.ToUnixTimeSeconds();
            else if (Header("X-RateLimit-Remaining") != "0" || !long.TryParse(Header("X-RateLimit-Reset"), NumberStyles.None, CultureInfo.InvariantCulture, out until))
                return null;
            return TimeSpan.FromSeconds(Math.Clamp(until - date.ToUnixTimeSeconds() + 1, 1, SecondsMax));
        }
    }

    public DateTimeOffset? Date =>
        DateTimeOffset.TryParse(Header("Date"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date : null;

    /// <exception cref="Remote.RemoteException">It is not what GitHub answers.</exception>
    public T Read<T>(Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new Remote.RemoteException(Remote.RemoteProblem.Failed, $"cannot read what GitHub answered: {exception.Message}; is github_api the address of an API of GitHub?");
        }
    }
}
