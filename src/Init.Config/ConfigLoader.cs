using System.Collections.Immutable;
using Init.Base;
using Init.Config.Expansion;
using Init.Config.Reading;
using Init.Config.Supervisord;
using Init.Config.Toml;

namespace Init.Config;

/// <summary>What loading gave: a configuration, or everything that is wrong with it. Exactly one of the two.</summary>
/// <param name="Config">Null iff there are problems.</param>
/// <param name="Problems">Each once, sorted by position.</param>
public sealed record ConfigResult(SystemConfig? Config, ImmutableArray<ConfigProblem> Problems);

/// <summary>The whole way from a supervisor.toml or a supervisord.conf, told apart by what is in them, to <see cref="SystemConfig"/>.</summary>
public static class ConfigLoader
{
    /// <summary>Largest configuration file.</summary>
    public const int FileBytesMax = TomlReader.BytesMax;

    /// <summary>Most files that <c>include</c> may find.</summary>
    public const int IncludesMax = 1000;

    /// <summary>Most program instances, replicas counted.</summary>
    public const int InstancesMax = 10_000;

    /// <summary>
    /// Reads and validates. Nothing but <paramref name="files"/> is touched, so equal inputs give equal results. Never throws for what
    /// is in the files.
    /// </summary>
    /// <param name="path">The main file; as it is given here it appears in positions.</param>
    /// <param name="files">The machine.</param>
    /// <param name="environment">Init's own environment.</param>
    /// <param name="supervisord">For a supervisord.conf: keys of <c>[supervisord]</c> that the command line has; they win over the file's.</param>
    public static ConfigResult Load(
        string path, IConfigFiles files, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string>? supervisord = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(environment);
        // Read once: what comes from a pipe is gone then.
        ConfigFile main = files.Read(files.FullPath(path), FileBytesMax);
        return main is ConfigFile.Content content && IniContent.IsSupervisord(content.Bytes.Span)
            ? SupervisordLoader.Load(path, content.Bytes, files, environment, overrides: supervisord)
            : new Run(path, files, environment).Load(main);
    }

    /// <summary>A path as positions show it: relative to the main file's folder when it is below that, in the words the main file was named with.</summary>
    internal static string Shorten(string path, string mainPath, string mainFolder)
    {
        string relative = Path.GetRelativePath(mainFolder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : Path.Combine(Path.GetDirectoryName(mainPath) ?? "", relative);
    }

    /// <summary>One file, parsed.</summary>
    private sealed record ParsedFile(string FullPath, string Folder, Section Root);

    private sealed class Run
    {
        private static readonly TomlTable EmptyTable = new(default, []);

        private readonly string _path;
        private readonly string _fullPath;
        private readonly string _folder;
        private readonly IConfigFiles _files;
        private readonly IReadOnlyDictionary<string, string> _environment;
        private readonly ProblemList _problems = new();
        private readonly List<string> _filesRead = [];

        public Run(string path, IConfigFiles files, IReadOnlyDictionary<string, string> environment)
        {
            _path = path;
            _fullPath = files.FullPath(path);
            _folder = FolderOf(_fullPath);
            _files = files;
            _environment = environment;
        }

        public ConfigResult Load(ConfigFile content)
        {
            // What [init] says about secrets, env files and includes comes first: the meaning of everything else depends on it. Only
            // the process's own environment can be used there.
            Expander processExpander = new(_environment, [], "");
            if (Parse(content, _fullPath, _path, new SourcePosition(_path, 1, 1), processExpander) is not { } main)
                return Finish(null);

            Section early = main.Root.Table("init") ?? new Section(EmptyTable, "init", new SourcePosition(_path, 1, 1), main.Root.Context);
            List<ParsedFile> parsed = [main, .. ParseIncludes(early, processExpander)];
            bool hasBackup = main.Root.Has("backup") || parsed.Any(file => HasRole(file.Root, KnownNames.Backup));
            ImmutableArray<string> tokens = hasBackup ? BackupReader.ReadTokenVariables(main.Root.Table("backup")) : [];
            bool hasChat = main.Root.Has("chat") || parsed.Any(file => HasRole(file.Root, KnownNames.Chat));
            ImmutableArray<string> chatSecrets = hasChat ? ChatReader.ReadSecretVariables(main.Root.Table("chat")) : [];
            ImmutableArray<string> listed = SettingsReader.ReadSecrets(early);
            ImmutableArray<string> secrets = [.. listed, .. tokens.Union(chatSecrets).Except(listed)];
            EnvFileReader envFiles = new(_files, Shorten);
            InheritedEnvironment inherited = InheritedEnvironment.Create(_environment, envFiles.Read(early, "env_file"), secrets);

            // From here on every string is filled in from the whole environment, secrets excepted.
            Expander expander = inherited.CreateExpander([], "secrets can be used in programs and hooks that list them");
            InitSettings settings = SettingsReader.Read(early.With(early.Context with { Expander = expander }), inherited, tokens, chatSecrets, _files);
            bool givesVariables = early.Boolean("supervisord_variables", otherwise: false);
            Definitions? definitions = null;
            string socket = ConfigLocation.SupervisorSocket(settings.ControlSocket);
            bool hasGateway = parsed.Any(file => HasRole(file.Root, KnownNames.Gateway));
            List<ConfigProblem> warnings = [];
            ChatOptions? chat = hasChat ? ChatReader.Read(OwnSection(main, "chat", inherited), inherited.Values, settings.StateDirectory) : null;
            BackupOptions? backup = hasBackup ? BackupReader.Read(OwnSection(main, "backup", inherited), inherited.Values, tokens, settings.StateDirectory, chat?.DataDirectory, warnings) : null;
            ProgramReader programs = new(inherited, settings, backup, envFiles, _files.HasTimeZone, () => givesVariables ? UrlOf(definitions!.HttpEndpoints, socket, hasGateway) : null);
            definitions = new Definitions(this, programs, inherited, socket, settings.StateDirectory);
            foreach (ParsedFile file in parsed)
                definitions.Read(file.Root.With(file.Root.Context with { Expander = expander }), isMain: file == main);

            var (linked, groups) = definitions.Link(warnings);
            warnings.AddRange(programs.Warnings);
            if (definitions.Proxy?.Panel?.GivenPassword is not null && !secrets.Contains(PanelSettings.PasswordVariable))
                warnings.Add(new ConfigProblem(early.PositionOf("secrets"), early.KeyOf("secrets"), $"{PanelSettings.PasswordVariable} is set and not listed, so every program sees the panel's password", "add it to [init] secrets"));
            if (main.Root.Has("backup") && !IsIncomplete && !linked.Any(program => program.Launch.Builtin == KnownNames.Backup))
                warnings.Add(new ConfigProblem(main.Root.PositionOf("backup"), "backup", "nothing is backed up: no program has the role", "add [program.backup] with builtin = \"backup\""));
            if (main.Root.Has("chat") && !IsIncomplete && !linked.Any(program => program.Launch.Builtin == KnownNames.Chat))
                warnings.Add(new ConfigProblem(main.Root.PositionOf("chat"), "chat", "nobody answers: no program has the role", "add [program.chat] with builtin = \"chat\""));
            if (chat?.Publish is not null && definitions.Proxy is null && !IsIncomplete)
                warnings.Add(new ConfigProblem(main.Root.PositionOf("chat"), "chat.publish", "has no effect: there is no public port", "add [gateway.proxy] with listen = [\"*:7860\"]"));
            if (linked.FirstOrDefault(program => program.Launch.Builtin == KnownNames.Backup) is { } role && role.Policy.Stop.Grace > settings.Shutdown)
                warnings.Add(new ConfigProblem(early.PositionOf("shutdown"), early.KeyOf("shutdown"), $"is shorter than program.{role.Policy.Program} may take to stop, {DurationText.Format(role.Policy.Stop.Grace)}", "the last backup may be cut off: make it longer, or [backup] shutdown_limit shorter"));
            _filesRead.AddRange(envFiles.Paths);
            return Finish(new SystemConfig(settings, linked, groups, definitions.Hooks)
            {
                HttpEndpoints = definitions.HttpEndpoints.IsEmpty && linked.Any(program => program.Launch.Builtin == KnownNames.Gateway)
                    ? [new HttpEndpoint { UnixPath = socket }]
                    : definitions.HttpEndpoints,
                Proxy = definitions.Proxy,
                Backup = backup,
                Chat = chat,
                EventListeners = definitions.Listeners,
                Files = [.. _filesRead],
                Warnings = [.. warnings.Distinct().OrderBy(warning => warning.At).ThenBy(warning => warning.Message, StringComparer.Ordinal)],
            });
        }

        /// <summary>The table of a role, or an empty one. The role is Init's own, and may know what Init knows.</summary>
        private static Section OwnSection(ParsedFile main, string name, InheritedEnvironment inherited)
        {
            Section section = main.Root.Table(name) ?? new Section(EmptyTable, name, main.Root.At, main.Root.Context);
            return section.With(section.Context with { Expander = inherited.CreateExpander(inherited.Secrets, "") });
        }

        private ConfigResult Finish(SystemConfig? config) =>
            _problems.Count == 0 ? new ConfigResult(config, []) : new ConfigResult(null, [.. _problems.Sorted()]);

        /// <summary>True when a file could not be read as TOML, so that names defined in it are unknown to us and not to its author.</summary>
        private bool IsIncomplete { get; set; }

        private ParsedFile? Parse(ConfigFile file, string fullPath, string shownPath, SourcePosition blame, Expander expander, string key = "file")
        {
            string? failure = null;
            switch (file)
            {
                case ConfigFile.Content content:
                    _filesRead.Add(fullPath);
                    List<ConfigProblem> problems = [];
                    TomlTable? table = TomlReader.Read(content.Bytes.Span, shownPath, problems);
                    if (problems.Count == 0 && table is not null)
                    {
                        string folder = FolderOf(fullPath);
                        return new ParsedFile(fullPath, folder, new Section(table, "", new SourcePosition(shownPath, 1, 1), new ReadContext(folder, expander, _problems)));
                    }

                    problems.ForEach(_problems.Add);
                    break;
                case ConfigFile.TooLarge:
                    failure = $"larger than {new ByteSize(FileBytesMax)}";
                    break;
                case ConfigFile.Unreadable unreadable:
                    failure = unreadable.Reason;
                    break;
                default:
                    failure = "no such file";
                    break;
            }

            if (failure is not null)
                _problems.Add(blame, key, $"cannot read {ConfigText.Quote(shownPath)}: {failure}");

            IsIncomplete = true;
            return null;
        }

        private IEnumerable<ParsedFile> ParseIncludes(Section init, Expander expander)
        {
            HashSet<string> seen = [_fullPath];
            foreach (Text text in init.Strings("include"))
            {
                bool isPattern = GlobPattern.IsPattern(text.Value);
                ImmutableArray<string> paths = isPattern
                    ? _files.Glob(_folder, text.Value, IncludesMax + 1)
                    : [Path.GetFullPath(text.Value, _folder)];

                foreach (string path in paths)
                {
                    // Two patterns may find the same file, and "*.toml" finds the main file itself.
                    if (!seen.Add(path))
                        continue;

                    if (seen.Count > IncludesMax + 1)
                    {
                        _problems.Add(text.At, text.Key, $"finds more than {IncludesMax} files");
                        yield break;
                    }

                    if (Parse(_files.Read(path, FileBytesMax), path, Shorten(path), text.At, expander, text.Key) is { } file)
                        yield return file;
                }
            }
        }

        private string Shorten(string path) => ConfigLoader.Shorten(path, _path, _folder);

        /// <summary>Asked before programs are read, since the first of them is told where the last of them listens.</summary>
        private static bool HasRole(Section root, string role) =>
            root.FreeTable("program") is { } programs
            && programs.Entries.Any(entry => entry.Value is TomlTable table && table.Entries.Any(key => key is { Key: "builtin", Value: TomlString text } && text.Value == role));

        /// <summary>
        /// What supervisord would tell its children: its first unix socket, else its last TCP address; "" when there is neither. A gateway that is told of no address
        /// listens on <paramref name="socket"/>.
        /// </summary>
        private static string UrlOf(ImmutableArray<HttpEndpoint> endpoints, string socket, bool hasGateway) =>
            endpoints.IsEmpty && hasGateway ? "unix://" + socket :
            ServerReader.UrlOf([.. endpoints.Select(endpoint => new HttpServer(endpoint, endpoint.Address?.ToString() ?? ""))]) ?? "";

        private static string FolderOf(string fullPath) => Path.GetDirectoryName(fullPath) ?? "/";

        /// <summary>Gathers what all files define.</summary>
        private sealed class Definitions(Run run, ProgramReader programReader, InheritedEnvironment inherited, string socket, string stateDirectory)
        {
            private readonly Dictionary<string, (string Kind, SourcePosition At)> _names = [];
            private readonly Dictionary<string, SourcePosition> _hookNames = [];
            private readonly ImmutableArray<ProgramDraft>.Builder _drafts = ImmutableArray.CreateBuilder<ProgramDraft>();
            private readonly List<(string Name, SourcePosition At, ImmutableArray<Text> Members)> _groups = [];
            private readonly Dictionary<string, EventListenerPool> _listeners = [];
            private readonly ImmutableArray<EventHookDefinition>.Builder _hooks = ImmutableArray.CreateBuilder<EventHookDefinition>();

            public ImmutableArray<EventListenerPool> Listeners => [.. _listeners.Values];

            public ImmutableArray<EventHookDefinition> Hooks => _hooks.ToImmutable();

            public ImmutableArray<HttpEndpoint> HttpEndpoints { get; private set; } = [];

            public ProxySettings? Proxy { get; private set; }

            public void Read(Section root, bool isMain)
            {
                foreach (string single in new[] { "init", "gateway", "backup", "chat" })
                {
                    if (root.Has(single) && !isMain)
                        root.Report(single, "belongs into the main file only");
                }

                // The gateway is Init's own, and may know what Init knows.
                if (isMain && root.Table("gateway") is { } gateway)
                {
                    HttpEndpoints = GatewayReader.Read(
                        gateway.With(gateway.Context with { Expander = inherited.CreateExpander(inherited.Secrets, "") }), socket, stateDirectory,
                        inherited.Values.GetValueOrDefault(PanelSettings.PasswordVariable), out ProxySettings? proxy);
                    Proxy = proxy;
                }

                foreach (var (name, section) in Named(root, "program"))
                {
                    if (Claim(name, "program", section))
                        ReadProgram(name, section);
                }

                foreach (var (name, section) in Named(root, "group"))
                {
                    if (Claim(name, "group", section))
                        ReadGroup(name, section);
                }

                foreach (var (name, section) in Named(root, "on_event"))
                {
                    if (_hookNames.TryAdd(name, section.At))
                        _hooks.Add(EventHookReader.Read(name, section, inherited));
                    else
                        run._problems.Add(section.At, section.Key, $"is already defined at {_hookNames[name]}");
                }

                foreach (var (name, section) in Named(root, "event_listener"))
                {
                    if (!_listeners.TryAdd(name, EventListenerReader.Read(name, section)))
                        run._problems.Add(section.At, section.Key, $"is already defined at {_listeners[name].At}");
                }

                root.Finish();
            }

            public (ImmutableArray<ProgramDefinition> Programs, ImmutableArray<GroupDefinition> Groups) Link(List<ConfigProblem> warnings)
            {
                if (run.IsIncomplete)
                    return ([], []);

                HashSet<string> programs = [.. _names.Where(name => name.Value.Kind == "program").Select(name => name.Key)];
                HashSet<string> groups = [.. _groups.Select(group => group.Name)];
                ImmutableArray<GroupDefinition> checkedGroups =
                    [.. _groups.Select(group => new GroupDefinition(group.Name, Linker.CheckMembers(group.Members, programs, groups, run._problems), group.At))];
                ImmutableArray<ProgramDefinition> linked = Linker.Link(_drafts.ToImmutable(), checkedGroups, run._problems, warnings);
                return (Linker.LinkListeners(linked, _listeners.Values, run._problems), checkedGroups);
            }

            private IEnumerable<(string Name, Section Section)> Named(Section root, string kind)
            {
                if (root.FreeTable(kind) is not { } tables)
                    yield break;

                foreach (TomlEntry entry in tables.Entries)
                {
                    string key = $"{kind}.{ConfigText.KeyPart(entry.Key)}";

                    // A pool is one of supervisord's groups, which may be called what programs may not.
                    if ((kind == "event_listener" ? ProcessReader.ProblemOfName(entry.Key) : NameRules.ProblemOf(entry.Key)) is { } problem)
                        run._problems.Add(entry.KeyAt, key, problem);

                    if (entry.Value is TomlTable table)
                        yield return (entry.Key, new Section(table, key, entry.KeyAt, root.Context));
                    else
                        run._problems.Add(entry.Value.At, key, $"expected a table, found {entry.Value.Kind}");
                }
            }

            private bool Claim(string name, string kind, Section section)
            {
                if (_names.TryAdd(name, (kind, section.At)))
                    return true;

                var (otherKind, at) = _names[name];
                run._problems.Add(section.At, section.Key, otherKind == kind ? $"is already defined at {at}" : $"a {otherKind} has this name, at {at}");
                return false;
            }

            private void ReadProgram(string name, Section section)
            {
                foreach (ProgramDraft draft in programReader.Read(name, section))
                {
                    if (_drafts.Count >= InstancesMax)
                    {
                        run._problems.Add(section.At, section.Key, $"there are more than {InstancesMax} programs, replicas counted");
                        return;
                    }

                    _drafts.Add(draft);
                }
            }

            private void ReadGroup(string name, Section section)
            {
                ImmutableArray<Text> members = section.Strings("programs");
                if (!section.Has("programs"))
                    run._problems.Add(section.At, section.Key, "has no programs", "add programs = [\"…\"]");
                else if (section.Find("programs") is TomlArray { Items.IsEmpty: true })
                    section.Report("programs", "is empty");

                section.Finish();
                _groups.Add((name, section.At, members));
            }
        }
    }
}
