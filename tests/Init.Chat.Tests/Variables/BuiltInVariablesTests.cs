using System.Globalization;
using Init.Chat.Variables;

namespace Init.Chat.Tests.Variables;

public sealed class BuiltInVariablesTests
{
    private static readonly VariableBot Bot = new("Repeater", new DateOnly(2024, 6, 28), "4.0");

    [Theory]
    [InlineData("{user_id}/{user_name}/{model_type}", "7/Bob/chat")]
    [InlineData("{botname} {version}", "Repeater 4.0")]
    [InlineData("{birthday}", "2024.6.28")]
    [InlineData("{zodiac}", "巨蟹座")]
    [InlineData("{time}", "1970-01-01 08:00:00 UTC+08:00")]
    [InlineData("{time x}", "[PromptPV Error | time]: takes no arguments, and got 1")]
    public void Variable_IsAsTheOriginalHasIt(string text, string expected) => Assert.Equal(expected, Expand(text, DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData(0, "1970-01-01 00:00:00 UTC")]
    [InlineData(5.5, "1970-01-01 05:30:00 UTC+05:30")]
    [InlineData(-3, "1969-12-31 21:00:00 UTC-03:00")]
    [InlineData(0.01, "1970-01-01 00:00:36 UTC+00:00:36")]
    public void Time_NamesItsZone(double hours, string expected) => Assert.Equal(expected, Expand("{time}", DateTimeOffset.UnixEpoch, hours));

    [Theory]
    [InlineData("2026-06-27T15:59:59Z", 8, "1", "⏳ 距离Repeater生日还有：1天")]
    [InlineData("2026-06-27T16:00:00Z", 8, "2", "🎉 今天是Repeater生日，Happy Birthday!")]
    [InlineData("2026-06-27T16:00:00Z", 0, "1", "⏳ 距离Repeater生日还有：1天")]
    [InlineData("2026-06-29T00:00:00Z", 0, "2", "⏳ 距离Repeater生日还有：364天")]
    public void Birthday_IsByTheDayOfTheUser(string now, double hours, string age, string countdown)
    {
        DateTimeOffset at = DateTimeOffset.Parse(now, CultureInfo.InvariantCulture);

        Assert.Equal(age, Expand("{age}", at, hours));
        Assert.Equal(countdown, Expand("{BirthdayCountdown}", at, hours));
    }

    [Theory]
    [InlineData("2027-03-01T00:00:00Z", "🎉 今天是Repeater生日，Happy Birthday!", "3")]
    [InlineData("2028-02-29T00:00:00Z", "🎉 今天是Repeater生日，Happy Birthday!", "4")]
    [InlineData("2028-02-28T00:00:00Z", "⏳ 距离Repeater生日还有：1天", "3")]
    public void Birthday_OnTheLeapDay_IsTheFirstOfMarchInCommonYears(string now, string countdown, string age)
    {
        VariableExpander expander = new(BuiltInVariables.For(new("7", "Bob", "chat", TimeSpan.Zero), Bot with { Birthday = new DateOnly(2024, 2, 29) }, DateTimeOffset.Parse(now, CultureInfo.InvariantCulture), new Random(1)));

        Assert.Equal(countdown + age, expander.Expand("{BirthdayCountdown}{age}").Text);
    }

    [Theory]
    [InlineData(1, 19, "摩羯座")]
    [InlineData(1, 20, "水瓶座")]
    [InlineData(2, 29, "双鱼座")]
    [InlineData(3, 21, "白羊座")]
    [InlineData(12, 21, "射手座")]
    [InlineData(12, 22, "摩羯座")]
    public void Zodiac_ChangesOnItsDays(int month, int day, string expected)
    {
        var variables = BuiltInVariables.For(new("7", "Bob", "chat", TimeSpan.Zero), Bot with { Birthday = new DateOnly(2024, month, day) }, DateTimeOffset.UnixEpoch, new Random(1));

        Assert.Equal(expected, new VariableExpander(variables).Expand("{zodiac}").Text);
    }

    [Fact]
    public void Random_HasBothEnds()
    {
        HashSet<string> seen = [.. Enumerable.Range(0, 200).Select(seed => Expand("{random -1 1}", DateTimeOffset.UnixEpoch, random: new Random(seed)))];

        Assert.Equal(["-1", "0", "1"], seen.Order(StringComparer.Ordinal));
        Assert.Equal(long.MaxValue.ToString(CultureInfo.InvariantCulture), Expand($"{{random {long.MaxValue - 0} {long.MaxValue}}}", DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void RandomChoice_IsOneOfThem()
    {
        HashSet<string> seen = [.. Enumerable.Range(0, 200).Select(seed => Expand("{randchoice a 'b c'}", DateTimeOffset.UnixEpoch, random: new Random(seed)))];

        Assert.Equal(["a", "b c"], seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{random 5}", "random]: takes two whole numbers")]
    [InlineData("{random a b}", "random]: takes whole numbers, and \"a\" is none")]
    [InlineData("{random 9 1}", "random]: takes the smaller number first")]
    [InlineData("{randchoice}", "randchoice]: takes one or more")]
    [InlineData("{randfloat 1 nan}", "randfloat]: takes numbers, and \"nan\" is none")]
    [InlineData("{randfloat 1}", "randfloat]: takes two numbers")]
    public void Function_WithWrongArguments_SaysSoInItsPlace(string text, string expected) => Assert.StartsWith("[PromptPV Error | " + expected, Expand(text, DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1, "1.0")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(0.000012345, "1.2345e-05")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(9007199254740993, "9007199254740992.0")]
    [InlineData(1e23, "1e+23")]
    [InlineData(1.5e300, "1.5e+300")]
    [InlineData(0, "0.0")]
    public void Fraction_IsWrittenAsPythonDoes(double value, string expected) => Assert.Equal(expected, VariableValue.Of(value).Text);

    [Theory]
    [InlineData("a\n\n\n\nb\n \n\t\nc\n\n", "a\n\nb\n \nc\n\n")]
    [InlineData("", "")]
    [InlineData("\n\n", "\n")]
    [InlineData("a", "a")]
    public void BlankLines_InARow_AreOne(string text, string expected) => Assert.Equal(expected, BlankLines.Limit(text));

    private static string Expand(string text, DateTimeOffset now, double hours = 8, Random? random = null) =>
        new VariableExpander(BuiltInVariables.For(new VariableSubject("7", "Bob", "chat", TimeSpan.FromHours(hours)), Bot, now, random ?? new Random(1))).Expand(text).Text;
}
