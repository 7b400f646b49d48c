using Init.Base;

namespace Init.Backup.Service;

/// <param name="Interval">Between two looks for changes.</param>
/// <param name="Quiet">How long nothing may change before a noticed change is backed up.</param>
/// <param name="QuietMax">After this it is backed up although more change.</param>
/// <param name="Pace">The least time from the beginning of one run to that of the next: a remote wants no more.</param>
/// <param name="RetryFirst">From the first failure to the next attempt; twice as long after each further one.</param>
/// <param name="RetryMax">But not longer than this.</param>
public sealed record SchedulePolicy(TimeSpan Interval, TimeSpan Quiet, TimeSpan QuietMax, TimeSpan Pace, TimeSpan RetryFirst, TimeSpan RetryMax);

/// <summary>Why a backup is made.</summary>
public enum BackupReason
{
    Interval,
    Change,
    Request,
    Retry,
    Shutdown,
}

public abstract record ScheduleEvent
{
    private ScheduleEvent() { }

    /// <summary>The gate is open: from now on backups are made.</summary>
    public sealed record Opened : ScheduleEvent;

    /// <summary>A file has changed.</summary>
    public sealed record Changed : ScheduleEvent;

    /// <summary>Somebody wants a backup of what is there now.</summary>
    public sealed record Requested : ScheduleEvent;

    /// <summary>The run that was begun has ended: the remote has what was there when it began.</summary>
    public sealed record Succeeded : ScheduleEvent;

    /// <param name="RetryAfter">What the remote asked for.</param>
    public sealed record Failed(TimeSpan? RetryAfter) : ScheduleEvent;

    /// <summary>One last backup, then the end.</summary>
    public sealed record Ending : ScheduleEvent;

    /// <summary><see cref="BackupSchedule.NextLook"/> has come.</summary>
    public sealed record TimeCame : ScheduleEvent;
}

/// <param name="IsOpen">Backups are made.</param>
/// <param name="IsRunning">One is under way.</param>
/// <param name="RunBegan">The last one.</param>
/// <param name="Requests">Requests that no run has taken up yet; several are one run.</param>
/// <param name="ChangeFirst">The first change that no run has taken up; null when there is none.</param>
/// <param name="ChangeLast">The last one.</param>
/// <param name="IntervalDue">The next look for changes that were not noticed.</param>
/// <param name="RetryDue">After a failure; null when the last run succeeded.</param>
/// <param name="Failures">In a row.</param>
/// <param name="NotBefore">The remote has asked to be left alone until then.</param>
/// <param name="EndWanted">The last backup is to be made, or is being made.</param>
/// <param name="HasEnded">Nothing is begun any more.</param>
public sealed record ScheduleState(
    bool IsOpen, bool IsRunning, Instant? RunBegan, bool Requests, Instant? ChangeFirst, Instant? ChangeLast, Instant IntervalDue, Instant? RetryDue, int Failures, Instant NotBefore, bool EndWanted, bool HasEnded)
{
    public static ScheduleState Initial { get; } = new(false, false, null, false, null, null, Instant.Never, null, 0, new Instant(0), false, false);
}

/// <param name="Run">Begin a backup for this reason; null: not now.</param>
/// <param name="End">All is done that is going to be.</param>
public readonly record struct ScheduleStep(ScheduleState State, BackupReason? Run, bool End);

/// <summary>
/// When backups are made. Never two at once; a request is never forgotten, and while a run is under way all that come are one more run; what a failed run was to do is tried
/// again.
/// </summary>
public static class BackupSchedule
{
    /// <param name="jitter">0 to 1: how much of the back-off's last quarter is left out, so that many clients do not come back together.</param>
    public static ScheduleStep Step(ScheduleState state, ScheduleEvent input, SchedulePolicy policy, Instant now, double jitter = 0)
    {
        ScheduleState next = input switch
        {
            ScheduleEvent.Opened => state with { IsOpen = true, Requests = true, IntervalDue = now + policy.Interval },
            ScheduleEvent.Changed => state with { ChangeFirst = state.ChangeFirst ?? now, ChangeLast = now },
            ScheduleEvent.Requested => state with { Requests = true },
            ScheduleEvent.Succeeded => state with { IsRunning = false, Failures = 0, RetryDue = null },
            ScheduleEvent.Failed failed => Failed(state, failed, policy, now, jitter),
            ScheduleEvent.Ending => state with { EndWanted = true },
            _ => state,
        };
        return next switch
        {
            { IsRunning: true } => new(next, null, End: false),
            { EndWanted: true, HasEnded: true } => new(next, null, End: true),
            // Nobody has got through the gate: there is nothing new to back up.
            { EndWanted: true, IsOpen: false } => new(next with { HasEnded = true }, null, End: true),
            { EndWanted: true } => new(Begun(next, policy, now) with { HasEnded = true }, BackupReason.Shutdown, End: false),
            { IsOpen: true } when ReasonAt(next, policy, now) is { } reason && NotBefore(next, policy) <= now => new(Begun(next, policy, now), reason, End: false),
            _ => new(next, null, End: false),
        };
    }

    /// <summary>When there is something to do if nothing happens before; <see cref="Instant.Never"/> while a run is under way.</summary>
    public static Instant NextLook(ScheduleState state, SchedulePolicy policy)
    {
        if (state.IsRunning || !state.IsOpen || state.EndWanted)
            return Instant.Never;

        Instant due = state.IntervalDue;
        if (state.Requests)
            due = new Instant(0);
        if (ChangeDue(state, policy) is { } change)
            due = Instant.Min(due, change);
        if (state.RetryDue is { } retry)
            due = Instant.Min(due, retry);
        Instant earliest = NotBefore(state, policy);
        return due > earliest ? due : earliest;
    }

    private static ScheduleState Begun(ScheduleState state, SchedulePolicy policy, Instant now) => state with
    {
        IsRunning = true,
        RunBegan = now,
        Requests = false,
        ChangeFirst = null,
        ChangeLast = null,
        RetryDue = null,
        IntervalDue = now + policy.Interval,
    };

    private static BackupReason? ReasonAt(ScheduleState state, SchedulePolicy policy, Instant now) => state switch
    {
        { Requests: true } => BackupReason.Request,
        { RetryDue: { } retry } when retry <= now => BackupReason.Retry,
        _ when ChangeDue(state, policy) is { } change && change <= now => BackupReason.Change,
        _ when state.IntervalDue <= now => BackupReason.Interval,
        _ => null,
    };

    private static Instant? ChangeDue(ScheduleState state, SchedulePolicy policy) =>
        state is { ChangeFirst: { } first, ChangeLast: { } last } ? Instant.Min(last + policy.Quiet, first + policy.QuietMax) : null;

    private static Instant NotBefore(ScheduleState state, SchedulePolicy policy)
    {
        Instant paced = state.RunBegan is { } began ? began + policy.Pace : new Instant(0);
        return paced > state.NotBefore ? paced : state.NotBefore;
    }

    private static ScheduleState Failed(ScheduleState state, ScheduleEvent.Failed failed, SchedulePolicy policy, Instant now, double jitter)
    {
        int failures = state.Failures + 1;
        double seconds = Math.Min(policy.RetryMax.TotalSeconds, policy.RetryFirst.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        TimeSpan wait = TimeSpan.FromSeconds(seconds * (1 - (0.25 * jitter)));
        Instant notBefore = failed.RetryAfter is { } asked ? now + asked : state.NotBefore;
        return state with { IsRunning = false, Failures = failures, RetryDue = now + wait, NotBefore = notBefore > state.NotBefore ? notBefore : state.NotBefore };
    }
}
