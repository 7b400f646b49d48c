using Init.Backup.History;

namespace Init.Backup.Tests.History;

public sealed class HistoryPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 14, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Choose_WhenABackupIsMadeEveryHourForTwoYears_KeepsHoursThenDaysThenWeeks()
    {
        List<HistoryCommit> all = Hourly(Now, 2 * 365 * 24);

        IReadOnlyList<HistoryCommit> kept = HistoryPolicy.Default.Choose(all, Now);

        Assert.Equal(all[0], kept[0]);
        Assert.Equal(49, kept.Count(commit => Now - commit.At <= TimeSpan.FromHours(48)));
        TimeSpan[] ages = [.. kept.Select(commit => Now - commit.At)];
        Assert.Equal(28, ages.Count(age => age > TimeSpan.FromDays(2) && age <= TimeSpan.FromDays(30)));
        Assert.InRange(ages.Count(age => age > TimeSpan.FromDays(30)), 47, 49);
        Assert.All(ages, age => Assert.True(age <= TimeSpan.FromDays(366)));
        Assert.All(kept.Where(commit => Now - commit.At > TimeSpan.FromDays(2)), commit => Assert.Equal(23, commit.At.Hour)); // The last of its day.
        Assert.All(kept.Where(commit => Now - commit.At > TimeSpan.FromDays(30)), commit => Assert.Equal(DayOfWeek.Sunday, commit.At.DayOfWeek));
    }

    [Fact]
    public void Choose_WhenItIsDoneEachDay_KeepsTheSameAsDoneOnce()
    {
        List<HistoryCommit> kept = [];
        List<HistoryCommit> all = Hourly(Now, 100 * 24);
        for (int day = 100; day >= 0; day--)
        {
            DateTimeOffset today = Now - TimeSpan.FromDays(day);
            HashSet<string> known = [.. kept.Select(commit => commit.Id)];
            DateTimeOffset newest = kept.Count > 0 ? kept[0].At : DateTimeOffset.MinValue;
            kept = [.. HistoryPolicy.Default.Choose([.. all.Where(commit => commit.At <= today && (commit.At > newest || known.Contains(commit.Id)))], today)];
        }

        Assert.Equal(HistoryPolicy.Default.Choose(all, Now).Where(commit => commit.At >= Now - TimeSpan.FromDays(99)), kept.Where(commit => commit.At >= Now - TimeSpan.FromDays(99)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(4000)]
    public void Choose_WhenTheClockIsWrongByDays_KeepsTheNewest(int days)
    {
        List<HistoryCommit> all = Hourly(Now, 300);
        IReadOnlyList<HistoryCommit> kept = HistoryPolicy.Default.Choose(all, Now + TimeSpan.FromDays(days));
        Assert.Equal(all.Take(HistoryPolicy.CountMin), kept.Take(HistoryPolicy.CountMin));
    }

    [Theory]
    [InlineData(10, 1000, 10)]
    [InlineData(10, 50, 5)]
    [InlineData(10, 59, 5)]
    [InlineData(10, 3, 1)]
    [InlineData(1, 3, 1)]
    public void Fit_WhenTheBudgetIsSmall_KeepsTheNewestThatFit(int count, long budget, int expected) =>
        Assert.Equal(expected, (HistoryPolicy.Default with { BytesMax = budget }).Fit(count, newest => newest * 10));

    private static List<HistoryCommit> Hourly(DateTimeOffset newest, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new HistoryCommit($"{i}", newest - TimeSpan.FromHours(i)))];
}
