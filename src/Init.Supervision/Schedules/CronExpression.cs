using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Init.Supervision.Schedules;

/// <summary>
/// A crontab(5) time: minute, hour, day of month, month, day of week; lists, ranges, steps, names, and @hourly … @yearly.
/// </summary>
/// <remarks>
/// <para>
/// Days: when both day fields are restricted (neither begins with <c>*</c>), a day matches if either of them does; otherwise both
/// must match. That is Vixie cron's rule, and what people have in their crontabs.
/// </para>
/// <para>
/// Clock changes. An expression whose minute or hour begins with <c>*</c> runs on elapsed time: at every moment whose wall-clock
/// time matches, so in both passes of an hour that is repeated, and not at all for times that are skipped. Any other expression
/// means fixed times: a time in a repeated hour runs once, in the first pass; a time that is skipped runs once, at the first moment
/// after the gap (several skipped times of one expression run once together).
/// </para>
/// </remarks>
public sealed class CronExpression
{
    /// <summary>Longest text that is looked at.</summary>
    public const int LengthMax = 512;

    /// <summary>
    /// How far ahead a match is sought. The rarest possible date, a 29 February on one given weekday, comes back within 40 years.
    /// </summary>
    public const int SearchYearsMax = 50;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Stride = TimeSpan.FromDays(1);

    private static readonly string[] MonthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private static readonly FieldRule MinuteRule = new("minute", 0, 59, []);
    private static readonly FieldRule HourRule = new("hour", 0, 23, []);
    private static readonly FieldRule DayRule = new("day of month", 1, 31, []);
    private static readonly FieldRule MonthRule = new("month", 1, 12, MonthNames);
    private static readonly FieldRule WeekdayRule = new("day of week", 0, 7, DayNames);

    private readonly string _text;
    private readonly Field _minutes;
    private readonly Field _hours;
    private readonly Field _days;
    private readonly Field _months;
    private readonly Field _weekdays;

    private CronExpression(string text, Field minutes, Field hours, Field days, Field months, Field weekdays)
    {
        _text = text;
        _minutes = minutes;
        _hours = hours;
        _days = days;
        _months = months;
        _weekdays = weekdays;
    }

    /// <summary>True: the expression means fixed times of the wall clock; false: it runs on elapsed time (see the remarks).</summary>
    public bool HasFixedTimes => !_minutes.IsStar && !_hours.IsStar;

    /// <summary>Reads an expression; on failure <paramref name="error"/> names the field and what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? expression, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        expression = null;
        if (text.Length > LengthMax)
        {
            error = $"is longer than {LengthMax} characters";
            return false;
        }

        string trimmed = text.Trim();
        string? fields = trimmed.StartsWith('@') ? ExpandNickname(trimmed) : trimmed;
        if (fields is null)
        {
            error = $"\"{trimmed}\" is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually";
            return false;
        }

        string[] parts = fields.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 5)
        {
            error = $"has {parts.Length} fields instead of 5 (minute, hour, day of month, month, day of week)";
            return false;
        }

        if (!Field.TryParse(parts[0], MinuteRule, out Field minutes, out error) ||
            !Field.TryParse(parts[1], HourRule, out Field hours, out error) ||
            !Field.TryParse(parts[2], DayRule, out Field days, out error) ||
            !Field.TryParse(parts[3], MonthRule, out Field months, out error) ||
            !Field.TryParse(parts[4], WeekdayRule, out Field weekdays, out error))
        {
            return false;
        }

        // 0 and 7 are both Sunday.
        if (weekdays.Has(7))
            weekdays = weekdays with { Bits = (weekdays.Bits | 1) & 0x7F };

        CronExpression candidate = new(trimmed, minutes, hours, days, months, weekdays);
        if (!candidate.HasAnyDate)
        {
            error = "names a date that never comes (no such day in any of its months)";
            return false;
        }

        expression = candidate;
        error = null;
        return true;
    }

    /// <summary>
    /// The first run strictly after <paramref name="after"/>, with the zone's offset at that moment; null when there is none within
    /// <see cref="SearchYearsMax"/> years or before the calendar ends.
    /// </summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);

        // Works through time in strides short enough to hold one clock change at most; within a stride, or the part of it before
        // a change, the offset is constant and the wall clock is simple arithmetic.
        DateTime cursor = FloorToMinute(after.UtcDateTime);
        DateTime horizon = cursor.Year > DateTime.MaxValue.Year - SearchYearsMax - 1
            ? DateTime.SpecifyKind(DateTime.MaxValue.Date.AddDays(-2), DateTimeKind.Utc)
            : cursor.AddYears(SearchYearsMax);

        while (cursor < horizon)
        {
            DateTime end = cursor + Stride;
            TimeSpan offset = zone.GetUtcOffset(cursor);
            DateTime? change = zone.GetUtcOffset(end) == offset ? null : FindChange(zone, cursor, end);
            DateTime last = change is null ? end : change.Value - Minute;

            if (FirstMatch(cursor + offset + Minute, last + offset, offset, zone) is { } local)
                return new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), offset);

            if (change is { } at)
            {
                TimeSpan offsetAfter = zone.GetUtcOffset(at);
                bool skipped = offsetAfter > offset && HasFixedTimes && FirstLocalMatch(at + offset, at + offsetAfter - Minute) is not null;
                if (skipped || (MatchesLocal(at + offsetAfter) && !(HasFixedTimes && IsSecondPass(at, offsetAfter, zone))))
                    return new DateTimeOffset(at).ToOffset(offsetAfter);

                cursor = at;
            }
            else
            {
                cursor = end;
            }
        }

        return null;
    }

    /// <summary>The text it was read from.</summary>
    public override string ToString() => _text;

    private static string? ExpandNickname(string text) => text.ToLowerInvariant() switch
    {
        "@hourly" => "0 * * * *",
        "@daily" or "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" or "@annually" => "0 0 1 1 *",
        _ => null,
    };

    private static DateTime FloorToMinute(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerMinute), time.Kind);

    /// <summary>The first minute of (from, to] at which the offset is no longer that of <paramref name="from"/>.</summary>
    private static DateTime FindChange(TimeZoneInfo zone, DateTime from, DateTime to)
    {
        TimeSpan offset = zone.GetUtcOffset(from);
        while (to - from > Minute)
        {
            DateTime middle = FloorToMinute(from + ((to - from) / 2));
            if (zone.GetUtcOffset(middle) == offset)
                from = middle;
            else
                to = middle;
        }

        return to;
    }

    /// <summary>The first local minute of [from, to] that matches and counts, all of them at the same offset.</summary>
    private DateTime? FirstMatch(DateTime from, DateTime to, TimeSpan offset, TimeZoneInfo zone)
    {
        for (DateTime? local = FirstLocalMatch(from, to); local is { } match; local = FirstLocalMatch(match + Minute, to))
        {
            DateTime utc = DateTime.SpecifyKind(match - offset, DateTimeKind.Utc);
            if (!HasFixedTimes || !IsSecondPass(utc, offset, zone))
                return match;
        }

        return null;
    }

    /// <summary>True when the wall clock has already shown this time, before it was set back.</summary>
    private static bool IsSecondPass(DateTime utc, TimeSpan offset, TimeZoneInfo zone)
    {
        if (utc < DateTime.MinValue + (Stride * 2))
            return false;

        DateTime earlier = utc - Stride;
        if (zone.GetUtcOffset(earlier) <= offset)
            return false;

        DateTime change = FindChange(zone, earlier, utc);
        return utc + offset < change + zone.GetUtcOffset(earlier);
    }

    private DateTime? FirstLocalMatch(DateTime from, DateTime to)
    {
        for (DateTime day = from.Date; day <= to; day += Stride)
        {
            if (!MatchesDay(day))
                continue;

            int firstHour = day == from.Date ? from.Hour : 0;
            for (int hour = _hours.NextFrom(firstHour); hour < 24; hour = _hours.NextFrom(hour + 1))
            {
                int firstMinute = day == from.Date && hour == from.Hour ? from.Minute : 0;
                int minute = _minutes.NextFrom(firstMinute);
                if (minute >= 60)
                    continue;

                DateTime match = day.AddMinutes((hour * 60) + minute);
                return match <= to ? match : null;
            }
        }

        return null;
    }

    private bool MatchesLocal(DateTime local) => MatchesDay(local.Date) && _hours.Has(local.Hour) && _minutes.Has(local.Minute);

    private bool MatchesDay(DateTime day)
    {
        if (!_months.Has(day.Month))
            return false;

        bool byDate = _days.Has(day.Day);
        bool byWeekday = _weekdays.Has((int)day.DayOfWeek);
        return _days.IsStar || _weekdays.IsStar ? byDate && byWeekday : byDate || byWeekday;
    }

    private bool HasAnyDate
    {
        get
        {
            if (!_days.IsStar && !_weekdays.IsStar)
                return true;

            for (int month = 1; month <= 12; month++)
            {
                // 2000 is a leap year: a 29 February is rare, and it does come.
                if (_months.Has(month) && _days.NextFrom(1) <= DateTime.DaysInMonth(2000, month))
                    return true;
            }

            return false;
        }
    }

    private sealed record FieldRule(string Name, int Min, int Max, string[] Names);

    /// <param name="Bits">Bit n is set when the value n is included.</param>
    /// <param name="IsStar">The field begins with "*", also as in "*/5".</param>
    private readonly record struct Field(ulong Bits, bool IsStar)
    {
        public bool Has(int value) => (Bits >> value & 1) != 0;

        /// <summary>The smallest included value that is at least <paramref name="value"/>; 64 when there is none.</summary>
        public int NextFrom(int value) => value >= 64 ? 64 : BitOperations.TrailingZeroCount(Bits & (ulong.MaxValue << value));

        public static bool TryParse(string text, FieldRule rule, out Field field, [NotNullWhen(false)] out string? error)
        {
            field = default;
            ulong bits = 0;
            foreach (string item in text.Split(','))
            {
                if (!TryParseItem(item, rule, ref bits, out error))
                    return false;
            }

            field = new Field(bits, text[0] == '*');
            error = null;
            return true;
        }

        private static bool TryParseItem(string item, FieldRule rule, ref ulong bits, [NotNullWhen(false)] out string? error)
        {
            int step = 1;
            string range = item;
            int slash = item.IndexOf('/', StringComparison.Ordinal);
            if (slash >= 0)
            {
                range = item[..slash];
                if (!int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out step) || step is < 1 or > 100)
                {
                    error = $"{rule.Name}: the step in \"{item}\" must be a number from 1 to 100";
                    return false;
                }

                if (range != "*" && !range.Contains('-', StringComparison.Ordinal))
                {
                    error = $"{rule.Name}: the step in \"{item}\" needs a range or * before it";
                    return false;
                }
            }

            int first = rule.Min;
            int last = rule == WeekdayRule ? 6 : rule.Max;
            if (range != "*")
            {
                string[] ends = range.Split('-');
                if (ends.Length > 2 || !TryParseValue(ends[0], rule, out first) || !TryParseValue(ends[^1], rule, out last))
                {
                    error = $"{rule.Name}: \"{item}\" is not {Describe(rule)}";
                    return false;
                }

                // "fri-sun" means what it says, though Sunday's number is 0.
                if (rule == WeekdayRule && ends.Length == 2 && last == 0 && first > 0)
                    last = 7;

                if (last < first)
                {
                    error = $"{rule.Name}: the range \"{range}\" ends before it begins";
                    return false;
                }
            }

            for (int value = first; value <= last; value += step)
                bits |= 1UL << value;

            error = null;
            return true;
        }

        private static bool TryParseValue(string text, FieldRule rule, out int value)
        {
            int named = Array.FindIndex(rule.Names, name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
            if (named >= 0)
            {
                value = named + rule.Min;
                return true;
            }

            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= rule.Min && value <= rule.Max;
        }

        private static string Describe(FieldRule rule) => rule.Names.Length == 0
            ? $"a number from {rule.Min} to {rule.Max}"
            : $"a number from {rule.Min} to {rule.Max} or a name from {rule.Names[0]} to {rule.Names[^1]}";
    }
}
