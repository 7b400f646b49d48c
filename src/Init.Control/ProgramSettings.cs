namespace Init.Control;

/// <summary>How one instance is configured, in the terms of supervisord's clients. Times are seconds; a property without a value is left out of the JSON.</summary>
public sealed record ProgramSettings
{
    /// <summary>The instance.</summary>
    public required string Name { get; init; }

    public required string Program { get; init; }

    /// <summary>supervisord's group.</summary>
    public required string Group { get; init; }

    /// <summary>What supervisord's clients call it within <see cref="Group"/>.</summary>
    public required string Process { get; init; }

    /// <summary>Part of the running system.</summary>
    public bool InUse { get; init; }

    /// <summary>Part of the configuration that was read last; what is not, goes with the next update. Everything else here is as that configuration has it.</summary>
    public bool Configured { get; init; }

    public int GroupPriority { get; init; }

    public int ProcessPriority { get; init; }

    /// <summary>On one line.</summary>
    public required string Command { get; init; }

    /// <summary>It starts at boot, or when its group is added.</summary>
    public bool Autostart { get; init; }

    /// <summary>"true", "unexpected" or "false".</summary>
    public required string Autorestart { get; init; }

    public string? Directory { get; init; }

    /// <summary>Left out: the supervisor's own, or a user that does not exist.</summary>
    public int? Uid { get; init; }

    public IReadOnlyList<int> ExitCodes { get; init; } = [];

    public double StartSeconds { get; init; }

    /// <summary>Left out: any number.</summary>
    public int? StartRetries { get; init; }

    public int StopSignal { get; init; }

    public double StopWaitSeconds { get; init; }

    public bool StopAsGroup { get; init; }

    public bool KillAsGroup { get; init; }

    /// <summary>Standard error goes where standard output goes.</summary>
    public bool RedirectStderr { get; init; }

    public LogSettings Stdout { get; init; } = new();

    public LogSettings Stderr { get; init; } = new();

    /// <summary>Left out: AUTO.</summary>
    public string? ServerUrl { get; init; }
}

/// <summary>Where one stream of output goes.</summary>
public sealed record LogSettings
{
    /// <summary>As configured; left out when there is none, and when it is <see cref="IsAuto"/>.</summary>
    public string? File { get; init; }

    /// <summary>supervisord's AUTO: the supervisor chooses the file.</summary>
    public bool IsAuto { get; init; }

    /// <summary>0 = never rotated.</summary>
    public long MaxBytes { get; init; }

    public int Backups { get; init; }

    public long CaptureMaxBytes { get; init; }

    public bool EventsEnabled { get; init; }

    public bool Syslog { get; init; }
}
