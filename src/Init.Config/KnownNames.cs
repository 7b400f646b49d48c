using System.Collections.Immutable;

namespace Init.Config;

/// <summary>Names that configurations may use and that Init gives a meaning to.</summary>
public static class KnownNames
{
    /// <summary>Roles of this binary, for <c>builtin</c>.</summary>
    public static ImmutableArray<string> Builtins { get; } = ["gateway", "backup", "chat"];

    /// <summary>Everything <c>on_event</c> may ask for.</summary>
    public static ImmutableArray<string> Events { get; } =
    [
        "program.starting", "program.running", "program.ready", "program.unready", "program.backoff", "program.stopping", "program.stopped",
        "program.exited", "program.fatal", "program.waiting", "program.absent", "program.unhealthy", "program.healthy",
        "init.started", "init.shutdown", "init.reloaded", "init.reload_failed",
        "log.dropped",
        "backup.started", "backup.succeeded", "backup.failed", "backup.restored",
    ];

    /// <summary>Events of this family come from the backup role, which may have more of them than are listed.</summary>
    public const string OpenEventFamily = "backup.";

    /// <summary>Variables that Init itself sets for each program; nobody else may.</summary>
    public static ImmutableArray<string> OwnVariables { get; } = [ProgramVariable, InstanceVariable];

    /// <summary>The instance's name; by it descendants that left their process group are found.</summary>
    public const string ProgramVariable = "INIT_PROGRAM";

    /// <summary>Which running Init it belongs to; set at spawn.</summary>
    public const string InstanceVariable = "INIT_INSTANCE";

    /// <summary>
    /// Variables that were meant for Init by whoever started it, and would mislead a program that inherits them (sd_notify(3),
    /// sd_watchdog_enabled(3), sd_listen_fds(3)).
    /// </summary>
    public static ImmutableArray<string> NotInherited { get; } =
    [
        ProgramVariable, InstanceVariable, "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
        "LISTEN_PIDFDID",
    ];
}
