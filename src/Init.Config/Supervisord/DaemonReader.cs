using System.Collections.Immutable;
using Init.Base;

namespace Init.Config.Supervisord;

/// <summary>What <c>[supervisord]</c> says.</summary>
/// <param name="Settings">For the engine.</param>
/// <param name="BaseFolder">What relative paths of programs are relative to: where supervisord would be once it runs.</param>
/// <param name="StripsAnsi">For every log.</param>
/// <param name="HasPidFile">The file names one; else <see cref="SupervisordSettings.PidFile"/> is the default.</param>
/// <param name="Variables">For every program.</param>
/// <param name="VariableTexts">The same, as free text.</param>
internal sealed record DaemonSection(
    SupervisordSettings Settings,
    string BaseFolder,
    bool StripsAnsi,
    bool HasPidFile,
    ImmutableArray<KeyValuePair<string, string>> Variables,
    ImmutableArray<KeyValuePair<string, string>> VariableTexts);

/// <summary>Reads <c>[supervisord]</c>.</summary>
internal static class DaemonReader
{
    private const int BackupsMax = 1000;

    private static readonly string[] Levels = ["critical", "error", "warn", "info", "debug", "trace", "blather"];

    public static DaemonSection Read(IniReader reader, LoadScope scope)
    {
        // Only as a daemon does supervisord change its directory and its umask.
        bool isDaemon = !reader.Boolean("nodaemon", otherwise: false);
        string? directory = Folder(reader, scope, "directory");
        int umask = reader.Octal("umask") ?? 0b000_010_010;
        if (!isDaemon && directory is not null)
            reader.Warn("directory", "has no effect with nodaemon=true, as in supervisord");

        var (variables, texts) = reader.Pairs("environment", isExpandedTwice: true);
        string? logFile = PathOf(reader, scope, "logfile", "supervisord.log");
        if (reader.Text("logfile") == "syslog")
        {
            reader.Warn("logfile", "Init does not write its own log to syslog", "its lines are on stdout");
            logFile = null;
        }

        SupervisordSettings settings = new()
        {
            Identifier = reader.Text("identifier") ?? "supervisor",
            LogFile = logFile,
            LogMaxSize = reader.Size("logfile_maxbytes", 50 << 20),
            LogBackups = (int)reader.Integer("logfile_backups", 10, min: 0, max: BackupsMax),
            LogLevel = Level(reader),
            PidFile = PathOf(reader, scope, "pidfile", "supervisord.pid"),
            Umask = isDaemon ? umask & 0x1FF : null,
            Directory = isDaemon ? directory : null,
            OpenFilesMin = (int)reader.Integer("minfds", 1024),
            ProcessesMin = (int)reader.Integer("minprocs", 200),
            User = User(reader, scope),
            ChildLogDirectory = Folder(reader, scope, "childlogdir") ?? TemporaryFolder(scope),
            NoCleanup = reader.Boolean("nocleanup", otherwise: false),
            Silent = reader.Boolean("silent", otherwise: false),
        };
        return new DaemonSection(
            settings, settings.Directory ?? scope.Files.FullPath("."), reader.Boolean("strip_ansi", otherwise: false), reader.Has("pidfile"), variables, texts);
    }

    /// <summary>A user by name or number, who must exist.</summary>
    public static string? User(IniReader reader, LoadScope scope)
    {
        const string key = "user";
        if (reader.Text(key) is not { } text)
            return null;

        string user = PythonText.Strip(text);
        if (scope.Accounts.HasUser(user))
            return user;

        reader.Report(key, $"there is no user {reader.Written(key)}", "supervisord wants a user that /etc/passwd has, also for a number");
        return null;
    }

    private static string Level(IniReader reader)
    {
        if (reader.Text("loglevel") is not { } text)
            return "info";

        string level = text.ToLowerInvariant();
        if (Levels.Contains(level))
            return level;

        reader.Report("loglevel", $"{reader.Written("loglevel")} is not a level", Suggestion.For(level, Levels) ?? $"write one of {string.Join(", ", Levels)}");
        return "info";
    }

    /// <summary>The file need not exist, the folder it is in must.</summary>
    private static string? PathOf(IniReader reader, LoadScope scope, string key, string otherwise)
    {
        string path = scope.ExpandHome(reader.Text(key) ?? otherwise);
        if (!scope.HasFolder(path))
            reader.Report(key, $"the folder of {reader.Written(key)} does not exist", "supervisord wants it to exist when it starts");

        return path.Length == 0 ? null : scope.Files.FullPath(path);
    }

    private static string? Folder(IniReader reader, LoadScope scope, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;

        string path = scope.Files.FullPath(scope.ExpandHome(text) is { Length: > 0 } expanded ? expanded : ".");
        if (text.Length > 0 && scope.Files.IsDirectory(path))
            return path;

        reader.Report(key, $"{reader.Written(key)} is not a folder that exists");
        return null;
    }

    /// <summary>Python's tempfile.gettempdir().</summary>
    private static string TemporaryFolder(LoadScope scope)
    {
        string?[] candidates = [.. new[] { "TMPDIR", "TEMP", "TMP" }.Select(scope.Environment.GetValueOrDefault), "/tmp", "/var/tmp", "/usr/tmp"];
        return candidates.OfType<string>().Where(path => path.Length > 0).Select(scope.Files.FullPath).FirstOrDefault(scope.Files.IsDirectory) ?? scope.Files.FullPath(".");
    }
}
