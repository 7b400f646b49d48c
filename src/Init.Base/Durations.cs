using System.Buffers;
using System.Globalization;

namespace Init.Base;

/// <summary>Durations as people write them: "500ms", "10s", "2m", "1h30m".</summary>
public static class Durations
{
    /// <summary>Longest unit first. A duration may be at most <see cref="Max"/>.</summary>
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)), ("us", TimeSpan.FromMicroseconds(1)),
    ];

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Ten years; longer is a mistake.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(3650);

    /// <summary>
    /// Reads one or more numbers, each with a unit (us, ms, s, m, h, d), from the longest unit to the shortest; a fraction such
    /// as "1.5s" is allowed. The result is 0 .. <see cref="Max"/>.
    /// </summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.IsEmpty)
            return false;

        TimeSpan lastUnit = TimeSpan.MaxValue;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
                return false;

            rest = rest[digits..];
            int letters = rest.IndexOfAnyExceptInRange('a', 'z');
            string unit = (letters < 0 ? rest : rest[..letters]).ToString();
            rest = letters < 0 ? [] : rest[letters..];
            TimeSpan length = Array.Find(Units, known => known.Unit == unit).Length;
            if (length == TimeSpan.Zero || length >= lastUnit || value > Max.Ticks / (decimal)length.Ticks)
                return false;

            lastUnit = length;
            duration += TimeSpan.FromTicks((long)(value * length.Ticks));
        }

        return duration <= Max;
    }

    /// <summary>The shortest exact text, such as "1m30s"; parts of a microsecond are dropped.</summary>
    public static string Text(TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero)
            return "0s";

        string text = "";
        long left = duration.Ticks;
        foreach (var (unit, length) in Units)
        {
            long count = left / length.Ticks;
            left %= length.Ticks;
            if (count > 0)
                text += count.ToString(CultureInfo.InvariantCulture) + unit;
        }

        return text.Length == 0 ? "0s" : text;
    }
}
