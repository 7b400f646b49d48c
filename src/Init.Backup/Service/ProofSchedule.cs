using Init.Config;

namespace Init.Backup.Service;

/// <param name="OpenedAt">When the role had restored what there was.</param>
/// <param name="ProvedAt">The last proof that succeeded, of whatever kind; null: none.</param>
/// <param name="FullyProvedAt">The last full one that succeeded.</param>
/// <param name="AttemptAt">The last one that was begun by this process; null: none.</param>
public sealed record ProofFacts(DateTimeOffset OpenedAt, DateTimeOffset? ProvedAt, DateTimeOffset? FullyProvedAt, DateTimeOffset? AttemptAt);

/// <param name="At">When it is to be made.</param>
/// <param name="Full">Of all files.</param>
public sealed record NextProof(DateTimeOffset At, bool Full);

/// <summary>When it is proved that the backups can be restored. Wall-clock time: the last proof may be of before a restart.</summary>
public static class ProofSchedule
{
    /// <summary>From the start of a role that knows of no proof to its first one.</summary>
    private static readonly TimeSpan First = TimeSpan.FromMinutes(10);

    /// <summary>From a proof that failed to the next attempt.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);

    /// <returns>Null: none is wanted.</returns>
    public static NextProof? Next(BackupVerification policy, ProofFacts facts, DateTimeOffset now)
    {
        DateTimeOffset? sample = policy.SampleEvery == TimeSpan.Zero ? null
            : Last(facts.ProvedAt, now) is { } last ? last + policy.SampleEvery
            : facts.OpenedAt + Shorter(First, policy.SampleEvery);
        DateTimeOffset? full = policy.FullEvery == TimeSpan.Zero ? null : (Last(facts.FullyProvedAt, now) ?? facts.OpenedAt) + policy.FullEvery;
        if (sample is null && full is null)
            return null;

        // One that is due together with a full one is part of it.
        bool isFull = full is not null && (sample is null || full <= sample || full <= now);
        DateTimeOffset at = isFull ? full!.Value : sample!.Value;
        DateTimeOffset earliest = facts.AttemptAt is { } attempt ? Last(attempt, now)!.Value + Shorter(Again, isFull ? policy.FullEvery : policy.SampleEvery) : DateTimeOffset.MinValue;
        return new NextProof(at > earliest ? at : earliest, isFull);
    }

    /// <returns>What people should know; null when proofs are as young as was asked for.</returns>
    public static string? Warning(BackupVerification policy, ProofFacts facts, DateTimeOffset now)
    {
        if (policy.SampleEvery > TimeSpan.Zero && now - (Last(facts.ProvedAt, now) ?? facts.OpenedAt) is var age && age > policy.SampleEvery * 2)
            return $"for {Describe(age)} it was not proved that the backup can be restored; verify.sample_every asks for every {Describe(policy.SampleEvery)}";
        return policy.FullEvery > TimeSpan.Zero && now - (Last(facts.FullyProvedAt, now) ?? facts.OpenedAt) is var whole && whole > policy.FullEvery * 2
            ? $"for {Describe(whole)} it was not proved that all of the backup can be restored; verify.full_every asks for every {Describe(policy.FullEvery)}"
            : null;
    }

    /// <summary>A clock that was ahead and has been set back must not put proofs off.</summary>
    private static DateTimeOffset? Last(DateTimeOffset? time, DateTimeOffset now) => time > now ? now : time;

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string Describe(TimeSpan span) => span.TotalDays >= 2 ? $"{span.TotalDays:0} days" : span.TotalHours >= 2 ? $"{span.TotalHours:0} hours" : span.TotalMinutes >= 2 ? $"{span.TotalMinutes:0} minutes" : $"{span.TotalSeconds:0} s";
}
