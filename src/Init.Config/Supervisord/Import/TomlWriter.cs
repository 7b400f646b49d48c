using System.Collections.Immutable;
using System.Text;
using Init.Base;
using Init.Config.Reading;
using Init.Supervision;

namespace Init.Config.Supervisord.Import;

/// <summary>Writes a configuration that came from a supervisord.conf as a supervisor.toml.</summary>
internal sealed class TomlWriter
{
    private const int SizeMin = 1024;

    private readonly SystemConfig _config;
    private readonly SystemConfig _values;
    private readonly List<ConfigProblem> _changes;
    private readonly TableNames _names;
    private readonly StringBuilder _text = new();
    private readonly Dictionary<string, string> _logFiles = [];
    private readonly HashSet<string> _toldStreams = [];
    private readonly Dictionary<string, LogSpec> _logValues = [];

    /// <param name="config">With references in the place of variables.</param>
    /// <param name="values">The same with their values.</param>
    /// <param name="changes">What means something else than before is added here.</param>
    public TomlWriter(SystemConfig config, SystemConfig values, List<ConfigProblem> changes)
    {
        _config = config;
        _values = values;
        _changes = changes;
        _names = new TableNames(config.Programs);
        foreach (ProgramDefinition program in values.Programs)
        {
            if (program.Stdout is { } stdout)
                _logValues[program.Policy.Name + " stdout"] = stdout;
            if (program.Stderr is { } stderr)
                _logValues[program.Policy.Name + " stderr"] = stderr;
        }
    }

    /// <summary>True when it has been told that this stream of the instance goes elsewhere than before.</summary>
    public bool IsTold(string instance, string stream) => _toldStreams.Contains($"{instance} {stream}");

    public string Write(string path)
    {
        _text.Append($"# Imported from {ConfigText.Clean(path)}. Every key is explained in docs/reference/supervisor.toml.md.\n");
        WriteSettings();
        foreach (ProgramDefinition program in _config.Programs)
            WriteProgram(program);

        foreach (GroupDefinition group in _config.Groups)
            WriteGroup(group);

        foreach (EventListenerPool pool in _config.EventListeners)
        {
            if (_config.Programs.All(program => program.GroupName != pool.Name))
                continue;

            _text.Append($"\n[event_listener.{TomlValueText.Key(pool.Name)}]\n");
            Line("events", TomlValueText.Of(pool.Events));
            Line("buffer_size", TomlValueText.Of(pool.BufferSize));
        }

        return _text.ToString();
    }

    private void WriteSettings()
    {
        SupervisordSettings daemon = _values.Supervisord!;
        _text.Append("\n[init]\n");
        Line("shutdown", TomlValueText.Of(_config.Settings.Shutdown), "supervisord has no limit");
        Line("supervisord_variables", "true", "SUPERVISOR_ENABLED and so on, for programs that look at them");
        SourcePosition at = new(_values.Files is [var file, ..] ? Path.GetFileName(file) : "supervisord.conf", 1, 1);
        Note(daemon.LogFile is not null and not "/dev/null", $"Init's own log is on its stdout and in its log folder, and not in {daemon.LogFile}");
        Note(daemon.PidFile is not null and not "/dev/null", $"there is no pid file {daemon.PidFile}");
        Note(daemon.Identifier != "supervisor", $"the identifier \"{daemon.Identifier}\" is gone");
        Note(daemon.User is not null and not "root", $"Init stays who it is, and does not become {daemon.User}: set user of each program, or start Init as that user");
        Note(daemon.Umask is not null and not 0b000_010_010, "Init keeps the umask it is started with: set umask of each program");

        WriteGateway(at);

        void Note(bool applies, string message)
        {
            if (applies)
                _changes.Add(new ConfigProblem(at, "supervisord", message));
        }
    }

    /// <summary>One table with one password: what does not fit is told and left out.</summary>
    private void WriteGateway(SourcePosition at)
    {
        if (_config.HttpEndpoints.IsEmpty)
            return;

        HttpEndpoint first = _config.HttpEndpoints[0];
        HttpEndpoint? socket = null;
        List<HttpEndpoint> listen = [];
        foreach (HttpEndpoint endpoint in _config.HttpEndpoints)
        {
            string name = endpoint.UnixPath ?? $"{Host(endpoint.Address)}:{endpoint.Port}";
            if (endpoint.Username != first.Username || endpoint.Password != first.Password)
                LeaveOut($"{name} has another password than the first server, and there is but one here");
            else if (endpoint.UnixPath is not null && socket is not null)
                LeaveOut($"{name} is a second unix socket, and there is but one here");
            else if (endpoint.UnixPath is null && endpoint.IsOpen && (endpoint.Address is null || !System.Net.IPAddress.IsLoopback(endpoint.Address)))
                LeaveOut($"{name} can be reached from other machines and asks for no password, which is refused here");
            else if (endpoint.UnixPath is not null)
                socket = endpoint;
            else
                listen.Add(endpoint);
        }

        if (socket is null && listen.Count == 0)
            return;

        _text.Append("\n[gateway]\n");
        Line("socket", socket is null ? null : TomlValueText.Of(socket.UnixPath!));
        Line("socket_mode", socket is null ? null : $"\"{Convert.ToString(socket.UnixMode & 0x1FF, 8)}\"");
        Line("socket_owner", socket?.UnixOwner is { } owner ? TomlValueText.Of(owner) : null);
        Line("listen", listen.Count == 0 ? null : TomlValueText.Of(listen.Select(endpoint => $"{Host(endpoint.Address)}:{endpoint.Port}")));
        Line("username", first.Username is { } username ? TomlValueText.Of(username) : null);
        Line("password", first.Password is { } password ? TomlValueText.Of(password) : null);

        void LeaveOut(string message) => _changes.Add(new ConfigProblem(at, "http server", message));
    }

    private static string Host(System.Net.IPAddress? address) => address switch
    {
        null => "*",
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => $"[{address}]",
        _ => address.ToString(),
    };

    private void WriteProgram(ProgramDefinition program)
    {
        var (policy, launch) = (program.Policy, program.Launch);
        string name = _names[policy.Name];
        _text.Append($"\n# {ConfigText.Clean(program.At.File)}:{program.At.Line}\n[program.{TomlValueText.Key(name)}]\n");
        WriteCommand(program);
        Line("directory", launch.Directory is { } directory ? TomlValueText.Of(directory) : null);
        Line("user", launch.User is { } user ? TomlValueText.Of(user) : null);
        Line("umask", launch.Umask is { } mask ? $"\"{Convert.ToString(mask, 8).PadLeft(3, '0')}\"" : null);
        Line("group", program.SupervisordGroup == name ? null : TomlValueText.Of(program.SupervisordGroup));
        Line("process_name", program.SupervisordProcess == name ? null : TomlValueText.Of(program.SupervisordProcess));
        Line("enabled", policy.Enabled ? null : "false");
        Line("stdin", launch.HasStdinPipe ? "\"pipe\"" : null);
        Line("socket", launch.Socket is { } socket ? Socket(socket) : null);
        Line("start_grace", policy.StartGrace == TimeSpan.FromSeconds(1) ? null : TomlValueText.Of(policy.StartGrace));
        Line("early_exit_fails", TomlValueText.Of(policy.EarlyExitFails));
        Line("restart", policy.Restart switch { RestartMode.Always => null, RestartMode.OnFailure => "\"on-failure\"", _ => "\"never\"" });
        Line("success_exit_codes", policy.SuccessExitCodes is [0] ? null : "[" + string.Join(", ", policy.SuccessExitCodes.Distinct().Order()) + "]");
        Line("backoff", $"{{ initial = \"1s\", increment = \"1s\", factor = 1, jitter = 0, max = {TomlValueText.Of(policy.Backoff.Max)}, only_failed_starts = true, reset_after = \"0s\", attempts = {(policy.Backoff.Attempts is > 0 and var attempts ? TomlValueText.Of(attempts) : "\"none\"")} }}");
        Line("stop", Stop(policy.Stop));
        Line("shutdown_priority", TomlValueText.Of(policy.ShutdownPriority));
        WriteLogs(program);
        WriteEnvironment(program);
    }

    private void WriteCommand(ProgramDefinition program)
    {
        ImmutableArray<string> command = program.Launch.Command;
        if (program.Launch.CommandFault is not null)
            _changes.Add(new ConfigProblem(program.At, $"program:{program.Policy.Program}", "its command cannot be run, now as before"));

        // A supervisor.toml refuses an empty name; this fails to start all the same.
        Line("command", command is [""] ? TomlValueText.Of(["/command-is-empty"]) : program.Launch.CommandFault is null ? TomlValueText.Command(command) : TomlValueText.Of(command));
    }

    private static string Socket(SharedSocket socket)
    {
        List<string> parts = [socket.UnixPath is { } unix ? "unix = " + TomlValueText.Of(unix) : "tcp = " + TomlValueText.Of($"{Host(socket.Address)}:{socket.Port}")];
        if (socket.UnixPath is not null)
            parts.Add($"mode = \"{Convert.ToString(socket.Mode, 8)}\"");
        if (socket.Owner is { } owner)
            parts.Add("owner = " + TomlValueText.Of(owner));
        if (socket.Backlog is { } backlog)
            parts.Add("backlog = " + TomlValueText.Of(backlog));

        return "{ " + string.Join(", ", parts) + " }";
    }

    private static string Stop(StopPolicy stop)
    {
        StopPolicy defaults = new();
        List<string> parts = [];
        if (stop.Signal != defaults.Signal)
            parts.Add("signal = " + (SignalNames.NameOf(stop.Signal) is ['S', 'I', 'G', .. var name] ? $"\"{name}\"" : TomlValueText.Of(stop.Signal)));
        if (stop.Grace != defaults.Grace)
            parts.Add("grace = " + TomlValueText.Of(stop.Grace));

        parts.Add("group = " + TomlValueText.Of(stop.Group));
        if (stop.FinalGroup)
            parts.Add("final_group = true");

        return "{ " + string.Join(", ", parts) + " }";
    }

    // --- Output ---------------------------------------------------------------------------------------------------------

    private void WriteLogs(ProgramDefinition program)
    {
        bool isShared = ReferenceEquals(program.Stdout, program.Stderr);
        Line("stdout", Log(program, "stdout", program.Stdout));
        if (isShared)
            return;

        // Two streams of one program into one file are one stream here; streams of two programs cannot share one.
        if (SameFile(program))
            Tell(program, "stderr", $"stderr of \"{program.Policy.Name}\" goes the way of stdout, into the same file as before");
        else
            Line("stderr", Log(program, "stderr", program.Stderr));
    }

    private static bool SameFile(ProgramDefinition program) =>
        program.Stdout?.File is { } file && file == program.Stderr?.File && !LogReader.IsDevice(file);

    private string Log(ProgramDefinition program, string stream, LogSpec? log)
    {
        if (log is null || !log.IsUsed)
            return "{ file = \"\", mirror = false }";

        List<string> parts = [];
        if (log.AutoPrefix is not null)
        {
            Tell(program, stream, $"{stream} of \"{program.Policy.Name}\" is kept in Init's log folder, and not deleted at the next start as an AUTO file is");
        }
        else
        {
            parts.Add("file = " + (log.File is null ? "\"\"" : TomlValueText.Of(FileOf(program, stream, log))));
        }

        ByteSize size = log.MaxSize;
        if (size.Bytes is > 0 and < SizeMin)
        {
            Tell(program, stream, $"{stream} of \"{program.Policy.Name}\" is rotated at 1 KiB, the least there is");
            size = new ByteSize(SizeMin);
        }

        parts.Add("max_size = " + TomlValueText.Of(size));
        parts.Add("keep = " + TomlValueText.Of(log.Keep));
        parts.Add("mirror = false");
        if (log.CaptureMax.Bytes > 0)
            parts.Add("capture = " + TomlValueText.Of(log.CaptureMax));
        if (log.RaisesEvents)
            parts.Add("events = true");
        if (log.Syslog)
            parts.Add("syslog = true");
        if (log.StripsAnsi)
            parts.Add("strip_ansi = true");

        return "{ " + string.Join(", ", parts) + " }";
    }

    private string FileOf(ProgramDefinition program, string stream, LogSpec log)
    {
        string file = log.File!;
        string real = _logValues.TryGetValue($"{program.Policy.Name} {stream}", out LogSpec? value) ? value.File ?? file : file;
        if (LogReader.IsDevice(real) || _logFiles.TryAdd(real, program.Policy.Name))
            return file;

        Tell(program, stream, $"{stream} of \"{program.Policy.Name}\" has a file of its own: \"{_logFiles[real]}\" writes to {ConfigText.Clean(real)}");
        string own = $"{file}.{_names[program.Policy.Name]}";
        return _logFiles.TryAdd($"{real}.{_names[program.Policy.Name]}", program.Policy.Name) ? own : $"{own}.{stream}";
    }

    private void Tell(ProgramDefinition program, string stream, string message)
    {
        _toldStreams.Add($"{program.Policy.Name} {stream}");
        _changes.Add(new ConfigProblem(program.At, $"program:{program.Policy.Program}", message));
    }

    // --- Environment and groups -------------------------------------------------------------------------------------------

    private void WriteEnvironment(ProgramDefinition program)
    {
        string? url = UrlOfImported();
        Dictionary<string, string> given = SupervisordVariables.For(program.SupervisordProcess, program.SupervisordGroup, url).ToDictionary();
        List<string> parts = [];
        foreach (string[] variable in program.Launch.Environment.Select(variable => variable.Split('=', 2)))
        {
            if (variable[0] != KnownNames.ProgramVariable && given.GetValueOrDefault(variable[0]) != variable[1])
                parts.Add($"{TomlValueText.Key(variable[0])} = {TomlValueText.Of(variable[1])}");
        }

        if (parts.Count > 0)
            Line("environment", "{ " + string.Join(", ", parts) + " }");
    }

    /// <summary>What the imported file will tell its programs, which is not the host's name but its address.</summary>
    private string? UrlOfImported() =>
        ServerReader.UrlOf([.. _values.HttpEndpoints.OrderBy(endpoint => endpoint.UnixPath is null ? 1 : 0).Select(endpoint => new HttpServer(endpoint, endpoint.Address?.ToString() ?? ""))]);

    private void WriteGroup(GroupDefinition group)
    {
        List<string> members = [.. _config.Programs.Where(program => program.GroupName == group.Name).Select(program => _names[program.Policy.Name])];
        if (members.Count == 0 || _names.IsTaken(group.Name) || NameRules.ProblemOf(group.Name) is not null)
        {
            _changes.Add(new ConfigProblem(group.At, $"group:{group.Name}", members.Count == 0 ? "has no programs, and is left out" : "is a group for supervisord's clients only: its name cannot be a table's"));
            return;
        }

        _text.Append($"\n# {ConfigText.Clean(group.At.File)}:{group.At.Line}\n[group.{TomlValueText.Key(group.Name)}]\n");
        Line("programs", TomlValueText.Of(members));
    }

    private void Line(string key, string? value, string? comment = null)
    {
        if (value is not null)
            _text.Append($"{key} = {value}{(comment is null ? "" : $" # {comment}")}\n");
    }
}
