using System.Globalization;
using Init.Backup.History;

namespace Init.Backup.Tests.History;

public sealed class RevisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(2), "test", "test");

    [Theory]
    [InlineData("2h ago", "2026-11-20T12:00:00Z")]
    [InlineData("90 minutes ago", "2026-11-20T12:30:00Z")]
    [InlineData("1w ago", "2026-11-13T14:00:00Z")]
    [InlineData("2026-11-19 10:30", "2026-11-19T08:30:00Z")]
    [InlineData("2026-11-19 10:30Z", "2026-11-19T10:30:00Z")]
    [InlineData("2026-11-19", "2026-11-18T22:00:00Z")]
    public void Time_AsPeopleWriteIt_IsThatTime(string text, string expected) =>
        Assert.Equal(new Revision.Until(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture)), Revision.Parse(text, Now, Zone));

    [Theory]
    [InlineData("soon")]
    [InlineData("abc")] // Too short for a commit.
    [InlineData("2h")]
    [InlineData("99999999999h ago")]
    [InlineData("9999999999w ago")]
    [InlineData("2026-13-40")]
    [InlineData("--all")]
    [InlineData("")]
    public void Other_IsNone(string text) => Assert.Null(Revision.Parse(text, Now, Zone));

    [Fact]
    public void Commit_IsAPrefixOfHexadecimalDigits() => Assert.Equal(new Revision.Prefix("ab12"), Revision.Parse("AB12", Now, Zone));
}
