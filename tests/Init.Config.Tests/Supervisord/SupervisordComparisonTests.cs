using System.Globalization;
using System.Text.Json;
using Init.Supervision;

namespace Init.Config.Tests.Supervisord;

/// <summary>supervisord 4.2.5 and Init make the same of the same file: each example is read by both, and compared process by process and key by key.</summary>
public class SupervisordComparisonTests
{
    public static TheoryData<string> Names => [.. SupervisordFolders.Names];

    [OracleTheory]
    [MemberData(nameof(Names))]
    public void Example_WhenReadByBoth_IsTheSame(string name)
    {
        string folder = CopyToTemporary(Path.Combine(SupervisordFolders.Cases, name));
        try
        {
            Compare(Path.Combine(folder, "supervisord.conf"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(string file)
    {
        JsonElement theirs = Oracle.Ask(file, SupervisordFolders.Environment);
        ConfigResult result = ConfigLoader.Load(file, new RelativeTo(Path.GetDirectoryName(file)!), SupervisordFolders.Environment);
        if (theirs.TryGetProperty("error", out JsonElement error))
        {
            Assert.True(result.Config is null, $"supervisord refuses it: {error.GetString()}");
            return;
        }

        Assert.True(result.Config is not null, $"supervisord takes it: {string.Join('\n', result.Problems)}");
        SystemConfig config = result.Config!;

        // Of two groups of one name supervisord parses both and runs the first.
        List<JsonElement> groups = [.. theirs.GetProperty("groups").EnumerateArray().DistinctBy(group => group.GetProperty("name").GetString())];
        List<string> expected = [.. groups.SelectMany(group => Last(group).Select(process => Describe(group, process, theirs.GetProperty("serverurl").GetString())))];
        List<string> actual = [.. config.Programs.Select(program => Describe(program, config))];
        Assert.Equal(string.Join("\n\n", expected), string.Join("\n\n", actual));

        Assert.Equal(
            groups.Where(group => group.GetProperty("kind").GetString() == "EventListenerPoolConfig").Select(group => $"{group.GetProperty("name")} {group.GetProperty("buffer_size")} {string.Join(' ', group.GetProperty("events").EnumerateArray())}"),
            config.EventListeners.OrderBy(pool => config.Programs.IndexOf(config.Programs.First(program => program.GroupName == pool.Name)))
                .Select(pool => $"{pool.Name} {pool.BufferSize} {string.Join(' ', pool.Events.Order(StringComparer.Ordinal))}"));
        Assert.Equal(theirs.GetProperty("servers").EnumerateArray().Select(Describe), config.HttpEndpoints.Select(Describe));
        Assert.Equal(DescribeDaemon(theirs.GetProperty("supervisord")), DescribeDaemon(config));
    }

    /// <summary>A process takes the place of an earlier one of the same name in its group.</summary>
    private static IEnumerable<JsonElement> Last(JsonElement group)
    {
        List<JsonElement> all = [.. group.GetProperty("processes").EnumerateArray()];
        return all.DistinctBy(process => process.GetProperty("name").GetString())
            .Select(first => all.Last(process => process.GetProperty("name").GetString() == first.GetProperty("name").GetString()));
    }

    private static string Describe(JsonElement group, JsonElement process, string? url)
    {
        string name = process.GetProperty("name").GetString()!;
        bool isFastCgi = group.TryGetProperty("socket", out JsonElement socket);
        string?[] lines =
        [
            $"{group.GetProperty("name")}:{name} {group.GetProperty("priority")}:{process.GetProperty("priority")}",
            Text(process, "command"),
            string.Join('|', process.GetProperty("argv").EnumerateArray()),
            Text(process, "fault"),
            Text(process, "umask"),
            Text(process, "uid"),
            Text(process, "autostart"),
            Text(process, "autorestart"),
            Clamp(process, "startsecs"),
            Clamp(process, "startretries"),
            Text(process, "stopsignal"),
            Clamp(process, "stopwaitsecs"),
            Text(process, "stopasgroup"),
            Text(process, "killasgroup"),
            string.Join(',', process.GetProperty("exitcodes").EnumerateArray()),
            Text(process, "redirect_stderr"),
            Text(process, "directory"),
            Log(process.GetProperty("stdout")),
            process.GetProperty("redirect_stderr").GetBoolean() ? "stdout" : Log(process.GetProperty("stderr")),
            string.Join(' ', process.GetProperty("environment").EnumerateObject().Select(variable => $"{variable.Name}={variable.Value}").Order(StringComparer.Ordinal)),
            Text(process, "serverurl") is { Length: > 0 } own ? own : url,
            isFastCgi ? $"{socket.GetProperty("url")} {socket.GetProperty("backlog")} {socket.GetProperty("mode")}" : null,
        ];
        return string.Join('\n', lines);
    }

    private static string Describe(ProgramDefinition program, SystemConfig config)
    {
        var (policy, launch) = (program.Policy, program.Launch);
        string[] own = [.. launch.Environment.Where(variable => !variable.StartsWith("SUPERVISOR_", StringComparison.Ordinal) && !variable.StartsWith("INIT_", StringComparison.Ordinal))];
        Dictionary<string, string> outer = new(SupervisordFolders.Environment);
        HashSet<string> written = [.. own.Where(variable => outer.GetValueOrDefault(variable.Split('=')[0]) != variable.Split('=', 2)[1])];
        string url = launch.Environment.FirstOrDefault(variable => variable.StartsWith("SUPERVISOR_SERVER_URL=", StringComparison.Ordinal), "=").Split('=', 2)[1];
        bool sharesOutput = ReferenceEquals(program.Stdout, program.Stderr) && program.Stdout is not null;
        Assert.Contains("SUPERVISOR_ENABLED=1", launch.Environment);
        Assert.Contains($"SUPERVISOR_PROCESS_NAME={program.ProcessName}", launch.Environment);
        Assert.Contains($"SUPERVISOR_GROUP_NAME={program.GroupName}", launch.Environment);
        Assert.Equal(launch.Socket is null, launch.HasStdinPipe);
        Assert.Equal(policy.Name, program.GroupName == program.ProcessName ? program.ProcessName : $"{program.GroupName}:{program.ProcessName}");
        string?[] lines =
        [
            $"{program.GroupName}:{program.ProcessName} {policy.ShutdownPriority}:{program.Supervisord!.Priority}",
            program.Supervisord.Command,
            launch.CommandFault is null ? string.Join('|', launch.Command) : "",
            launch.CommandFault,
            launch.Umask?.ToString(CultureInfo.InvariantCulture),
            launch.User switch { null => null, "root" => "0", "nobody" => "65534", var other => other },
            policy.Enabled ? "True" : "False",
            policy.Restart switch { RestartMode.Always => "True", RestartMode.Never => "False", _ => "unexpected" },
            policy.StartGrace.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            policy.Backoff.Attempts.ToString(),
            policy.Stop.Signal.ToString(CultureInfo.InvariantCulture),
            policy.Stop.Grace.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            policy.Stop.Group ? "True" : "False",
            policy.Stop.FinalGroup ? "True" : "False",
            string.Join(',', policy.SuccessExitCodes),
            sharesOutput ? "True" : "False",
            launch.Directory,
            Log(program.Stdout, "stdout", program, config),
            sharesOutput ? "stdout" : Log(program.Stderr, "stderr", program, config),
            string.Join(' ', written.Order(StringComparer.Ordinal)),
            url,
            launch.Socket is { } socket ? $"{(socket.UnixPath is null ? $"tcp://{(socket.Address!.Equals(System.Net.IPAddress.Loopback) ? "localhost" : socket.Address.ToString())}:{socket.Port}" : "unix://" + socket.UnixPath)} {socket.Backlog} {(socket.UnixPath is null ? "" : socket.Mode.ToString(CultureInfo.InvariantCulture))}" : null,
        ];
        return string.Join('\n', lines);
    }

    private static string Log(JsonElement log)
    {
        List<JsonElement> parts = [.. log.EnumerateArray()];
        bool isUsed = parts[0].ValueKind != JsonValueKind.Null || parts[3].GetInt64() > 0 || parts[4].GetBoolean() || parts[5].GetBoolean();
        return isUsed ? string.Join(' ', parts) : "none";
    }

    private static string Log(LogSpec? log, string stream, ProgramDefinition program, SystemConfig config)
    {
        bool isListener = config.EventListeners.Any(pool => pool.Name == program.GroupName);
        if (log is null || (isListener && log.File is null && log.AutoPrefix is null))
            return "none";

        if (log.AutoPrefix is { } prefix)
            Assert.Equal($"{config.Supervisord!.ChildLogDirectory}/{program.ProcessName}-{stream}---{config.Supervisord.Identifier}-", prefix);

        return $"{(log.AutoPrefix is null ? log.File : "AUTO")} {log.MaxSize.Bytes} {log.Keep} {log.CaptureMax.Bytes} {log.RaisesEvents} {log.Syslog}";
    }

    private static string Describe(JsonElement server) => string.Join(' ', new[] { "file", "host", "port", "mode", "username", "password" }.Select(key => Text(server, key)));

    private static string Describe(HttpEndpoint http) => string.Join(' ',
        http.UnixPath,
        http.UnixPath is not null ? "" : http.Address is null ? "" : http.Address.Equals(System.Net.IPAddress.Loopback) && http.Port == 9004 ? "localhost" : http.Address.ToString(),
        http.Port?.ToString(CultureInfo.InvariantCulture),
        http.UnixPath is null ? "" : http.UnixMode.ToString(CultureInfo.InvariantCulture),
        http.Username,
        http.Password);

    private static string DescribeDaemon(JsonElement daemon)
    {
        bool isDaemon = !daemon.GetProperty("nodaemon").GetBoolean();
        return string.Join(' ',
            Text(daemon, "logfile"), Text(daemon, "logfile_maxbytes"), Text(daemon, "logfile_backups"),
            daemon.GetProperty("loglevel").GetInt32() switch { 50 => "critical", 40 => "error", 30 => "warn", 20 => "info", 10 => "debug", 5 => "trace", _ => "blather" },
            Text(daemon, "pidfile"), isDaemon ? Text(daemon, "umask") : "", Text(daemon, "identifier"), isDaemon ? Text(daemon, "directory") : "", Text(daemon, "childlogdir"),
            Text(daemon, "minfds"), Text(daemon, "minprocs"), Text(daemon, "nocleanup"), Text(daemon, "silent"), Text(daemon, "user"));
    }

    private static string DescribeDaemon(SystemConfig config)
    {
        SupervisordSettings daemon = config.Supervisord!;
        return string.Join(' ',
            daemon.LogFile, daemon.LogMaxSize.Bytes, daemon.LogBackups, daemon.LogLevel, daemon.PidFile, daemon.Umask?.ToString(CultureInfo.InvariantCulture), daemon.Identifier,
            daemon.Directory, daemon.ChildLogDirectory, daemon.OpenFilesMin, daemon.ProcessesMin, daemon.NoCleanup, daemon.Silent, daemon.User);
    }

    private static string Text(JsonElement element, string key) => element.GetProperty(key).ValueKind switch
    {
        JsonValueKind.Null => "",
        _ => element.GetProperty(key).ToString(),
    };

    /// <summary>Numbers below zero act as zero, and we have them as zero.</summary>
    private static string Clamp(JsonElement element, string key) => Math.Max(0, element.GetProperty(key).GetInt64()).ToString(CultureInfo.InvariantCulture);

    private static string CopyToTemporary(string folder)
    {
        string copy = Directory.CreateTempSubdirectory("init-conf").FullName;
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }

        return copy;
    }

    /// <summary>The machine, seen from another current directory: the tests have but one process.</summary>
    private sealed class RelativeTo(string folder) : IConfigFiles
    {
        private readonly SystemConfigFiles _real = new();

        public string UserId => _real.UserId;

        public string FullPath(string path) => Path.GetFullPath(path, folder);

        public ConfigFile Read(string path, int sizeMax) => _real.Read(FullPath(path), sizeMax);

        public bool IsDirectory(string path) => _real.IsDirectory(FullPath(path));

        public System.Collections.Immutable.ImmutableArray<string> Glob(string directory, string pattern, int countMax) => _real.Glob(directory, pattern, countMax);

        public bool HasTimeZone(string name) => true;
    }
}
