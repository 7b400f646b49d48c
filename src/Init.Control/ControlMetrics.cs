namespace Init.Control;

/// <summary>What is counted and measured of the supervisor itself, since it was started.</summary>
public sealed record ServerMetrics
{
    /// <summary>Unix milliseconds.</summary>
    public required long StartedAt { get; init; }

    /// <summary>User and system time of the supervisor's process.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Resident memory of the supervisor's process.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>How often the main loop has returned from its sleep.</summary>
    public long WakeUps { get; init; }

    /// <summary>How long the main loop took for each of its passes: as long as that, whatever came meanwhile had to wait.</summary>
    public required Histogram LoopPass { get; init; }

    /// <summary>How late the main loop's timers were.</summary>
    public required Histogram TimerDelay { get; init; }

    /// <summary>Processes that other processes have left behind.</summary>
    public long OrphansReaped { get; init; }

    /// <summary>Configurations that were applied.</summary>
    public long Reloads { get; init; }

    /// <summary>Configurations that were refused.</summary>
    public long ReloadsFailed { get; init; }

    /// <summary>Clients of the control socket now, the one who asks included.</summary>
    public int ControlConnections { get; init; }

    public long ControlConnectionsTotal { get; init; }

    public long ControlRequestsTotal { get; init; }
}

/// <param name="Buckets">By ascending limit; each counts what was at most its limit, those of the buckets before included.</param>
/// <param name="Count">All of them, also those beyond the last limit.</param>
/// <param name="SumSeconds">Of all.</param>
/// <param name="MaxSeconds">The largest.</param>
public sealed record Histogram(IReadOnlyList<HistogramBucket> Buckets, long Count, double SumSeconds, double MaxSeconds);

/// <param name="AtMostSeconds">The limit.</param>
/// <param name="Count">How many were at most that.</param>
public sealed record HistogramBucket(double AtMostSeconds, long Count);

/// <summary>What is counted and measured of one instance. A property without a value is left out of the JSON.</summary>
public sealed record ProgramMetrics
{
    public required string Name { get; init; }

    public required string Program { get; init; }

    public required string Group { get; init; }

    public required string Process { get; init; }

    /// <summary>A role that the supervisor runs by itself.</summary>
    public bool Own { get; init; }

    public required string State { get; init; }

    public required int StateCode { get; init; }

    /// <summary>When its process was started, Unix milliseconds; left out when it has none.</summary>
    public long? StartedAt { get; init; }

    public bool Ready { get; init; }

    /// <summary>As in <see cref="ProgramStatus.Health"/>.</summary>
    public string? Health { get; init; }

    public bool Critical { get; init; }

    public bool Wanted { get; init; }

    /// <summary>How often the supervisor has restarted it.</summary>
    public int Restarts { get; init; }

    /// <summary>How its processes ended, by code or signal; ascending.</summary>
    public IReadOnlyList<ExitCount> Exits { get; init; } = [];

    /// <summary>User and system time of its process now; left out when it has none.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>Resident memory of its process now; left out when it has none.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Output read from it.</summary>
    public long LogBytes { get; init; }

    public long LogLines { get; init; }

    /// <summary>Lines that did not reach the supervisor's stdout.</summary>
    public long LogDroppedLines { get; init; }

    /// <summary>Bytes that did not reach its log file.</summary>
    public long LogDroppedBytes { get; init; }

    /// <summary>How often its log file could not be opened, written or rotated.</summary>
    public long LogFileErrors { get; init; }
}

/// <summary>Exactly one of code and signal is set.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Signal">"SIGKILL".</param>
/// <param name="Count">How many ended so.</param>
public sealed record ExitCount(int? Code, string? Signal, long Count);
