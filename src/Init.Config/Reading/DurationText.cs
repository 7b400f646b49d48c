using System.Buffers;
using System.Globalization;
using System.Text;

namespace Init.Config.Reading;

/// <summary>Durations as text with units: "500ms", "1.5s", "2m", "1h30m", "7d". "0" needs no unit.</summary>
public static class DurationText
{
    /// <summary>Ten years; a longer time is a slip of the pen.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(3650);

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Ticks)[] Units =
    [
        ("us", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest is "0")
            return true;

        decimal total = 0;
        bool any = false;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits is <= 0 or > 20 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
                return false;

            rest = rest[digits..];
            int letters = rest.IndexOfAnyExceptInRange('a', 'z');
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            decimal factor = 0;
            foreach (var (name, ticks) in Units)
            {
                if (unit.SequenceEqual(name))
                    factor = ticks;
            }

            // The number is bounded before it is multiplied, so nothing overflows.
            if (factor == 0 || number > Max.Ticks / factor)
                return false;

            total += number * factor;
            rest = rest[unit.Length..].TrimStart();
            any = true;
        }

        if (!any || total > Max.Ticks)
            return false;

        // Whole microseconds, so that every duration has a text.
        duration = TimeSpan.FromTicks((long)total / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond);
        return true;
    }

    /// <summary>The shortest text that reads back as the same duration: "1h30m", "500ms", "0s".</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
            return "0s";

        StringBuilder text = new();
        long ticks = duration.Ticks;
        for (int i = Units.Length - 1; i >= 0; i--)
        {
            var (unit, factor) = Units[i];
            long count = ticks / (long)factor;
            if (count == 0)
                continue;

            text.Append(count).Append(unit);
            ticks -= count * (long)factor;
        }

        return text.ToString();
    }
}
