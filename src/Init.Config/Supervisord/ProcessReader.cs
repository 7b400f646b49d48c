using System.Collections.Immutable;
using Init.Base;
using Init.Config.Reading;
using Init.Supervision;

namespace Init.Config.Supervisord;

/// <summary>One process of a section, before its group is known to be used.</summary>
internal sealed record ProcessDraft(ProgramDefinition Definition)
{
    public string Process => Definition.ProcessName!;

    public int Priority => Definition.Supervisord!.Priority;
}

/// <summary>Reads a <c>[program:x]</c>, <c>[fcgi-program:x]</c> or <c>[eventlistener:x]</c> into its processes.</summary>
internal sealed class ProcessReader(LoadScope scope, DaemonSection daemon, string? serverUrl, InheritedEnvironment inherited)
{
    /// <summary>Beyond a year nobody waits; the same limit as in a supervisor.toml.</summary>
    private static readonly int SecondsMax = (int)TimeSpan.FromDays(366).TotalSeconds;

    private int _count;

    /// <param name="reader">The section, with the names that belong to every place of a file.</param>
    /// <param name="group">What the processes belong to.</param>
    /// <param name="groupPriority">Of that group.</param>
    /// <param name="socket">For FastCGI.</param>
    /// <param name="isListener">Its stdout is a protocol, so it always has a pipe.</param>
    /// <returns>In supervisord's order: by name, for they have one priority.</returns>
    public List<ProcessDraft> Read(IniReader reader, string group, int groupPriority, SharedSocket? socket = null, bool isListener = false)
    {
        string program = NameOf(reader.Section);
        if (ProblemOfName(program) is { } problem)
        {
            reader.ReportSection(problem);
            return [];
        }

        IniReader named = reader.With(reader.Names.With("program_name", new FormatValue(program)).With("group_name", new FormatValue(group)).With("host_node_name", new FormatValue(HostName(scope.Files))));
        SectionValues values = SectionValues.Read(named, scope);
        int replicas = (int)named.Integer("numprocs", 1);
        long first = named.Integer("numprocs_start", 0);
        string rawName = named.Find("process_name")?.Value ?? "%(program_name)s";
        if (ProblemOfName(PythonText.Strip(rawName)) is { } nameProblem)
        {
            named.Report("process_name", nameProblem);
            rawName = "%(program_name)s_%(process_num)d"; // To find what else is wrong.
        }

        if (replicas > 1 && !rawName.Contains("%(process_num)", StringComparison.Ordinal))
        {
            named.Report(named.Has("process_name") ? "process_name" : "numprocs", "each of several processes needs a name of its own", "write process_name = %(program_name)s_%(process_num)02d");
            return [];
        }

        if (replicas < 1)
            named.Warn("numprocs", "the program has no processes");

        List<ProcessDraft> drafts = [];
        for (int index = 0; index < replicas; index++)
        {
            if (_count >= ConfigLoader.InstancesMax)
            {
                named.Report("numprocs", $"there are more than {ConfigLoader.InstancesMax} processes");
                break;
            }

            ExpansionNames names = named.Names.With("process_num", FormatValue.Of(first + index)).With("numprocs", FormatValue.Of(replicas));
            if (ReadOne(named.With(names), values, rawName, new Place(program, group, groupPriority, index, replicas), socket, isListener) is not { } draft)
                break; // The others have the same problem.

            _count++;
            drafts.Add(draft);
        }

        return [.. drafts.OrderBy(draft => draft.Process, StringComparer.Ordinal)];
    }

    /// <summary>"x" of "[program: x]".</summary>
    public static string NameOf(IniSection section) => PythonText.Strip(section.Name[(section.Name.IndexOf(':', StringComparison.Ordinal) + 1)..]);

    /// <summary>What is wrong with the name of a program, process or group; null when nothing is.</summary>
    public static string? ProblemOfName(string name)
    {
        const int lengthMax = 200;
        if (name.AsSpan().IndexOfAny(" :/") is var at and >= 0)
            return $"a name cannot contain \"{name[at]}\"";

        // What supervisord lets through and nothing could be done with: these names become names of files and words of commands.
        if (name.Length is 0 or > lengthMax)
            return name.Length == 0 ? "the name is empty" : $"the name is longer than {lengthMax} characters";

        return name is "." or ".." || name.Any(char.IsControl) || name.Any(PythonText.IsSpace) ? $"{ConfigText.Quote(name)} cannot be a name" : null;
    }

    private sealed record Place(string Program, string Group, int GroupPriority, int Index, int Replicas);

    private ProcessDraft? ReadOne(IniReader section, SectionValues values, string rawName, Place place, SharedSocket? socket, bool isListener)
    {
        ExpansionNames names = section.Names;
        var (own, ownTexts) = section.Pairs("environment");
        IniReader reader = section.With(names.With(ToDictionary(own), ToDictionary(ownTexts)));

        string? process = section.Find("process_name") is { } entry ? reader.Expand(entry, PythonText.Strip(rawName), reader.Names.Values) : place.Program;
        if (process is not null && ProblemOfName(process) is { } problem)
        {
            reader.Report("process_name", $"{problem} once expanded");
            process = null;
        }

        if (!reader.Has("command"))
            reader.ReportSection("has no command", "add command = …");

        string? command = reader.FreeText("command");
        string? directory = reader.FreeText("directory");
        LogSectionReader logs = new(reader, scope, daemon, process ?? place.Program, place.Index == 0);
        var (stdout, stderr) = logs.Read(values.RedirectsStderr, isListener);
        if (process is null || command is null)
            return null;

        string instance = place.Group == process ? process : $"{place.Group}:{process}";
        string? url = values.ServerUrl ?? serverUrl;
        ImmutableArray<string>? words = ShellWords.Split(command, out string? fault);
        fault = words is null ? $"can't parse command {Repr(command)}: {fault}" : words.Value.IsEmpty ? "command is empty" : null;
        if (fault is not null && place.Index == 0)
            reader.Warn("command", words is null ? "cannot be split into words, so each start will fail" : "is empty, so each start will fail");

        if (directory is "")
            reader.Warn("directory", "is empty, and not used");

        ProgramDefinition definition = new()
        {
            Policy = values.Policy with
            {
                Name = instance,
                Program = place.Program,
                ShutdownPriority = place.GroupPriority,
            },
            Launch = new LaunchSpec
            {
                Command = words is { IsEmpty: false } ? words.Value : [command],
                CommandFault = fault,
                Directory = directory is { Length: > 0 } ? Absolute(directory, daemon.BaseFolder) : null,
                Environment = EnvironmentOf(instance, process, place.Group, url, ownTexts),
                User = values.User,
                Umask = values.Umask,
                HasStdinPipe = socket is null,
                Socket = socket,
            },
            GroupName = place.Group,
            ProcessName = process,
            Supervisord = new SupervisordProgram(values.Priority, command, values.ServerUrl),
            Index = place.Index,
            Replicas = place.Replicas,
            Stdout = stdout,
            Stderr = stderr,
            At = reader.Section.At,
            Written = WrittenOf(reader),
        };
        return new ProcessDraft(definition);
    }

    private ImmutableArray<string> EnvironmentOf(string instance, string process, string group, string? url, IEnumerable<KeyValuePair<string, string>> own)
    {
        SortedDictionary<string, string> variables = inherited.CreateOpen(_ => true);
        foreach (var (name, value) in SupervisordVariables.For(process, group, url).Concat(daemon.VariableTexts).Concat(own))
            variables[name] = value;

        variables.Remove(KnownNames.InstanceVariable);
        variables[KnownNames.ProgramVariable] = instance;
        return InheritedEnvironment.Flatten(variables);
    }

    private static Dictionary<string, string> ToDictionary(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Dictionary<string, string> result = [];
        foreach (var (name, value) in pairs)
            result[name] = value;

        return result;
    }

    /// <summary>A reference to a variable (which an import writes) may be an absolute path, and its file must say.</summary>
    public static string Absolute(string path, string folder) => VariableReference.StartsWith(path) ? path : Path.GetFullPath(path, folder);

    /// <summary>Python's repr of a string, without the rarer escapes.</summary>
    private static string Repr(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
        return quote + (quote == '\'' ? escaped.Replace("'", "\\'", StringComparison.Ordinal) : escaped) + quote;
    }

    /// <summary>platform.node().</summary>
    public static string HostName(IConfigFiles files) => files.Read("/proc/sys/kernel/hostname", 4096) is ConfigFile.Content content
        ? PythonText.Strip(System.Text.Encoding.UTF8.GetString(content.Bytes.Span))
        : "localhost";

    private static ImmutableDictionary<string, string> WrittenOf(IniReader reader)
    {
        ImmutableDictionary<string, string>.Builder written = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (string key in new[] { "command", "directory", "user" })
        {
            if (reader.Has(key))
                written[key] = reader.Written(key);
        }

        return written.ToImmutable();
    }

    /// <summary>What all processes of a section have in common.</summary>
    private sealed record SectionValues(ProgramPolicy Policy, int Priority, string? User, int? Umask, bool RedirectsStderr, string? ServerUrl)
    {
        public static SectionValues Read(IniReader reader, LoadScope scope)
        {
            bool stopsGroup = reader.Boolean("stopasgroup", otherwise: false);
            bool killsGroup = reader.Boolean("killasgroup", stopsGroup);
            if (stopsGroup && !killsGroup)
                reader.Report("killasgroup", "cannot be false with stopasgroup=true");

            ProgramPolicy policy = new()
            {
                Name = "",
                Program = "",
                Enabled = reader.Boolean("autostart", otherwise: true),
                Restart = ReadRestart(reader),
                SuccessExitCodes = ReadExitCodes(reader),
                StartGrace = Seconds(reader, "startsecs", 1),
                EarlyExitFails = true,
                Backoff = SupervisordBackoff.Create((int)reader.Integer("startretries", 3, min: 0)),
                Stop = new StopPolicy
                {
                    Signal = reader.Signal("stopsignal", 15),
                    Grace = Seconds(reader, "stopwaitsecs", 10),
                    Group = stopsGroup,
                    FinalGroup = killsGroup,
                },
            };
            string? user = DaemonReader.User(reader, scope);
            string self = scope.Files.UserId;
            if (user is not null && self != "0" && scope.Accounts.UserIdOf(user) != self)
                reader.Warn("user", $"only root can run a program as another user, and Init runs as {self}: the program will not start");

            string? url = reader.Text("serverurl");
            return new SectionValues(
                policy,
                (int)reader.Integer("priority", 999),
                user,
                reader.Octal("umask") & 0x1FF,
                reader.Boolean("redirect_stderr", otherwise: false),
                url is null || PythonText.Strip(url).Equals("auto", StringComparison.OrdinalIgnoreCase) || url.Length == 0 ? null : url);
        }

        private static TimeSpan Seconds(IniReader reader, string key, int otherwise)
        {
            long seconds = reader.Integer(key, otherwise);
            if (seconds > SecondsMax)
                reader.Warn(key, $"{reader.Written(key)} is more than a year, which is the most");

            return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, SecondsMax));
        }

        private static RestartMode ReadRestart(IniReader reader)
        {
            const string key = "autorestart";
            if (reader.Text(key) is not { } text || text.Equals("unexpected", StringComparison.OrdinalIgnoreCase))
                return RestartMode.OnFailure;

            if (IniReader.IsTrue(text) is { } always)
                return always ? RestartMode.Always : RestartMode.Never;

            reader.Report(key, $"{reader.Written(key)} is none of true, false and unexpected", Suggestion.For(text, ["true", "false", "unexpected"]));
            return RestartMode.OnFailure;
        }

        private static ImmutableArray<int> ReadExitCodes(IniReader reader)
        {
            const string key = "exitcodes";
            if (reader.Text(key) is not { } text)
                return [0];

            ImmutableArray<int>.Builder codes = ImmutableArray.CreateBuilder<int>();
            foreach (string part in text.Length == 0 ? [] : text.Split(','))
            {
                if (PythonText.TryParseInteger(part, out long code) && code is >= 0 and <= 255)
                {
                    codes.Add((int)code);
                    continue;
                }

                reader.Report(key, $"{reader.Written(key)} is not a list of exit codes", "write codes of 0 to 255 with commas between them");
                return [0];
            }

            return codes.ToImmutable();
        }
    }
}
