using Init.Base;
using Init.Config.Reading;

namespace Init.Config.Tests.Reading;

public class SmallPartsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1h 30m", 5_400_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("250us", 0.25)]
    [InlineData(" 10s ", 10_000)]
    public void Duration_OfAValidText_IsRead(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.FromMicroseconds(milliseconds * 1000), duration);
        Assert.True(DurationText.TryParse(DurationText.Format(duration), out TimeSpan again));
        Assert.Equal(duration, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("10 s")]
    [InlineData("-1s")]
    [InlineData("1S")]
    [InlineData("1w")]
    [InlineData("1..5s")]
    [InlineData(".s")]
    [InlineData("1s2")]
    [InlineData("99999999999999999999999999999999s")]
    [InlineData("3651d")]
    [InlineData("3650d1us")]
    public void Duration_OfAWrongText_IsRefused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData("comand", "command")]
    [InlineData("ocmmand", "command")]
    [InlineData("Command", "command")]
    [InlineData("restrat", "restart")]
    [InlineData("umsak", "umask")]
    [InlineData("niec", "nice")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    [InlineData("completely_else", null)]
    public void Suggestion_IsTheNearestKnownWord(string word, string? expected) =>
        Assert.Equal(expected, Suggestion.Nearest(word, ["command", "restart", "umask", "nice", "requires"]));

    [Theory]
    [InlineData("abc", "abc", 0)]
    [InlineData("abc", "acb", 1)]
    [InlineData("abc", "ab", 1)]
    [InlineData("abc", "xabc", 1)]
    [InlineData("abc", "axc", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void Suggestion_Distance_CountsSwapsAsOne(string a, string b, int expected) => Assert.Equal(expected, Suggestion.Distance(a, b));

    [Theory]
    [InlineData("*.toml", "a.toml", true)]
    [InlineData("*.toml", ".hidden.toml", false)]
    [InlineData(".*.toml", ".hidden.toml", true)]
    [InlineData("*.toml", "a.tom", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a[bx]c", "abc", true)]
    [InlineData("a[!bx]c", "abc", false)]
    [InlineData("a[a-c]c", "abc", true)]
    [InlineData("a[]]c", "a]c", true)]
    [InlineData("a[c", "a[c", true)]
    [InlineData("*a*b*c*", "xxaxxbxxcxx", true)]
    [InlineData("*a*b*c", "xxaxxbxxcxx", false)]
    [InlineData("program.*", "program.fatal", true)]
    [InlineData("**", "", true)]
    public void Glob_MatchesAsAShellDoes(string pattern, string name, bool expected) => Assert.Equal(expected, GlobPattern.Matches(pattern, name));

    [Theory]
    [InlineData("1000", true)]
    [InlineData("1000:1000", true)]
    [InlineData("nobody", true)]
    [InlineData("www-data:adm", true)]
    [InlineData("", false)]
    [InlineData(":", false)]
    [InlineData("a:b:c", false)]
    [InlineData("a b", false)]
    [InlineData("4294967295", false)]
    [InlineData("99999999999", false)]
    [InlineData("-1", false)]
    public void User_IsIdOrNameWithAnOptionalGroup(string text, bool expected) => Assert.Equal(expected, NameRules.IsUser(text));
}
