using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Has the backup proved from time to time, beside backups, and keeps what came of it. On the loop's thread.</summary>
/// <param name="prove">Begins one; its end is told by <see cref="Ended"/>.</param>
internal sealed class ProofKeeper(EventLoop loop, BackupParts parts, StatusBoard board, Action<bool> prove)
{
    private static readonly TimeSpan LookMax = TimeSpan.FromHours(1), LookMin = TimeSpan.FromMilliseconds(200);

    private readonly DateTimeOffset _openedAt = DateTimeOffset.UtcNow;
    private DateTimeOffset? _attemptAt;
    private LoopTimer? _timer;
    private bool _isRunning;
    private bool _isEnding;

    /// <param name="boot">A restore of all that the remote had is a proof of it.</param>
    public void Start(BootResult boot)
    {
        if (boot.Restored is { Commit: { } commit } restored && commit == boot.RemoteCommit)
            Keep(new ProofState(restored.At, commit, restored.Files, restored.Bytes, restored.Seconds, Full: true, "the restore at the start", []));
        Look();
    }

    public void Begun()
    {
        _isRunning = true;
        _attemptAt = DateTimeOffset.UtcNow;
    }

    public void Made(ProofState state)
    {
        Keep(state);
        board.Save();
        if (state.Failures.Count > 0)
            board.Raise("backup.proof_failed", board.Status.ProofProblem!);
    }

    /// <param name="problem">Why it could not be made, which says nothing of the backup; null: it was. Then it is tried again.</param>
    public void Ended(string? problem)
    {
        _isRunning = false;
        if (problem is not null)
            board.Note(new StatusNote("proof", null, problem));
        Look();
    }

    public void End()
    {
        _isEnding = true;
        _timer?.Cancel();
    }

    private void Keep(ProofState state) => board.Set(status =>
    {
        bool isProved = state.Failures.Count == 0;
        ServiceStatus next = status with
        {
            Proof = state,
            FullProof = state.Full ? state : status.FullProof,
            ProvedAt = isProved ? state.At : status.ProvedAt,
            FullyProvedAt = isProved && state.Full ? state.At : status.FullyProvedAt,
        };
        // A sample may have missed what a full one has found.
        ProofState? failed = next.FullProof is { Failures.Count: > 0 } full ? full : state is { Failures.Count: > 0 } ? state : null;
        return next with { ProofProblem = failed is null ? null : $"the backup {failed.Commit[..12]} could not be restored from {failed.Source}: {failed.Failures[0]}{(failed.Failures.Count > 1 ? $" (and {failed.Failures.Count - 1} more)" : "")}" };
    });

    private void Look()
    {
        _timer?.Cancel();
        if (_isEnding)
            return;

        DateTimeOffset now = DateTimeOffset.UtcNow;
        ProofFacts facts = new(_openedAt, Time(board.Status.ProvedAt), Time(board.Status.FullyProvedAt), _attemptAt);
        string? warning = ProofSchedule.Warning(parts.Options.Verify, facts, now);
        if (warning != board.Status.ProofWarning)
            board.Set(status => status with { ProofWarning = warning });
        if (ProofSchedule.Next(parts.Options.Verify, facts, now) is not { } next || _isRunning)
            return;

        if (next.At <= now)
        {
            prove(next.Full);
            return;
        }

        TimeSpan wait = next.At - now;
        _timer = loop.After(wait > LookMax ? LookMax : wait < LookMin ? LookMin : wait, Look);
    }

    private static DateTimeOffset? Time(long? at) => at is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
}
