using System.Globalization;

namespace Init.Chat.Upstream;

/// <summary>When a provider says that it may be asked again.</summary>
internal static class RetryAfter
{
    /// <param name="retryAfter">"Retry-After": seconds (some write fractions) or a date; null: there is none.</param>
    /// <param name="milliseconds">"retry-after-ms", which comes first: it says it more exactly.</param>
    /// <param name="now">The wall clock, for a date.</param>
    /// <returns>Null: it says nothing that can be used.</returns>
    public static TimeSpan? Of(string? retryAfter, string? milliseconds, DateTimeOffset now)
    {
        if (Number(milliseconds) is { } thousandths)
            return TimeSpan.FromMilliseconds(thousandths);
        if (Number(retryAfter) is { } seconds)
            return TimeSpan.FromSeconds(seconds);
        return DateTimeOffset.TryParseExact(retryAfter?.Trim(), ["r", "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            && date > now
            ? date - now
            : null;
    }

    /// <summary>A time as Google's RetryInfo has it: "37s", "1.5s".</summary>
    public static TimeSpan? OfDelay(string? delay) => delay is [.. var number, 's'] && Number(number) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e9 ? number : null;
}
