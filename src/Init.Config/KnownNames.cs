using System.Collections.Immutable;

namespace Init.Config;

/// <summary>Names that configurations may use and that Init gives a meaning to.</summary>
public static class KnownNames
{
    /// <summary>The role that serves what <see cref="SystemConfig.HttpEndpoints"/> says.</summary>
    public const string Gateway = "gateway";

    /// <summary>The role that restores before anything starts, and backs up from then on.</summary>
    public const string Backup = "backup";

    /// <summary>The role that serves the chat API.</summary>
    public const string Chat = "chat";

    /// <summary>Roles of this binary, for <c>builtin</c>.</summary>
    public static ImmutableArray<string> Builtins { get; } = [Gateway, Backup, Chat];

    /// <summary>Everything <c>on_event</c> may ask for.</summary>
    public static ImmutableArray<string> Events { get; } =
    [
        "program.starting", "program.running", "program.ready", "program.unready", "program.backoff", "program.stopping", "program.stopped",
        "program.exited", "program.fatal", "program.waiting", "program.absent", "program.unhealthy", "program.healthy",
        "program.hook_failed",
        "init.started", "init.shutdown", "init.reloaded", "init.reload_failed",
        "hook.failed",
        "log.dropped",
        "backup.restored", "backup.acknowledged", "backup.failed", "backup.proof_failed",
    ];

    /// <summary>supervisord's event types, which an event listener may ask for. Those of them that others begin with stand for all of these, and EVENT for every type.</summary>
    public static ImmutableArray<string> SupervisordEvents { get; } =
    [
        "EVENT",
        "PROCESS_STATE", "PROCESS_STATE_STOPPED", "PROCESS_STATE_EXITED", "PROCESS_STATE_STARTING", "PROCESS_STATE_STOPPING", "PROCESS_STATE_BACKOFF",
        "PROCESS_STATE_FATAL", "PROCESS_STATE_RUNNING", "PROCESS_STATE_UNKNOWN",
        "PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDOUT", "PROCESS_COMMUNICATION_STDERR",
        "PROCESS_LOG", "PROCESS_LOG_STDOUT", "PROCESS_LOG_STDERR",
        "REMOTE_COMMUNICATION",
        "SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE_STOPPING",
        "TICK", "TICK_5", "TICK_60", "TICK_3600",
        "PROCESS_GROUP", "PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED",
    ];

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
