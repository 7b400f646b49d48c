using Init.Base;
using Init.Control;
using Init.Engine.Children;
using Init.Engine.Control;
using Init.Engine.Journal;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Engine.Reloading;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>Gathers what is counted in many places. Nothing is measured but when somebody asks, except what only the moment itself can tell.</summary>
/// <param name="server">The control socket's server; null while there is none.</param>
public sealed class MetricsReporter(
    EventLoop loop,
    Supervisor core,
    ProgramTable programs,
    ProcessTable processes,
    LogPump pump,
    Reloader reloader,
    DateTimeOffset startedAt,
    Func<ControlServer?> server)
{
    public ControlResult.Metrics Report() => new(OfServer(), [.. programs.All.Where(program => core.Knows(program.Name)).Select(OfProgram)]);

    private ServerMetrics OfServer()
    {
        ProcessInfo? self = ProcFs.Read(Processes.GetPid());
        ControlServer? control = server();
        return new ServerMetrics
        {
            StartedAt = startedAt.ToUnixTimeMilliseconds(),
            CpuSeconds = self?.CpuTime.TotalSeconds ?? 0,
            MemoryBytes = self?.ResidentBytes ?? 0,
            WakeUps = loop.WakeUps,
            LoopPass = HistogramOf(loop.PassTimes),
            TimerDelay = HistogramOf(loop.TimerDelays),
            OrphansReaped = processes.OrphansReaped,
            Reloads = reloader.AppliedCount,
            ReloadsFailed = reloader.RefusedCount,
            ControlConnections = control?.ConnectionCount ?? 0,
            ControlConnectionsTotal = control?.ConnectionsTotal ?? 0,
            ControlRequestsTotal = control?.RequestsTotal ?? 0,
        };
    }

    private ProgramMetrics OfProgram(ProgramRuntime program)
    {
        ProgramPolicy policy = program.Definition.Policy;
        ProgramState state = core.StateOf(program.Name);
        ProcessInfo? process = state.Pid is { } pid ? ProcFs.Read(pid) : null;
        LogStatistics log = pump.StatisticsOf(program.Name);
        return new ProgramMetrics
        {
            Name = program.Name,
            Program = policy.Program,
            Group = program.Definition.SupervisordGroup,
            Process = program.Definition.SupervisordProcess,
            Own = program.Definition.IsOwn,
            State = EventJournal.NameOf(state.Phase),
            StateCode = (int)state.Phase,
            StartedAt = state.Pid is null ? null : program.SpawnedAt?.ToUnixTimeMilliseconds(),
            Ready = state.Ready,
            Health = StatusReporter.HealthOf(policy, state),
            Critical = policy.Critical,
            Wanted = state.Wanted,
            Restarts = state.Restarts,
            Exits = [.. program.ExitCounts.All.Select(exits => CountOf(exits.Status, exits.Count))],
            CpuSeconds = process?.CpuTime.TotalSeconds,
            MemoryBytes = process?.ResidentBytes,
            LogBytes = log.Bytes,
            LogLines = log.Lines,
            LogDroppedLines = log.MirrorDroppedLines,
            LogDroppedBytes = log.FileDroppedBytes,
            LogFileErrors = log.FileErrors,
        };
    }

    private static ExitCount CountOf(ExitStatus status, long count) =>
        status.WasSignalled ? new ExitCount(null, SignalNames.NameOf(status.Signal), count) : new ExitCount(status.Code, null, count);

    private static Histogram HistogramOf(LatencyHistogram latencies)
    {
        var buckets = new HistogramBucket[LatencyHistogram.Limits.Length];
        long atMost = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            atMost += latencies.Counts[i];
            buckets[i] = new HistogramBucket(LatencyHistogram.Limits[i].TotalSeconds, atMost);
        }

        return new Histogram(buckets, latencies.Count, latencies.Sum.TotalSeconds, latencies.Max.TotalSeconds);
    }
}
