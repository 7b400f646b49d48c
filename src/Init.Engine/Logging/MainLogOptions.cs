using Init.Base;
using Init.Config;

namespace Init.Engine.Logging;

/// <summary>supervisord's main log, which takes the place of Init's own when a supervisord.conf runs.</summary>
/// <param name="Path">Null = no file.</param>
/// <param name="MaxSize">0 = never rotated.</param>
/// <param name="Backups">How many rotated files (NAME.1 …) stay; 0 = truncate.</param>
/// <param name="ToStdout">Its lines go to Init's stdout as well.</param>
public sealed record MainLogOptions(string? Path, ByteSize MaxSize, int Backups, bool ToStdout)
{
    /// <summary>As <c>[supervisord]</c> has it. A log file that is stdout anyway is written to once, and /dev/null not at all.</summary>
    public static MainLogOptions Of(SupervisordSettings settings)
    {
        bool isStdout = settings.LogFile is { } path && StandardStreams.DescriptorOf(path) == 1;
        string? file = isStdout || settings.LogFile == "/dev/null" ? null : settings.LogFile;
        return new MainLogOptions(file, settings.LogMaxSize, settings.LogBackups, ToStdout: !settings.Silent || isStdout);
    }

    /// <summary>The level that supervisord's <c>loglevel</c> stands for; trace and blather have nothing of their own here.</summary>
    public static LogLevel LevelOf(string name) => name switch
    {
        "critical" => LogLevel.Critical,
        "error" => LogLevel.Error,
        "warn" => LogLevel.Warning,
        "info" => LogLevel.Information,
        _ => LogLevel.Debug,
    };
}
