using Init.Config;

namespace Init.Applets.Backup;

/// <summary>What the configuration says about the backup, for the role and for the commands.</summary>
internal static class BackupConfiguration
{
    /// <returns>Null when it cannot be used, which has been said.</returns>
    public static BackupOptions? Load(string? file)
    {
        SystemConfig? config = RoleConfiguration.Load(file);
        if (config is { Backup: null })
            Terminal.Complain("cannot back up: the configuration has neither [backup] nor a program with builtin = \"backup\"");
        return config?.Backup;
    }

    /// <summary>The role's socket: of the command line, beside the supervisor's that INIT_SOCKET names, or of the configuration.</summary>
    /// <returns>Null when there is no telling, which has been said.</returns>
    public static string? Socket(BackupArguments arguments) => arguments.Socket
        ?? (arguments.Config is null ? RoleConfiguration.SocketBesideSupervisor(KnownNames.Backup) : null)
        ?? (Load(arguments.Config) is { } options ? Path.Combine(options.StateDirectory, "backup.sock") : null);
}
