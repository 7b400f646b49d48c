using System.Collections.Immutable;
using System.Globalization;
using Init.Base;
using Init.Chat.Keys;

namespace Init.Applets.Chat;

/// <summary>Limits of a key, as options say them.</summary>
internal static class KeyLimitsText
{
    public static readonly string[] Options = ["--users", "--models", "--rpm", "--tokens-per-minute", "--tokens-per-day", "--budget-per-day", "--budget-per-month", "--expires"];

    /// <param name="arguments">What is not said stays as it is; "none" takes a limit away.</param>
    /// <param name="before">As it is.</param>
    /// <param name="now">"30d" is counted from it.</param>
    /// <param name="problem">What is wrong; null: nothing.</param>
    public static ApiKeyLimits? Read(ChatArguments arguments, ApiKeyLimits before, DateTimeOffset now, out string? problem)
    {
        string? wrong = null;
        ApiKeyLimits limits = new()
        {
            Users = Names("--users", before.Users),
            Models = Names("--models", before.Models),
            RequestsPerMinute = Number("--rpm", before.RequestsPerMinute, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null),
            TokensPerMinute = Number("--tokens-per-minute", before.TokensPerMinute, Count),
            TokensPerDay = Number("--tokens-per-day", before.TokensPerDay, Count),
            BudgetPerDay = Number("--budget-per-day", before.BudgetPerDay, Money),
            BudgetPerMonth = Number("--budget-per-month", before.BudgetPerMonth, Money),
            Expires = Number("--expires", before.Expires, text => Durations.TryParse(text, out TimeSpan time) && time > TimeSpan.Zero
                ? now + time
                : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) ? at : null),
        };
        problem = wrong ?? limits.Problems().FirstOrDefault();
        return problem is null ? limits : null;

        ImmutableArray<string> Names(string option, ImmutableArray<string> otherwise) => arguments.Value(option) switch
        {
            null => otherwise,
            "none" => [],
            var text => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
        };

        T? Number<T>(string option, T? otherwise, Func<string, T?> read) where T : struct
        {
            if (arguments.Value(option) is not { } text)
                return otherwise;
            if (text == "none")
                return null;
            T? value = read(text);
            if (value is null)
                wrong ??= $"{option} takes {(option == "--expires" ? "a time from now as 30d, or a day as 2027-01-31" : "a number")}, or none; not \"{text}\"";
            return value;
        }

        static long? Count(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
        static decimal? Money(string text) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) ? number : null;
    }
}
