using System.Collections.Immutable;
using Init.Base;
using Init.Config.Reading;

namespace Init.Config.Supervisord;

/// <summary>The whole way from a supervisord.conf to <see cref="SystemConfig"/>.</summary>
internal sealed class SupervisordLoader
{
    private const string MainInterface = "supervisor.rpcinterface:make_main_rpcinterface";

    private readonly string _path;
    private readonly string _fullPath;
    private readonly ProblemList _problems = new();
    private readonly List<string> _filesRead = [];
    private readonly LoadScope _scope;
    private readonly IReadOnlyDictionary<string, string> _textEnvironment;
    private bool _isIncomplete;

    private SupervisordLoader(string path, IConfigFiles files, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> textEnvironment)
    {
        _path = path;
        _fullPath = files.FullPath(path);
        _textEnvironment = textEnvironment;
        _scope = new LoadScope(new IniDocument(), files, environment, Path.GetDirectoryName(_fullPath) ?? "/", _problems);
    }

    /// <param name="path">As positions show it.</param>
    /// <param name="content">Of that file.</param>
    /// <param name="textEnvironment">What variables stand for in free text; null = what they are.</param>
    /// <param name="overrides">Keys of [supervisord] that win over the file's.</param>
    public static ConfigResult Load(
        string path,
        ReadOnlyMemory<byte> content,
        IConfigFiles files,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyDictionary<string, string>? textEnvironment = null,
        IReadOnlyDictionary<string, string>? overrides = null) =>
        new SupervisordLoader(path, files, environment, textEnvironment ?? environment).Load(content.Span, overrides);

    /// <summary>Where Init listens that runs on this file. Mistakes elsewhere in it are passed over.</summary>
    public static string ControlSocket(string path, ReadOnlyMemory<byte> content, IConfigFiles files, IReadOnlyDictionary<string, string> environment)
    {
        SupervisordLoader loader = new(path, files, environment, environment);
        loader.ReadFiles(content.Span);
        ExpansionNames names = loader.ProcessNames();
        return SupervisordPlaces.ControlSocket(loader.FindStateDirectory(ServerReader.Read(loader._scope, names, loader.WithHere(names)), names));
    }

    private ConfigResult Load(ReadOnlySpan<byte> content, IReadOnlyDictionary<string, string>? overrides)
    {
        ReadFiles(content);
        if (_isIncomplete)
            return Finish(null); // What is missing then would be a problem once more.

        if (_scope.Document.Find(SupervisordKeys.Supervisord) is not { } section)
        {
            _problems.Add(new SourcePosition(_path, 1, 1), SupervisordKeys.Supervisord, "there is no such section", "supervisord wants [supervisord], even if it is empty");
            return Finish(null);
        }

        SourcePosition commandLine = new("command line", 1, 1);
        foreach (var (key, value) in overrides ?? new Dictionary<string, string>())
            section.Set(new IniEntry(key, value.Replace("%", "%%", StringComparison.Ordinal), commandLine, commandLine));

        ExpansionNames process = ProcessNames();
        ExpansionNames withHere = WithHere(process);
        DaemonSection daemon = DaemonReader.Read(new IniReader(section, _scope, withHere), _scope);

        // From here on the variables of [supervisord] count as the environment's.
        ExpansionNames all = process.With(ToDictionary(daemon.Variables), ToDictionary(daemon.VariableTexts));
        List<HttpServer> servers = ServerReader.Read(_scope, all, WithHere(all));
        List<string> interfaces = FindInterfaces();

        // An import wants to know what the file itself sets.
        bool isImport = !ReferenceEquals(_textEnvironment, _scope.Environment);
        InheritedEnvironment inherited = InheritedEnvironment.Create(isImport ? new Dictionary<string, string>() : _scope.Environment, [], []);
        GroupReader groups = new(_scope, WithHere(all), new ProcessReader(_scope, daemon, ServerReader.UrlOf(servers), inherited));
        List<GroupDraft> drafts = groups.Read();
        SupervisordKeys.Warn(_scope);

        ImmutableArray<ProgramDefinition> programs = [.. drafts.SelectMany(group => group.Processes).Select(process => process.Definition)];
        string state = FindStateDirectory(servers, process);
        InitSettings settings = new()
        {
            StateDirectory = state,
            LogDirectory = Path.Combine(state, "logs"),
            ControlSocket = SupervisordPlaces.ControlSocket(state),
            Shutdown = ShutdownOf(programs),
        };
        return Finish(new SystemConfig(settings, programs, [.. groups.Named], [])
        {
            Files = [.. _filesRead],
            Warnings = [.. _scope.Warnings.Distinct().OrderBy(warning => warning.At).ThenBy(warning => warning.Message, StringComparer.Ordinal)],
            EventListeners = [.. groups.Listeners],
            HttpEndpoints = [.. servers.Select(server => server.Endpoint)],
            Supervisord = daemon.Settings,
            SupervisordServers = [.. servers.Select(server => new SupervisordServer(server.Section, AsksForPassword: server.Endpoint.Username is { Length: > 0 }))],
            RpcInterfaces = [.. interfaces],
        });
    }

    private ConfigResult Finish(SystemConfig? config) =>
        _problems.Count == 0 ? new ConfigResult(config, []) : new ConfigResult(null, [.. _problems.Sorted()]);

    /// <summary>
    /// supervisord waits as long as its programs may take, group after group. Init has a limit, so it is one that no program comes near: all that they may take,
    /// and as long again as Init allows for what is left.
    /// </summary>
    private static TimeSpan ShutdownOf(ImmutableArray<ProgramDefinition> programs)
    {
        TimeSpan least = TimeSpan.FromSeconds(25), most = TimeSpan.FromDays(366), each = TimeSpan.FromSeconds(5);
        TimeSpan sum = TimeSpan.Zero;
        foreach (var wave in programs.GroupBy(program => program.Policy.ShutdownPriority))
        {
            sum += wave.Max(program => program.Policy.Stop.Grace) + each;
            if (sum > most)
                return most;
        }

        return sum < least ? least : sum;
    }

    private string FindStateDirectory(List<HttpServer> servers, ExpansionNames names)
    {
        string? pidFile = null;
        if (_scope.Document.Find(SupervisordKeys.Supervisord) is { } section && new IniReader(section, _scope, WithHere(names)).Text("pidfile") is { Length: > 0 } text)
            pidFile = _scope.Files.FullPath(_scope.ExpandHome(text));

        return SupervisordPlaces.StateDirectory(servers, pidFile, _scope.Environment, _scope.Files.UserId);
    }

    private ExpansionNames ProcessNames() => ExpansionNames.OfEnvironment(_scope.Environment, _textEnvironment);

    private ExpansionNames WithHere(ExpansionNames names) => names.With("here", new FormatValue(_scope.Folder));

    private static Dictionary<string, string> ToDictionary(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Dictionary<string, string> result = [];
        foreach (var (name, value) in pairs)
            result[name] = value;

        return result;
    }

    // --- Files --------------------------------------------------------------------------------------------------------

    private void ReadFiles(ReadOnlySpan<byte> content)
    {
        _filesRead.Add(_fullPath);
        _isIncomplete |= !IniParser.Parse(content, _path, _scope.Document, _problems);
        if (_scope.Document.Find(SupervisordKeys.Include) is not { } include)
            return;

        _scope.Document.FillInHere(_scope.Folder);
        IniReader reader = new(include, _scope, WithHere(ProcessNames()).With("host_node_name", new FormatValue(ProcessReader.HostName(_scope.Files))));
        if (!reader.Has("files"))
            reader.ReportSection("has no files", "add files = conf.d/*.conf");

        IniEntry? entry = reader.Find("files");
        int count = 0;
        foreach (string pattern in PythonText.Words(reader.Text("files") ?? ""))
        {
            ImmutableArray<string> paths = Find(pattern);
            if (paths.IsEmpty)
                reader.Warn("files", $"no file matches {ConfigText.Quote(pattern)}");

            foreach (string path in paths)
            {
                if (++count > ConfigLoader.IncludesMax)
                {
                    reader.Report("files", $"finds more than {ConfigLoader.IncludesMax} files");
                    return;
                }

                ReadInclude(path, reader);
            }
        }

        if (include.TryGet("files", out IniEntry? now) && now != entry)
            _scope.Warn(now.At, reader.KeyOf("files"), "has no effect in a file that is included itself", "as in supervisord: only the main file includes others");
    }

    private ImmutableArray<string> Find(string pattern)
    {
        if (GlobPattern.IsPattern(pattern))
            return _scope.Files.Glob(_scope.Folder, pattern, ConfigLoader.IncludesMax + 1);

        string path = Path.GetFullPath(pattern, _scope.Folder);
        return _scope.Files.Read(path, ConfigLoader.FileBytesMax) is ConfigFile.Missing ? [] : [path];
    }

    private void ReadInclude(string path, IniReader include)
    {
        string? failure = null;
        switch (_scope.Files.Read(path, ConfigLoader.FileBytesMax))
        {
            case ConfigFile.Content content:
                if (!_filesRead.Contains(path))
                    _filesRead.Add(path);

                _isIncomplete |= !IniParser.Parse(content.Bytes.Span, ConfigLoader.Shorten(path, _path, _scope.Folder), _scope.Document, _problems);
                _scope.Document.FillInHere(Path.GetDirectoryName(path) ?? "/");
                return;
            case ConfigFile.TooLarge:
                _isIncomplete = true;
                include.Report("files", $"cannot read {ConfigText.Quote(path)}: larger than {new ByteSize(ConfigLoader.FileBytesMax)}");
                return;
            case ConfigFile.Unreadable unreadable:
                failure = unreadable.Reason;
                break;
            default:
                failure = "no such file";
                break;
        }

        include.Warn("files", $"cannot read {ConfigText.Quote(path)}: {failure}", "supervisord passes over it too, and says nothing");
    }

    // --- What Init has of its own ---------------------------------------------------------------------------------------

    /// <summary>RPC interfaces are Python's code. Init has the main one built in, whether the file names it or not.</summary>
    /// <returns>What the file calls those that are there.</returns>
    private List<string> FindInterfaces()
    {
        List<string> names = [];
        const string key = "supervisor.rpcinterface_factory";
        ExpansionNames process = ProcessNames();
        foreach (IniSection section in _scope.Document.Sections)
        {
            if (section.Name.StartsWith(SupervisordKeys.ClientPlugin, StringComparison.Ordinal))
            {
                _scope.Warn(section.At, ConfigText.Clean(section.Name), "is code of Python's for supervisorctl, which Init cannot run: it is not used");
                continue;
            }

            if (!section.Name.StartsWith(SupervisordKeys.RpcInterface, StringComparison.Ordinal))
                continue;

            IniReader reader = new(section, _scope, process);
            if (!reader.Has(key))
                reader.ReportSection($"has no {key}", $"add {key} = {MainInterface}");
            else if (reader.Text(key) is { } factory && factory != MainInterface)
                reader.Warn(key, $"{reader.Written(key)} is code of Python's, which Init cannot run: its methods are not there");
            else
                names.Add(section.Name[SupervisordKeys.RpcInterface.Length..]);
        }

        return names;
    }
}
