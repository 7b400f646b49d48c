using System.Globalization;
using Init.Base;
using Init.Supervision;

namespace Init.Engine.Programs;

/// <summary>
/// What supervisord remembers of a process beside its state, and its clients are told: when it was started and ended last, with which status, and what went wrong.
/// </summary>
public sealed class SupervisordRecord
{
    /// <summary>supervisord's word for a process that ended before it could be called RUNNING.</summary>
    public const string ExitedTooQuickly = "Exited too quickly (process log may have details)";

    private ExitStatus? _end;

    /// <summary>When the last start was tried, on the wall clock; null = never.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>When a process of it ended last; null = never.</summary>
    public DateTimeOffset? StoppedAt { get; private set; }

    /// <summary>The exit code, or -1 for a death by signal; 0 while nothing has ended since the last start, and when it ended too early.</summary>
    public int ExitStatus { get; private set; }

    /// <summary>What was wrong with the last start or end, in supervisord's words; "" = nothing.</summary>
    public string SpawnError { get; private set; } = "";

    /// <summary>How the process of the last start ended; null while it lives, or when there was none.</summary>
    public ExitStatus? End => _end;

    public void NoteStart(DateTimeOffset now) => (StartedAt, ExitStatus, SpawnError, _end) = (now, 0, "", null);

    public void NoteSpawnFailure(string text) => SpawnError = text;

    public void NoteEnd(ExitStatus status, DateTimeOffset now) => (_end, StoppedAt) = (status, now);

    /// <summary>What the end that was noted before comes to is decided by the core, and shows in the phase that it leads to.</summary>
    /// <param name="isSuccess">Whether an exit code means success.</param>
    public void NotePhase(ProgramPhase from, ProgramPhase to, string? detail, Func<int, bool> isSuccess)
    {
        if (_end is not { } end)
        {
            if (to is ProgramPhase.Backoff or ProgramPhase.Fatal && SpawnError.Length == 0)
                SpawnError = detail ?? "";
            return;
        }

        int number = end.WasSignalled ? -1 : end.Code;
        switch (to)
        {
            case ProgramPhase.Backoff or ProgramPhase.Fatal when from == ProgramPhase.Starting:
                SpawnError = ExitedTooQuickly;
                break;
            case ProgramPhase.Backoff or ProgramPhase.Fatal when from == ProgramPhase.Stopping:
                ExitStatus = number;
                SpawnError = detail ?? "";
                break;
            case ProgramPhase.Exited or ProgramPhase.Backoff or ProgramPhase.Fatal when from is ProgramPhase.Starting or ProgramPhase.Running or ProgramPhase.Stopping:
                ExitStatus = number;
                if (end.WasSignalled || !isSuccess(end.Code))
                    SpawnError = string.Create(CultureInfo.InvariantCulture, $"Bad exit code {number}");
                break;
            case ProgramPhase.Stopped:
                ExitStatus = number;
                break;
        }
    }
}
