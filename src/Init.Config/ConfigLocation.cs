using Init.Base;
using Init.Config.Expansion;
using Init.Config.Supervisord;
using Init.Config.Toml;

namespace Init.Config;

/// <summary>Where the configuration is, and where the supervisor that runs on it listens.</summary>
public static class ConfigLocation
{
    /// <summary>Names the configuration file when no option does.</summary>
    public const string ConfigVariable = "INIT_CONFIG";

    /// <summary>Names the control socket when no option does.</summary>
    public const string SocketVariable = "INIT_SOCKET";

    /// <summary>Looked for in this order when nothing names the file. supervisord's own are last: a supervisor.toml beside one of them is there because it is meant.</summary>
    public static IReadOnlyList<string> Candidates { get; } =
        ["supervisor.toml", "/etc/init/supervisor.toml", "supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];

    /// <summary>The file to read; null when nothing names one and none of the candidates is there.</summary>
    public static string? Find(string? option, IReadOnlyDictionary<string, string> environment, IConfigFiles files) =>
        option
        ?? (environment.GetValueOrDefault(ConfigVariable) is { Length: > 0 } named ? named : null)
        ?? Candidates.FirstOrDefault(candidate => files.Read(candidate, ConfigLoader.FileBytesMax) is not ConfigFile.Missing);

    /// <summary>
    /// Where the supervisor that was started with this file listens. Of the file only <c>[init]</c> <c>control</c> and <c>state_dir</c> are read, and
    /// mistakes elsewhere are passed over: <c>init status</c> must also work while somebody edits the file.
    /// </summary>
    /// <param name="configPath">Null: the supervisor has no file, or it is not known; then it is the default of all keys.</param>
    /// <param name="files">The machine.</param>
    /// <param name="environment">The environment of whoever asks, which for <c>${NAME}</c> in the file must be like the supervisor's.</param>
    public static string ControlSocket(string? configPath, IConfigFiles files, IReadOnlyDictionary<string, string> environment)
    {
        string? control = null, state = null;
        ConfigFile? file = configPath is null ? null : files.Read(configPath, ConfigLoader.FileBytesMax);
        if (file is ConfigFile.Content ini && IniContent.IsSupervisord(ini.Bytes.Span))
            return SupervisordLoader.ControlSocket(configPath!, ini.Bytes, files, environment);

        if (file is ConfigFile.Content content
            && TomlReader.Read(content.Bytes.Span, configPath!, new List<ConfigProblem>()) is { } root
            && root.TryGet("init", out TomlEntry? init)
            && init.Value is TomlTable settings)
        {
            string folder = Path.GetDirectoryName(files.FullPath(configPath!)) ?? "/";
            Expander expander = new(environment, [], "");
            control = PathOf(settings, "control", folder, expander);
            state = PathOf(settings, "state_dir", folder, expander);
        }

        return control ?? Path.Combine(state ?? DefaultStateDirectory(environment, files.UserId), "control.sock");
    }

    /// <summary>
    /// Where the gateway of a supervisor.toml listens that is not told where, and where our supervisorctl looks when it is not told either: beside the control socket.
    /// </summary>
    public static string SupervisorSocket(string controlSocket) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(controlSocket)) ?? "/", "supervisor.sock");

    /// <summary>The XDG base directory specification's place for state, or a private directory in /tmp for users without a home.</summary>
    internal static string DefaultStateDirectory(IReadOnlyDictionary<string, string> environment, string userId)
    {
        // The specification has relative values ignored.
        if (environment.GetValueOrDefault("XDG_STATE_HOME") is ['/', ..] xdg)
            return Path.Combine(xdg, "init");

        // A container's user without a passwd entry has HOME=/, which it cannot write to.
        return environment.GetValueOrDefault("HOME") is ['/', _, ..] home
            ? Path.Combine(home, ".local/state/init")
            : $"/tmp/init-{userId}";
    }

    private static string? PathOf(TomlTable settings, string key, string folder, Expander expander) =>
        settings.TryGet(key, out TomlEntry? entry) && entry.Value is TomlString text && expander.Expand(text.Value, (_, _) => { }) is { Length: > 0 } path
            ? Path.GetFullPath(path, folder)
            : null;
}
