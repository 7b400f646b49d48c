using System.Collections.Immutable;
using System.Globalization;

namespace Init.Chat.Variables;

/// <summary>Who asks, and with which settings.</summary>
/// <param name="UserId">As in the path of the request.</param>
/// <param name="UserName">What the user is called.</param>
/// <param name="ModelType">Of the answer that is to come; "nomodel" when there is none.</param>
/// <param name="TimeZone">From UTC, less than a day either way.</param>
public sealed record VariableSubject(string UserId, string UserName, string ModelType, TimeSpan TimeZone);

/// <summary>The bot.</summary>
/// <param name="Name">What it calls itself.</param>
/// <param name="Birthday">The day of its making.</param>
/// <param name="Version">Of this program.</param>
public sealed record VariableBot(string Name, DateOnly Birthday, string Version);

/// <summary>The variables that are always there: those of the original, with its names, words and spellings.</summary>
public static class BuiltInVariables
{
    /// <param name="subject">Who asks.</param>
    /// <param name="bot">Who answers.</param>
    /// <param name="now">The present. Days are those of the subject's time zone; the original's were the server's.</param>
    /// <param name="random">For what is drawn by lot.</param>
    public static ImmutableDictionary<string, Variable> For(VariableSubject subject, VariableBot bot, DateTimeOffset now, Random random)
    {
        DateTimeOffset local = now.ToOffset(TimeSpan.Zero) + subject.TimeZone; // An offset of seconds is none that DateTimeOffset has.
        DateOnly today = DateOnly.FromDateTime(local.DateTime);
        return ImmutableDictionary<string, Variable>.Empty.AddRange(
        [
            new("user_id", subject.UserId),
            new("user_name", subject.UserName),
            new("model_type", subject.ModelType),
            new("botname", bot.Name),
            new("version", bot.Version),
            new("birthday", string.Create(CultureInfo.InvariantCulture, $"{bot.Birthday.Year}.{bot.Birthday.Month}.{bot.Birthday.Day}")),
            new("zodiac", ZodiacOf(bot.Birthday)),
            new("age", VariableValue.Of(AgeAt(today, bot.Birthday))),
            new("BirthdayCountdown", CountdownAt(today, bot)),
            new("time", new Variable.Function(arguments => arguments.IsEmpty ? VariableValue.Of(TimeText(local, subject.TimeZone)) : throw new VariableException($"takes no arguments, and got {arguments.Length}"))),
            new("random", new Variable.Function(arguments => VariableValue.Of(WholeNumber(arguments, random)))),
            new("randfloat", new Variable.Function(arguments => VariableValue.Of(Fraction(arguments, random)))),
            new("randchoice", new Variable.Function(arguments => arguments.IsEmpty ? throw new VariableException("takes one or more things to choose from, and got none") : VariableValue.Of(arguments[random.Next(arguments.Length)]))),
        ]);
    }

    /// <summary>strftime's <c>%Y-%m-%d %H:%M:%S %Z</c>, with Python's names of zones that have none: "UTC+05:30".</summary>
    private static string TimeText(DateTimeOffset local, TimeSpan zone)
    {
        string offset = zone == TimeSpan.Zero ? "" : (zone < TimeSpan.Zero ? "-" : "+") + zone.ToString(zone.Seconds == 0 ? @"hh\:mm" : @"hh\:mm\:ss", CultureInfo.InvariantCulture);
        return local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC" + offset;
    }

    private static long AgeAt(DateOnly today, DateOnly birthday) => today.Year - birthday.Year - (today < BirthdayIn(today.Year, birthday) ? 1 : 0);

    private static string CountdownAt(DateOnly today, VariableBot bot)
    {
        DateOnly next = BirthdayIn(today.Year, bot.Birthday);
        if (next == today)
            return $"🎉 今天是{bot.Name}生日，Happy Birthday!";
        if (next < today)
            next = BirthdayIn(today.Year + 1, bot.Birthday);
        return string.Create(CultureInfo.InvariantCulture, $"⏳ 距离{bot.Name}生日还有：{next.DayNumber - today.DayNumber}天");
    }

    /// <summary>Who was born on 29 February has it on 1 March in common years.</summary>
    private static DateOnly BirthdayIn(int year, DateOnly birthday) =>
        birthday is { Month: 2, Day: 29 } && !DateTime.IsLeapYear(year) ? new DateOnly(year, 3, 1) : new DateOnly(year, birthday.Month, birthday.Day);

    private static string ZodiacOf(DateOnly day) => ((day.Month * 100) + day.Day) switch
    {
        < 120 => "摩羯座",
        < 219 => "水瓶座",
        < 321 => "双鱼座",
        < 420 => "白羊座",
        < 521 => "金牛座",
        < 622 => "双子座",
        < 723 => "巨蟹座",
        < 823 => "狮子座",
        < 923 => "处女座",
        < 1024 => "天秤座",
        < 1123 => "天蝎座",
        < 1222 => "射手座",
        _ => "摩羯座",
    };

    /// <summary>Both ends are among the numbers.</summary>
    private static long WholeNumber(ImmutableArray<string> arguments, Random random)
    {
        if (arguments.Length != 2)
            throw new VariableException($"takes two whole numbers, and got {arguments.Length} arguments");
        long from = Whole(arguments[0]), to = Whole(arguments[1]);
        if (from > to)
            throw new VariableException($"takes the smaller number first: {from} is larger than {to}");
        return to == long.MaxValue ? random.NextInt64(from, to) : random.NextInt64(from, to + 1);
    }

    private static double Fraction(ImmutableArray<string> arguments, Random random)
    {
        if (arguments.Length != 2)
            throw new VariableException($"takes two numbers, and got {arguments.Length} arguments");
        double from = Number(arguments[0]), to = Number(arguments[1]);
        return from + ((to - from) * random.NextDouble()); // As random.uniform(a, b), in either order.
    }

    private static long Whole(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : throw new VariableException($"takes whole numbers, and \"{Shown(text)}\" is none");

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) <= 1e300 ? number : throw new VariableException($"takes numbers, and \"{Shown(text)}\" is none");

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
