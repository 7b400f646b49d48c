using System.Globalization;
using System.Text.RegularExpressions;
using Init.Backup.Store;

namespace Init.Backup.History;

/// <summary>How a person names a backup.</summary>
public abstract partial record Revision
{
    private const int PrefixMin = 4;

    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm",
    ];

    private Revision() { }

    /// <summary>The last one.</summary>
    public sealed record Latest : Revision;

    /// <param name="Hex">The beginning of a commit's id, or all of it.</param>
    public sealed record Prefix(string Hex) : Revision;

    /// <summary>The last one that was made until then.</summary>
    public sealed record Until(DateTimeOffset At) : Revision;

    /// <param name="text">"latest", 4 to 40 hexadecimal digits, "2026-11-20", "2026-11-20 14:00" with an optional Z, or "2h ago" (s, m, h, d, w).</param>
    /// <param name="now">What "ago" counts from.</param>
    /// <param name="zone">Of a time without Z.</param>
    /// <returns>Null when it is none of these.</returns>
    public static Revision? Parse(string text, DateTimeOffset now, TimeZoneInfo zone)
    {
        text = text.Trim();
        if (text is "latest" or "HEAD")
            return new Latest();
        if (text.Length is >= PrefixMin and <= 40 && text.All(char.IsAsciiHexDigit))
            return new Prefix(text.ToLowerInvariant());
        if (Ago().Match(text) is { Success: true } ago)
            return long.TryParse(ago.Groups["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && Before(now, count, ago.Groups["unit"].Value[0]) is { } at ? new Until(at) : null;

        bool isUtc = text.EndsWith('Z');
        return DateTime.TryParseExact(isUtc ? text[..^1] : text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            ? new Until(new DateTimeOffset(time, isUtc ? TimeSpan.Zero : zone.GetUtcOffset(time)))
            : null;
    }

    /// <returns>The whole id; null when the store has no such backup.</returns>
    public string? In(BackupStore store)
    {
        switch (this)
        {
            case Prefix { Hex: var hex }:
                // A branch could be called so, too.
                string? found = store.Git.Run(GitRunner.ShortTime, [1, 128], "rev-parse", "--verify", "--quiet", hex + "^{commit}");
                return found?.StartsWith(hex, StringComparison.Ordinal) == true ? found : null;
            case Until { At: var at } when store.Head() is not null:
                string last = store.Git.Run(GitRunner.ShortTime, [], "rev-list", "--max-count=1", $"--min-age={at.ToUnixTimeSeconds()}", $"refs/heads/{store.Branch}")!;
                return last.Length > 0 ? last : null;
            default:
                return store.Head();
        }
    }

    private static DateTimeOffset? Before(DateTimeOffset now, long count, char unit)
    {
        const long SecondsMax = 100L * 366 * 86_400;
        long each = unit switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 7 * 86_400 };
        return count <= SecondsMax / each ? now - TimeSpan.FromSeconds(count * each) : null;
    }

    [GeneratedRegex("^(?<count>[0-9]{1,10}) ?(?<unit>s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?) ago$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ago();
}
