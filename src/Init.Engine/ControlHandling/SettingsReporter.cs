using Init.Config;
using Init.Control;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>Puts into supervisord's terms how programs are configured.</summary>
public static class SettingsReporter
{
    /// <summary>supervisord's default for programs and groups that name none.</summary>
    private const int PriorityDefault = 999;

    /// <summary>supervisord's defaults for a log that is not kept.</summary>
    private const int LogMaxBytesDefault = 50 << 20, LogBackupsDefault = 10;

    /// <param name="running">What the system runs on.</param>
    /// <param name="lastRead">The configuration that was read last.</param>
    public static IReadOnlyList<ProgramSettings> Of(SystemConfig running, SystemConfig lastRead)
    {
        HashSet<string> inUse = [.. running.Programs.Select(program => program.Policy.Name)];
        HashSet<string> configured = [.. lastRead.Programs.Select(program => program.Policy.Name)];
        return
        [
            .. lastRead.Programs.Where(program => !program.IsOwn).Select(program => Of(program) with { InUse = inUse.Contains(program.Policy.Name), Configured = true }),
            .. running.Programs.Where(program => !program.IsOwn && !configured.Contains(program.Policy.Name)).Select(program => Of(program) with { InUse = true }),
        ];
    }

    private static ProgramSettings Of(ProgramDefinition program)
    {
        ProgramPolicy policy = program.Policy;
        bool isOfSupervisord = program.Supervisord is not null;
        bool sharesStdout = program.Stdout is not null && ReferenceEquals(program.Stdout, program.Stderr);
        return new ProgramSettings
        {
            Name = policy.Name,
            Program = policy.Program,
            Group = program.SupervisordGroup,
            Process = program.SupervisordProcess,
            GroupPriority = isOfSupervisord ? policy.ShutdownPriority : PriorityDefault,
            ProcessPriority = program.Supervisord?.Priority ?? PriorityDefault,
            Command = CommandOf(program),
            Autostart = policy is { Enabled: true, Scheduled: false },
            Autorestart = policy.Restart switch
            {
                RestartMode.Always => "true",
                RestartMode.OnFailure => "unexpected",
                _ => "false",
            },
            Directory = program.Launch.Directory,
            Uid = program.Launch.User is { } user && Users.Resolve(user, out _) is { } identity ? (int)identity.Uid : null,
            ExitCodes = policy.SuccessExitCodes,
            StartSeconds = policy.StartGrace.TotalSeconds,
            StartRetries = policy.Backoff.Attempts,
            StopSignal = policy.Stop.Signal,
            StopWaitSeconds = policy.Stop.Grace.TotalSeconds,
            StopAsGroup = policy.Stop.Group,
            KillAsGroup = policy.Stop.Group || policy.Stop.FinalGroup,
            RedirectStderr = sharesStdout,
            Stdout = LogOf(program.Stdout, isOfSupervisord),
            Stderr = LogOf(sharesStdout ? null : program.Stderr, isOfSupervisord),
            ServerUrl = program.Supervisord?.ServerUrl,
        };
    }

    /// <summary>That of a supervisor.toml as it is written there, for filled in it may tell a secret; that of a supervisord.conf as its clients know it.</summary>
    private static string CommandOf(ProgramDefinition program)
    {
        if (program.Supervisord is { } supervisord)
            return supervisord.Command;

        return program.Launch.Builtin is { } role ? $"init {role}" : program.Written.GetValueOrDefault("command") ?? string.Join(' ', program.Launch.Command);
    }

    private static LogSettings LogOf(LogSpec? log, bool isOfSupervisord)
    {
        if (log is null)
            return isOfSupervisord ? new LogSettings { MaxBytes = LogMaxBytesDefault, Backups = LogBackupsDefault } : new LogSettings();

        return new LogSettings
        {
            File = log.AutoPrefix is null ? log.File : null,
            IsAuto = log.AutoPrefix is not null,
            MaxBytes = log.MaxSize.Bytes,
            Backups = log.Keep,
            CaptureMaxBytes = log.CaptureMax.Bytes,
            EventsEnabled = log.RaisesEvents,
            Syslog = log.Syslog,
        };
    }
}
