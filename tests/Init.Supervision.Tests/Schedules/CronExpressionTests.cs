using Init.Supervision.Schedules;

namespace Init.Supervision.Tests.Schedules;

public class CronExpressionTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("0 4 * * *", "2026-03-01T04:00Z", "2026-03-02T04:00Z")]
    [InlineData("0 4 * * *", "2026-03-01T03:59:59Z", "2026-03-01T04:00Z")]
    [InlineData("*/15 * * * *", "2026-03-01T03:59:59Z", "2026-03-01T04:00Z")]
    [InlineData("*/15 * * * *", "2026-03-01T04:00:30Z", "2026-03-01T04:15Z")]
    [InlineData("5-59/20 1,3 * * *", "2026-03-01T01:46Z", "2026-03-01T03:05Z")]
    [InlineData("0 0 29 2 *", "2026-03-01T00:00Z", "2028-02-29T00:00Z")]
    [InlineData("0 0 29 2 *", "2096-03-01T00:00Z", "2104-02-29T00:00Z")] // 2100 is no leap year
    [InlineData("0 0 31 * *", "2026-03-31T00:00Z", "2026-05-31T00:00Z")]
    [InlineData("0 0 * * mon", "2026-11-21T00:00Z", "2026-11-23T00:00Z")]
    [InlineData("0 0 * * 7", "2026-11-21T00:00Z", "2026-11-22T00:00Z")]
    [InlineData("0 0 * * 0", "2026-11-21T00:00Z", "2026-11-22T00:00Z")]
    [InlineData("0 0 * * fri-sun", "2026-11-21T00:00Z", "2026-11-22T00:00Z")]
    [InlineData("0 0 * JAN,dec *", "2026-11-21T00:00Z", "2026-12-01T00:00Z")]
    [InlineData("@hourly", "2026-11-21T10:00Z", "2026-11-21T11:00Z")]
    [InlineData("@daily", "2026-11-21T10:00Z", "2026-11-22T00:00Z")]
    [InlineData("@weekly", "2026-11-21T10:00Z", "2026-11-22T00:00Z")]
    [InlineData("@monthly", "2026-11-21T10:00Z", "2026-12-01T00:00Z")]
    [InlineData("@Yearly", "2026-11-21T10:00Z", "2027-01-01T00:00Z")]
    // Both day fields restricted: either is enough (13 November 2026 is a Friday, the 20th is one too).
    [InlineData("0 0 13 * fri", "2026-11-13T00:00Z", "2026-11-20T00:00Z")]
    [InlineData("0 0 13 * fri", "2026-12-11T00:00Z", "2026-12-13T00:00Z")]
    // One of them begins with *: both must match.
    [InlineData("0 0 */13 * fri", "2026-11-13T00:00Z", "2026-11-27T00:00Z")]
    public void Next_InUtc_IsTheFirstMatchAfter(string text, string after, string expected)
    {
        CronExpression cron = Parse(text);

        DateTimeOffset? next = cron.Next(DateTimeOffset.Parse(after), TimeZoneInfo.Utc);

        Assert.Equal(DateTimeOffset.Parse(expected), next);
    }

    // Europe/Berlin: 2026-03-29 02:00 CET becomes 03:00 CEST; 2026-10-25 03:00 CEST becomes 02:00 CET.
    [Theory]
    // A fixed time in the gap runs at the first moment after it, once, and is back to normal the next day.
    [InlineData("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z")]
    [InlineData("30 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:30Z")]
    [InlineData("0,15,45 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z")]
    [InlineData("0,15,45 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:00Z")]
    [InlineData("30 2 * * *", "2026-03-29T00:59:59Z", "2026-03-29T01:00Z")]
    // A fixed time just at the end of the gap is not run twice.
    [InlineData("30 2,3 * * *", "2026-03-29T01:00Z", "2026-03-29T01:30Z")]
    // With a wildcard it runs on elapsed time: the skipped hour has no moments.
    [InlineData("*/30 2 * * *", "2026-03-28T12:00Z", "2026-03-30T00:00Z")]
    [InlineData("30 * * * *", "2026-03-29T00:30Z", "2026-03-29T01:30Z")]
    // A fixed time in the repeated hour runs in its first pass only.
    [InlineData("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z")]
    [InlineData("30 2 * * *", "2026-10-25T00:30Z", "2026-10-26T01:30Z")]
    [InlineData("0 2 * * *", "2026-10-25T00:00Z", "2026-10-26T01:00Z")]
    // With a wildcard it runs in both.
    [InlineData("30 * * * *", "2026-10-25T00:30Z", "2026-10-25T01:30Z")]
    [InlineData("*/30 2 * * *", "2026-10-25T00:30Z", "2026-10-25T01:00Z")]
    [InlineData("*/30 2 * * *", "2026-10-25T01:30Z", "2026-10-26T01:00Z")]
    public void Next_WhenClocksChange_FollowsTheRules(string text, string after, string expected)
    {
        CronExpression cron = Parse(text);

        DateTimeOffset? next = cron.Next(DateTimeOffset.Parse(after), Berlin);

        Assert.Equal(DateTimeOffset.Parse(expected), next);
        Assert.Equal(Berlin.GetUtcOffset(next!.Value), next.Value.Offset);
    }

    [Fact]
    public void Next_WhenAWholeDayIsSkipped_RunsAtTheFirstMomentAfterIt()
    {
        // Samoa went from 29 to 31 December 2011, over the date line.
        TimeZoneInfo apia = TimeZoneInfo.FindSystemTimeZoneById("Pacific/Apia");

        DateTimeOffset? next = Parse("0 12 30 12 *").Next(DateTimeOffset.Parse("2011-12-29T00:00Z"), apia);

        Assert.Equal(DateTimeOffset.Parse("2011-12-31T00:00+14:00"), next);
    }

    [Fact]
    public void Next_AtTheEndOfTheCalendar_IsNull()
    {
        Assert.Null(Parse("0 0 29 2 *").Next(DateTimeOffset.MaxValue, TimeZoneInfo.Utc));
        Assert.Null(Parse("* * * * *").Next(DateTimeOffset.MaxValue, Berlin));
    }

    [Theory]
    [InlineData("", "has 0 fields instead of 5 (minute, hour, day of month, month, day of week)")]
    [InlineData("* * * *", "has 4 fields instead of 5 (minute, hour, day of month, month, day of week)")]
    [InlineData("0 0 0 * * *", "has 6 fields instead of 5 (minute, hour, day of month, month, day of week)")]
    [InlineData("60 * * * *", "minute: \"60\" is not a number from 0 to 59")]
    [InlineData("* 24 * * *", "hour: \"24\" is not a number from 0 to 23")]
    [InlineData("* * 0 * *", "day of month: \"0\" is not a number from 1 to 31")]
    [InlineData("* * * foo *", "month: \"foo\" is not a number from 1 to 12 or a name from jan to dec")]
    [InlineData("* * * * 8", "day of week: \"8\" is not a number from 0 to 7 or a name from sun to sat")]
    [InlineData("* * * * mon-", "day of week: \"mon-\" is not a number from 0 to 7 or a name from sun to sat")]
    [InlineData("1-2-3 * * * *", "minute: \"1-2-3\" is not a number from 0 to 59")]
    [InlineData("-1 * * * *", "minute: \"-1\" is not a number from 0 to 59")]
    [InlineData("1,,2 * * * *", "minute: \"\" is not a number from 0 to 59")]
    [InlineData("*/0 * * * *", "minute: the step in \"*/0\" must be a number from 1 to 100")]
    [InlineData("*/ * * * *", "minute: the step in \"*/\" must be a number from 1 to 100")]
    [InlineData("5/10 * * * *", "minute: the step in \"5/10\" needs a range or * before it")]
    [InlineData("* 22-4 * * *", "hour: the range \"22-4\" ends before it begins")]
    [InlineData("0 0 30 2 *", "names a date that never comes (no such day in any of its months)")]
    [InlineData("0 0 31 feb,apr,jun,sep,nov *", "names a date that never comes (no such day in any of its months)")]
    [InlineData("@reboot", "\"@reboot\" is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually")]
    public void TryParse_WhenWrong_NamesTheField(string text, string expected)
    {
        Assert.False(CronExpression.TryParse(text, out CronExpression? cron, out string? error));
        Assert.Null(cron);
        Assert.Equal(expected, error);
    }

    [Fact]
    public void TryParse_WhenTooLong_IsRefused() =>
        Assert.False(CronExpression.TryParse(new string('1', CronExpression.LengthMax + 1), out _, out _));

    [Fact]
    public void TryParse_WhenAnImpossibleDateMayAlsoBeAWeekday_IsAccepted() =>
        Assert.Equal(DateTimeOffset.Parse("2027-02-01T00:00Z"), Parse("0 0 30 2 mon").Next(DateTimeOffset.Parse("2026-11-21T00:00Z"), TimeZoneInfo.Utc));

    /// <summary>Every run in windows around clock changes, against a scan of every minute that knows nothing of strides and searches.</summary>
    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-24T00:00Z")]
    [InlineData("America/New_York", "2026-03-07T12:00Z")]
    [InlineData("America/New_York", "2026-10-31T12:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-03T12:00Z")] // a change of half an hour
    [InlineData("Australia/Lord_Howe", "2026-10-02T12:00Z")]
    [InlineData("Pacific/Apia", "2011-12-29T00:00Z")] // a day that does not exist
    [InlineData("Europe/Moscow", "2014-10-25T00:00Z")] // the zone itself changed, not its summer time
    [InlineData("America/Sao_Paulo", "2018-11-03T00:00Z")] // a gap at midnight
    [InlineData("Asia/Shanghai", "2026-02-27T00:00Z")]
    [InlineData("UTC", "2026-02-27T00:00Z")]
    public void Next_AgainstANaiveScan_FindsTheSameRuns(string zoneName, string start)
    {
        TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(zoneName);
        DateTimeOffset from = DateTimeOffset.Parse(start);
        DateTimeOffset to = from.AddDays(3);
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int i = 0; i < 60; i++)
        {
            string text = i < 6 ? new[] { "* * * * *", "0 * * * *", "30 1,2 * * *", "0,30 0-3 * * *", "*/7 2 * * *", "15 0 * * *" }[i] : RandomExpression(random);
            if (!CronExpression.TryParse(text, out CronExpression? cron, out _))
                continue;

            List<DateTimeOffset> expected = NaiveScan(text, zone, from, to);
            List<DateTimeOffset> actual = [];
            for (DateTimeOffset? next = cron.Next(from, zone); next is { } run && run <= to; next = cron.Next(run, zone))
                actual.Add(run.ToUniversalTime());

            Assert.True(expected.SequenceEqual(actual), $"\"{text}\" in {zoneName}, seed {seed}:\n{string.Join("\n", expected.Except(actual).Take(5))}\nmissing;\n{string.Join("\n", actual.Except(expected).Take(5))}\nsurplus");
        }
    }

    [Fact]
    public void TryParse_OfAnything_NeverThrowsAndNextMovesForward()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        string[] pieces = ["*", "/", "-", ",", " ", "0", "7", "59", "31", "2", "mon", "feb", "@daily", "@", "x", "\t", "99999999999", "é"];
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 16)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (!CronExpression.TryParse(text, out CronExpression? cron, out string? error))
            {
                Assert.False(string.IsNullOrEmpty(error), $"seed {seed}: \"{text}\"");
                continue;
            }

            DateTimeOffset after = new(2000, 1, 1, 0, 0, random.Next(60), TimeSpan.Zero);
            Assert.True(cron.Next(after, Berlin) > after, $"seed {seed}: \"{text}\"");
        }
    }

    private static CronExpression Parse(string text)
    {
        Assert.True(CronExpression.TryParse(text, out CronExpression? cron, out string? error), error);
        return cron;
    }

    private static string RandomExpression(Random random)
    {
        return string.Join(' ', Field(0, 59), Field(0, 5), random.Next(3) == 0 ? Field(1, 31) : "*", "*", random.Next(3) == 0 ? Field(0, 7) : "*");

        string Field(int min, int max)
        {
            int low = random.Next(min, max + 1);
            return random.Next(5) switch
            {
                0 => "*",
                1 => $"*/{random.Next(1, 20)}",
                2 => $"{low}-{random.Next(low, max + 1)}",
                3 => $"{low},{random.Next(min, max + 1)}",
                _ => $"{low}",
            };
        }
    }

    /// <summary>The rules as the docs state them, tried on every minute.</summary>
    private static List<DateTimeOffset> NaiveScan(string text, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset to)
    {
        string[] fields = text.Split(' ');
        bool isFixed = !fields[0].StartsWith('*') && !fields[1].StartsWith('*');
        HashSet<DateTime> shown = [];
        List<DateTimeOffset> runs = [];

        // Begins two days early, to know which wall-clock times have been shown before.
        DateTime previous = default;
        for (DateTimeOffset at = from.AddDays(-2); at <= to; at = at.AddMinutes(1))
        {
            DateTime local = at.UtcDateTime + zone.GetUtcOffset(at);
            local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
            bool isFirst = shown.Add(local);
            bool runsNow = Matches(local) && (isFirst || !isFixed);
            if (isFixed && previous != default)
            {
                for (DateTime skipped = previous.AddMinutes(1); skipped < local; skipped = skipped.AddMinutes(1))
                    runsNow |= Matches(skipped);
            }

            previous = local;
            if (runsNow && at > from)
                runs.Add(at);
        }

        return runs;

        bool Matches(DateTime local)
        {
            bool byDay = Has(fields[2], local.Day, 1, 31);
            bool byWeekday = Has(fields[4], (int)local.DayOfWeek, 0, 6) || (local.DayOfWeek == DayOfWeek.Sunday && Has(fields[4], 7, 0, 6));
            bool either = !fields[2].StartsWith('*') && !fields[4].StartsWith('*');
            return Has(fields[0], local.Minute, 0, 59) && Has(fields[1], local.Hour, 0, 23) && (either ? byDay || byWeekday : byDay && byWeekday);
        }

        static bool Has(string field, int value, int min, int max)
        {
            foreach (string item in field.Split(','))
            {
                string[] stepped = item.Split('/');
                int step = stepped.Length == 2 ? int.Parse(stepped[1]) : 1;
                string[] ends = stepped[0].Split('-');
                int low = stepped[0] == "*" ? min : int.Parse(ends[0]);
                int high = stepped[0] == "*" ? max : int.Parse(ends[^1]);
                if (value >= low && value <= high && (value - low) % step == 0)
                    return true;
            }

            return false;
        }
    }
}
