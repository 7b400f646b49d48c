using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using Init.Backup.Remote;
using Init.Base;
using Init.Linux;

namespace Init.Backup.Service;

/// <param name="Say">The log, line by line.</param>
/// <param name="Notify">sd_notify(3); does nothing when nobody listens.</param>
/// <param name="OwnInit">Which Init this runs under; null: none.</param>
public sealed record ServiceSurroundings(Action<string> Say, Action<string> Notify, string? OwnInit)
{
    /// <summary>Names of the programs that run and may have files open; asked from any thread.</summary>
    public Func<IReadOnlyList<string>> RunningPrograms { get; init; } = () => [];
}

/// <summary>
/// The role: restores, opens the gate, backs up until it is told to end. One thread runs the loop and waits for nothing; what blocks is a job on a thread of its own, one at a
/// time, so that an idle role has no second thread.
/// </summary>
public sealed partial class BackupService : IDisposable
{
    /// <summary>GitHub's advice is six pushes a minute; a repository at a path is only kept from a storm.</summary>
    private static readonly TimeSpan PaceOfNetwork = TimeSpan.FromSeconds(10), PaceOfPath = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(3), OpsEndTime = TimeSpan.FromSeconds(1), WatchPause = TimeSpan.FromSeconds(1);

    /// <summary>Shorter than the time between two looks at the lease, which are most of what an idle role does.</summary>
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(20);

    private readonly EventLoop _loop = new();
    private readonly BackupParts _parts;
    private readonly ServiceSurroundings _surroundings;
    private readonly SchedulePolicy _policy;
    private readonly StatusBoard _board;
    private readonly LineSocket _socket;
    private readonly CancellationTokenSource _cancel = new();
    private readonly Random _random = new();
    private readonly BackupOps _ops;
    private readonly ServiceClients _clients;
    private readonly RestingTrim _memory;
    private ScheduleState _schedule = ScheduleState.Initial;
    private LoopTimer? _timer;
    private LoopTimer? _leaseTimer;
    private LoopTimer? _endTimer;
    private BootResult? _boot;
    private BackupJob? _job;
    private TreeWatch? _watch;
    private bool _isBusy;
    private bool _isEnding;
    private bool _wasCutOff;
    private ExceptionDispatchInfo? _fault;

    /// <exception cref="SyscallException">The state directory cannot be used, or another role has it.</exception>
    /// <exception cref="InvalidOperationException">The configuration is one that would back up the backups.</exception>
    public BackupService(BackupParts parts, ServiceSurroundings surroundings)
    {
        parts.Settings.Check();
        Store.BackupStore.MakeDirectory(parts.Settings.StateDirectory);
        _parts = parts;
        _surroundings = surroundings;
        _policy = new SchedulePolicy(
            parts.Options.Interval, parts.Options.Quiet, parts.Options.QuietMax, parts.Pace ?? (parts.Options.Remote.StartsWith('/') ? PaceOfPath : PaceOfNetwork), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));
        _board = new StatusBoard(_loop, surroundings.Say, surroundings.Notify, parts.StatusPath);
        _ops = new BackupOps(_loop, parts, surroundings, _board, Hold, Release, _cancel.Token);
        _clients = new ServiceClients(_board, _ops, () => Feed(new ScheduleEvent.Requested()));
        _board.Changed = _clients.Tell;
        _memory = new RestingTrim(_loop, TrimInterval);
        _socket = new LineSocket(_loop, parts.SocketPath, _clients.Handle);
    }

    /// <summary>Returns when it has ended in order.</summary>
    public void Run()
    {
        // Who waits for the file is not to find that of the last time.
        int errno = Files.Unlink(_parts.Options.ReadyFile);
        if (errno is not (0 or Errno.ENOENT))
            _surroundings.Say($"cannot remove {_parts.Options.ReadyFile}: {Errno.Describe(errno)}");
        Leftovers.Sweep(_parts.Settings);

        ServiceStatus? before = Files.ReadAll(_parts.StatusPath, 1 << 20, out _) is { } saved ? ServiceJson.ReadStatus(saved) : null;
        _board.Set(status => status with
        {
            Remote = _parts.Options.Remote,
            Branch = _parts.Settings.Branch,
            Last = before?.Last,
            Acknowledged = before?.Acknowledged,
            OpenedUnder = before?.OpenedUnder,
            Proof = before?.Proof,
            FullProof = before?.FullProof,
            ProvedAt = before?.ProvedAt,
            FullyProvedAt = before?.FullyProvedAt,
            ProofProblem = before?.ProofProblem,
        });
        BootJob boot = new(_parts, _board, before?.OpenedUnder, _surroundings.OwnInit, _cancel.Token);
        Begin("boot", () =>
        {
            BootResult result = boot.Execute();
            return () => Open(result);
        });
        _loop.Run();
        _fault?.Throw();
    }

    /// <summary>From any thread: a backup of what is there now.</summary>
    public void Request() => _loop.Post(() => Feed(new ScheduleEvent.Requested()));

    /// <summary>From any thread: one last backup, within its limit, and the end; at once when it is asked for a second time.</summary>
    public void End() => _loop.Post(() =>
    {
        if (_isEnding)
        {
            CutOff("because the role was told to end once more");
            return;
        }

        _isEnding = true;
        _board.Stage(Stages.Ending, "the last backup");
        _leaseTimer?.Cancel();
        _ops.End();
        _clients.Ending();
        string late = $"after {_parts.Options.ShutdownLimit.TotalSeconds:0.#} s (shutdown_limit)";
        _endTimer = _loop.After(_parts.Options.ShutdownLimit, () => CutOff(late));
        if (_boot is null || _parts.Options.ShutdownLimit == TimeSpan.Zero)
            CutOff(late);
        else
            Feed(new ScheduleEvent.Ending());
    });

    public void Dispose()
    {
        _socket.Dispose();
        _watch?.Dispose();
        _ops.Dispose();
        _boot?.Store.Dispose();
        (_parts.Settings.LargeFiles as IDisposable)?.Dispose();
        _cancel.Dispose();
        _loop.Dispose();
    }

    private void Open(BootResult boot)
    {
        _boot = boot;
        _job = new BackupJob(_parts, boot, _board);
        _upkeep = new UpkeepJob(_parts, boot, _job, _board);
        string? head = boot.Store.Head();
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _board.Set(status => status with
        {
            Ready = true,
            Restored = boot.Restored,
            OpenedUnder = _surroundings.OwnInit,
            Acknowledged = boot.RemoteCommit is not null && boot.RemoteCommit == head && status.Acknowledged?.Commit != head ? new Acknowledged(head, now) : status.Acknowledged,
        });
        WriteReadyFile(head, now);
        _board.Save();
        string said = boot.Restored is { } restored
            ? $"ready: {restored.Written} of {restored.Files} files restored in {restored.Seconds} s"
            : boot.RemoteCommit is null && head is null ? "ready: there is no backup yet" : "ready: nothing had to be restored";
        _surroundings.Say(said);
        _board.Stage(Stages.Idle, said);
        if (boot.Restored is not null)
            _board.Raise("backup.restored", said);
        _surroundings.Notify("READY=1");
        StartWatch();
        LookForChallenges();
        _ops.Start(boot);
        Feed(new ScheduleEvent.Opened());
    }

    private void WriteReadyFile(string? commit, long now)
    {
        ReadyFileContent content = new(commit, _boot!.Restored?.Files ?? 0, _boot.Restored?.Bytes ?? 0, now);
        string path = _parts.Options.ReadyFile;
        _ = Files.MakeDirectories(Path.GetDirectoryName(path)!, 0x1ED /* 0755 */);
        int errno = StateFiles.Write(path, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(content, ServiceJson.Default.ReadyFileContent) + "\n"), 0x1A4 /* 0644 */);
        if (errno != 0)
            _surroundings.Say($"cannot write {path}: {Errno.Describe(errno)}; who waits for this file waits on");
    }

    private void StartWatch()
    {
        if (!_parts.Options.Watch)
            return;
        try
        {
            TreeWatch watch = new(_parts.Settings);
            _loop.Watch(watch.Fd, IoEvents.Readable, _ => TakeChanges());
            _watch = watch;
        }
        catch (SyscallException exception)
        {
            _surroundings.Say($"changes are found only every {_policy.Interval.TotalSeconds:0} s: {exception.Message}");
        }
    }

    /// <summary>Then not again for a while: a program that writes all the time is to wake us once a second and not for each byte.</summary>
    private void TakeChanges()
    {
        if (_watch!.TakeChanges())
            Feed(new ScheduleEvent.Changed());
        _loop.Change(_watch.Fd, IoEvents.None);
        _loop.After(WatchPause, () => _loop.Change(_watch.Fd, IoEvents.Readable));
    }

    /// <summary>A third of the time that a newcomer waits for us.</summary>
    private void LookForChallenges() => _leaseTimer = _loop.After(_parts.Options.LeaseTime / 3, () =>
    {
        if (_isEnding)
            return;
        LookForChallenges();
        if (_isBusy)
            return; // A job answers for itself.

        Begin("lease", () =>
        {
            try
            {
                _job!.AnswerChallenge(_cancel.Token);
            }
            catch (RemoteException)
            {
                // The next backup says it, if it lasts until then.
            }

            return () => Feed(new ScheduleEvent.TimeCame());
        });
    });

    private void Feed(ScheduleEvent input)
    {
        ScheduleStep step = BackupSchedule.Step(_schedule, input, _policy, MonotonicClock.Now, _random.NextDouble());
        if (step.Run is not null && (_isBusy || _isHeld))
        {
            // A look at the lease is under way, or somebody restores, or upkeep, which is cut off; then the schedule is asked again, with what it has been told now and no run begun.
            _schedule = Remember(_schedule, input);
            _upkeepCancel?.Cancel();
            return;
        }

        _schedule = step.State;
        if (step.Run is not null)
            BackUp();
        else if (step.End)
            Finish();
        SetTimer();
    }

    private static ScheduleState Remember(ScheduleState state, ScheduleEvent input) => input switch
    {
        ScheduleEvent.Requested or ScheduleEvent.Opened => state with { Requests = true },
        ScheduleEvent.Ending => state with { EndWanted = true },
        _ => state,
    };

    private void SetTimer()
    {
        _timer?.Cancel();
        _timer = null;
        Instant next = BackupSchedule.NextLook(_schedule, _policy);
        if (next != Instant.Never && (!_isBusy || _upkeepCancel is not null))
            _timer = _loop.At(next, () => Feed(new ScheduleEvent.TimeCame()));
    }

    private void BackUp()
    {
        _clients.RunBegins();
        BackupJob job = _job!;
        TreeWatch? watch = _watch;
        Begin("backup", () =>
        {
            watch?.AddAll(); // Before the scan: what changes from here on is seen by one or the other.
            BackupJobResult result = job.Execute(DateTimeOffset.UtcNow, _cancel.Token);
            return () => Succeeded(result);
        });
    }

    private void Succeeded(BackupJobResult result)
    {
        _board.NotesOf(result.Notes);
        _board.Problem(null);
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _board.Set(status => status with
        {
            Last = result.Last,
            Acknowledged = result.Acknowledged is { } commit ? new Acknowledged(commit, commit == status.Acknowledged?.Commit && !result.WasPushed ? status.Acknowledged.At : now) : status.Acknowledged,
            Failures = 0,
            Watch = _watch is null ? "off" : _watch.Limit ?? "on",
        });
        if (result.WasPushed || result.Last.IsNew)
        {
            _board.Save();
            string said = $"backed up: {result.Last.Changed} changed, {result.Last.Deleted} deleted of {result.Last.Entries}, in {result.Last.Seconds:0.0} s";
            _surroundings.Say(said);
            if (result.WasPushed)
                _board.Raise("backup.acknowledged", $"{said}; the remote has {result.Acknowledged}");
        }

        _board.Stage(Stages.Idle, $"backed up at {DateTimeOffset.UtcNow:HH:mm:ss} UTC, {result.Last.Entries} entries");
        _clients.RunEnded(null);
        Feed(new ScheduleEvent.Succeeded());
        if (result.NeedsAnother)
            Feed(new ScheduleEvent.Requested());
        Plan();
        TidyUp();
    }

    private void Failed(Exception exception)
    {
        _board.Problem(exception.Message);
        _board.Stage(Stages.Failing, exception.Message);
        _clients.RunEnded(exception.Message);
        Feed(new ScheduleEvent.Failed((exception as RemoteException)?.RetryAfter));
        _board.Set(status => status with { Failures = _schedule.Failures });
        Plan();
        Suspect(exception);
        TidyUp();
    }

    /// <summary>When the next look is, for those who ask.</summary>
    private void Plan()
    {
        Instant next = BackupSchedule.NextLook(_schedule, _policy);
        long? at = next == Instant.Never ? null : DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + (long)(next - MonotonicClock.Now).TotalMilliseconds;
        _board.Set(status => status with { NextAt = at });
    }

    // --- Jobs ---------------------------------------------------------------------------------------------------------

    /// <param name="name">Of the thread.</param>
    /// <param name="work">Blocks; what it gives back is done on the loop's thread.</param>
    private void Begin(string name, Func<Action> work)
    {
        _isBusy = true;
        Thread thread = new(() =>
        {
            Action then;
            try
            {
                then = work();
            }
            catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
            {
                then = Finish;
            }
            catch (Exception exception)
            {
                // Every failure is one of this run, and the next one may succeed. What a boot did not expect ends the role, which is then started again.
                then = _job is null ? () => Stop(exception) : () => Failed(exception);
            }

            _loop.Post(() =>
            {
                _isBusy = false;
                _memory.NoteWork();
                UpkeepEnded();
                if (_wasCutOff)
                    Finish();
                else
                    then();
                GrantHold();
            });
        })
        {
            Name = name,
            IsBackground = true, // A job that is cut off does not hold up the end; the store survives worse.
        };
        thread.Start();
    }

    private void Stop(Exception fault)
    {
        _fault = ExceptionDispatchInfo.Capture(fault);
        _loop.Stop();
    }

    /// <param name="why">For people, behind "was cut off".</param>
    private void CutOff(string why)
    {
        _endTimer?.Cancel();
        if (_isBusy && _boot is not null)
            _surroundings.Say($"the last backup was cut off {why}; what has changed since the one before is on this disk only");
        else if (_boot is not null && _parts.Options.ShutdownLimit == TimeSpan.Zero)
            _surroundings.Say("no last backup is made: shutdown_limit is 0");
        _wasCutOff = true;
        _cancel.Cancel();
        if (!_isBusy)
            Finish();
        else
            _endTimer = _loop.After(ReleaseTime, _loop.Stop);
    }

    private void Finish()
    {
        _endTimer?.Cancel();
        _timer?.Cancel();
        if (_job is not null && !_isBusy)
        {
            try
            {
                using CancellationTokenSource limit = new(ReleaseTime);
                _job.ReleaseLease(limit.Token);
            }
            catch (Exception exception) when (exception is RemoteException or OperationCanceledException)
            {
                // Then the next instance waits for an answer that does not come.
            }
        }

        _clients.Ended();
        _board.Save();
        _cancel.Cancel();
        _ops.Join(OpsEndTime);
        _loop.Stop();
    }
}
