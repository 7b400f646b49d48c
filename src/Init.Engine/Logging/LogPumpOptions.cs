using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>Which output of a program. With <c>stderr = "stdout"</c> the program has one pipe for both, and that is <see cref="Stdout"/>.</summary>
public enum OutputStream
{
    Stdout,
    Stderr,
}

public sealed record LogPumpOptions
{
    /// <summary>The loop that all call-backs are posted to.</summary>
    public required EventLoop MainLoop { get; init; }

    /// <summary>A duplicate of descriptor 1, which the pump takes over and closes; -1 when there is no stdout to mirror to.</summary>
    public int StdoutFd { get; init; } = -1;

    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>Where init.log is kept; null = no file of Init's own.</summary>
    public string? LogDirectory { get; init; }

    public ByteSize InitLogMaxSize { get; init; } = new(10_000_000);

    /// <summary>How many files of Init's own log there are at most, the present one included.</summary>
    public int InitLogFiles { get; init; } = 5;

    /// <summary>Not null: Init's own log is written as supervisord writes its main log, and instead of init.log to this.</summary>
    public MainLogOptions? MainLog { get; init; }

    /// <summary>A duplicate of descriptor 2, which the pump takes over, for log files that are /dev/stderr; -1 when there is none.</summary>
    public int StderrFd { get; init; } = -1;

    /// <summary>Lines below this level are not written.</summary>
    public LogLevel MinimumLevel { get; init; } = LogLevel.Information;

    /// <summary>Wall time, for the timestamps that people read.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal LogFileSystem FileSystem { get; init; } = new();
}
