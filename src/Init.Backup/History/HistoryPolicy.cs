namespace Init.Backup.History;

/// <summary>A commit, and when its files were as it has them.</summary>
public readonly record struct HistoryCommit(string Id, DateTimeOffset At);

/// <summary>Which commits are kept: all that are young, then one for each day, then one for each week, and no more than fit.</summary>
/// <param name="Keep">The age up to which all are kept.</param>
/// <param name="Daily">The age up to which the last of each day (UTC) is kept.</param>
/// <param name="Weekly">The age up to which the last of each week (from Monday, UTC) is kept.</param>
/// <param name="BytesMax">Of all that is kept; the oldest go first.</param>
public sealed record HistoryPolicy(TimeSpan Keep, TimeSpan Daily, TimeSpan Weekly, long BytesMax)
{
    /// <summary>Kept whatever their age: a clock that was wrong for a moment must not cost the history.</summary>
    public const int CountMin = 10;

    public static HistoryPolicy Default { get; } = new(TimeSpan.FromHours(48), TimeSpan.FromDays(30), TimeSpan.FromDays(366), 2_000_000_000);

    /// <param name="commits">Newest first.</param>
    /// <param name="now">The wall clock, as in the commits' dates.</param>
    /// <returns>Those that are kept, newest first. What is kept today and is not too old tomorrow is kept tomorrow.</returns>
    public IReadOnlyList<HistoryCommit> Choose(IReadOnlyList<HistoryCommit> commits, DateTimeOffset now)
    {
        HashSet<long> days = [];
        HashSet<long> weeks = [];
        List<HistoryCommit> kept = [];
        for (int i = 0; i < commits.Count; i++)
        {
            TimeSpan age = now - commits[i].At;
            long day = commits[i].At.UtcTicks / TimeSpan.TicksPerDay; // Day 0 was a Monday.
            bool isLastOfDay = days.Add(day);
            bool isLastOfWeek = weeks.Add(day / 7);
            if (i < CountMin || age <= Keep || (age <= Daily && isLastOfDay) || (age <= Weekly && isLastOfWeek))
                kept.Add(commits[i]);
        }

        return kept;
    }

    /// <summary>How many of the newest fit; at least one.</summary>
    /// <param name="bytesOfNewest">Bytes of so many of the newest, together.</param>
    public int Fit(int count, Func<int, long> bytesOfNewest)
    {
        if (count <= 1 || bytesOfNewest(count) <= BytesMax)
            return count;

        int fits = 1, tooMany = count;
        while (tooMany - fits > 1)
        {
            int middle = (fits + tooMany) / 2;
            if (bytesOfNewest(middle) <= BytesMax)
                fits = middle;
            else
                tooMany = middle;
        }

        return fits;
    }
}
