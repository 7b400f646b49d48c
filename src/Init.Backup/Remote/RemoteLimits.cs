namespace Init.Backup.Remote;

/// <summary>What is asked of a remote at most, and how long it may be silent. There is no limit for a whole transfer: a large one over a slow line is not a failure.</summary>
public sealed record RemoteLimits
{
    /// <summary>Bytes of objects in one push. GitHub takes 2 GB; the estimate is by size on disk, hence the distance.</summary>
    public long PushBytesMax { get; init; } = 1_610_612_736;

    /// <summary>Without a sign of life in a transfer.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For a question with a short answer, until its first sign of life.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the owner of a lease has to answer a challenge.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Between two looks while waiting for that.</summary>
    public TimeSpan LeaseLookEvery { get; init; } = TimeSpan.FromSeconds(5);
}
