using Init.Control;

namespace Init.Admin.Rest;

/// <summary>Body of start, stop and restart; all of it may be left out.</summary>
/// <param name="Wait">True: the answer comes when it is done, or has failed.</param>
/// <param name="Rolling">Of a restart: the replicas of a program one after another.</param>
internal sealed record ActionBody(bool Wait = true, bool Rolling = false);

/// <param name="Signal">"HUP", "SIGHUP", "1".</param>
internal sealed record SignalBody(string? Signal = null);

internal sealed record ProgramList(IReadOnlyList<ProgramStatus> Programs);

internal sealed record OutcomeList(IReadOnlyList<ControlItem.Outcome> Outcomes);

/// <summary>Names only: this interface is reached from farther away than the control socket.</summary>
internal sealed record EnvironmentNames(string Name, IReadOnlyList<EnvironmentName> Variables);

internal sealed record EnvironmentName(string Name, bool Secret);

/// <param name="Name">A <c>[group.NAME]</c>, a group of a supervisord.conf, or a program that is its own.</param>
/// <param name="Programs">The instances in it.</param>
internal sealed record GroupInfo(string Name, IReadOnlyList<string> Programs);

internal sealed record GroupList(IReadOnlyList<GroupInfo> Groups);

internal sealed record ChangeList(bool Applied, IReadOnlyList<ConfigChange> Items, IReadOnlyList<string> Warnings, GroupChanges Groups);

/// <summary>Times are Unix milliseconds, as everywhere in this interface.</summary>
internal sealed record SystemInfo
{
    public required string Version { get; init; }

    public required string State { get; init; }

    public required string Identifier { get; init; }

    public required int Pid { get; init; }

    public string? ConfigFile { get; init; }

    public required long StartedAt { get; init; }

    public required double UptimeSeconds { get; init; }

    public required string Hostname { get; init; }

    /// <summary>Over 1, 5 and 15 minutes, of the whole machine.</summary>
    public required IReadOnlyList<double> Load { get; init; }

    public required MemoryInfo Memory { get; init; }

    public required IReadOnlyList<DiskInfo> Disks { get; init; }
}

/// <summary>Of the container where it has a limit of its own (cgroup v2), else of the machine.</summary>
internal sealed record MemoryInfo(long TotalBytes, long UsedBytes);

internal sealed record DiskInfo(string Path, long TotalBytes, long FreeBytes);
