using System.Collections.Immutable;
using System.Globalization;
using Init.Base;
using Init.Config.Expansion;
using Init.Config.Toml;
using Init.Supervision;
using Init.Supervision.Schedules;

namespace Init.Config.Reading;

/// <summary>One instance as far as its own table can tell: the names it refers to are not resolved yet.</summary>
internal sealed record ProgramDraft(ProgramDefinition Definition, ImmutableArray<Reference> Requires, ImmutableArray<Reference> After)
{
    public string Program => Definition.Policy.Program;
}

/// <summary>A program or group that is named somewhere.</summary>
/// <param name="Key">The full key, "program.web.requires".</param>
internal sealed record Reference(string Name, bool Restart, TimeSpan? Limit, string Written, string Key, SourcePosition At);

/// <summary>Reads one <c>[program.NAME]</c> table into its instances.</summary>
/// <param name="inherited">What a program gets of Init's environment.</param>
/// <param name="settings">Init's own.</param>
/// <param name="backup">What a program with that role does; null when there is none.</param>
/// <param name="envFiles">Reads those that programs name.</param>
/// <param name="hasTimeZone">Asked of a timetable's.</param>
/// <param name="supervisordUrl">For SUPERVISOR_SERVER_URL, asked when a program is read; null = programs get none of supervisord's variables, "" = all but this one.</param>
internal sealed class ProgramReader(InheritedEnvironment inherited, InitSettings settings, BackupOptions? backup, EnvFileReader envFiles, Func<string, bool> hasTimeZone, Func<string?> supervisordUrl)
{
    private const int ReplicasMax = 1000;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(366);

    private readonly List<ConfigProblem> _warnings = [];

    /// <summary>Valid things that deserve a word.</summary>
    public IReadOnlyList<ConfigProblem> Warnings => _warnings;

    public IEnumerable<ProgramDraft> Read(string name, Section section)
    {
        ImmutableArray<string> granted = EnvironmentReader.ReadGranted(section, inherited);
        foreach (string secret in granted.Where(secret => !inherited.Values.ContainsKey(secret)))
            _warnings.Add(new ConfigProblem(section.PositionOf("secrets"), section.KeyOf("secrets"), $"{secret} is not set"));

        int replicas = section.SmallInteger("replicas", 1, ReplicasMax) ?? 1;
        ImmutableDictionary<string, string> written = ReadWritten(section);
        for (int index = 0; index < replicas; index++)
        {
            Expander expander = inherited.CreateExpander(granted, EnvironmentReader.GrantHint, index.ToString(CultureInfo.InvariantCulture));
            Section own = section.With(section.Context with { Expander = expander });
            foreach (string key in new[] { "secrets", "replicas" })
                own.Has(key);

            ProgramDraft draft = ReadInstance(own, name, replicas == 1 ? "" : index.ToString(CultureInfo.InvariantCulture), granted);
            own.Finish();
            yield return draft with { Definition = draft.Definition with { Index = index, Replicas = replicas, Written = written } };
        }
    }

    private ProgramDraft ReadInstance(Section section, string name, string index, ImmutableArray<string> granted)
    {
        SupervisordNames names = SupervisordNames.Read(section, name, index);
        string instance = names.Instance;
        LaunchSpec launch = ReadLaunch(section, names, granted);
        var (stdout, stderr) = LogReader.Read(section, instance, settings.LogDirectory);
        var (ready, readiness) = section.Table("ready") is { } readyTable ? ProbeReader.ReadReady(readyTable) : ReadyOf(launch.Builtin);
        var (health, healthPolicy, watchdog) = section.Table("health") is { } healthTable ? ProbeReader.ReadHealth(healthTable) : default;
        var (stop, stopCommand) = section.Table("stop") is { } stopTable ? ReadStop(stopTable, launch.Builtin) : (new StopPolicy { Grace = GraceOf(launch.Builtin) }, []);
        var (hookPolicy, hooks) = section.Table("hooks") is { } hookTable ? ReadHooks(hookTable) : (new HookPolicy(), new HookCommands());
        Timetable? timetable = ReadTimetable(section);
        BackoffPolicy backoff = section.Table("backoff") is { } backoffTable ? ReadBackoff(backoffTable) : new BackoffPolicy();

        ProgramPolicy policy = new()
        {
            Name = instance,
            Program = name,
            Enabled = section.Boolean("enabled", otherwise: true),
            Optional = section.Boolean("optional", otherwise: false),
            Critical = section.Boolean("critical", otherwise: false),
            OnExit = section.Choice("on_exit", OnExit.Keep, ("keep", OnExit.Keep), ("shutdown", OnExit.Shutdown)),
            Restart = ReadRestart(section, timetable, readiness),
            SuccessExitCodes = ReadExitCodes(section),
            EarlyExitFails = section.Boolean("early_exit_fails", otherwise: false),
            ShutdownPriority = section.SmallInteger("shutdown_priority", int.MinValue, int.MaxValue) ?? 0,
            StartGrace = section.Duration("start_grace", TimeSpan.Zero, Year) ?? TimeSpan.FromSeconds(1),
            Backoff = backoff,
            Stop = stop,
            Readiness = readiness,
            Health = healthPolicy,
            Watchdog = watchdog,
            Hooks = hookPolicy,
            Scheduled = timetable is not null,
        };

        ProgramDefinition definition = new()
        {
            Policy = policy,
            Launch = launch,
            Stdout = stdout,
            Stderr = stderr,
            Ready = ready,
            Health = health,
            Hooks = hooks with { Stop = stopCommand },
            Schedule = timetable,
            ReloadSignal = ReadReload(section),
            GroupName = names.WrittenGroup,
            ProcessName = names.WrittenProcess,
            At = section.At,
        };

        return new ProgramDraft(definition, ReadRequires(section), ReadAfter(section));
    }

    private LaunchSpec ReadLaunch(Section section, SupervisordNames names, ImmutableArray<string> granted)
    {
        ImmutableArray<string>? command = section.NonEmptyCommand("command");
        string? builtin = ReadBuiltin(section);
        if (section.Has("command") && section.Has("builtin"))
            section.Report("builtin", "cannot be combined with \"command\"", "a program is either a command or a role of this binary");
        else if (!section.Has("command") && !section.Has("builtin"))
            section.Context.Problems.Add(section.At, section.Key, "says nothing to run", "add command or builtin");

        return new LaunchSpec
        {
            Command = command ?? [],
            Builtin = builtin,
            Directory = section.Path("directory"),
            Environment = EnvironmentReader.Read(section, inherited, granted, envFiles.Read(section, "env_file"), names, supervisordUrl()),
            SecretNames = granted,
            User = ReadUser(section),
            Umask = ReadUmask(section),
            Nice = section.SmallInteger("nice", -20, 19),
            Limits = section.Table("limits") is { } limits ? ReadLimits(limits) : new ResourceLimits(),
            NoNewPrivileges = section.Boolean("no_new_privileges", otherwise: false),
            OomScoreAdjust = section.SmallInteger("oom_score_adjust", -1000, 1000),
            HasStdinPipe = section.Choice("stdin", false, ("null", false), ("pipe", true)),
            Socket = section.Table("socket") is { } socket ? SocketReader.Read(socket, names.Group) : null,
        };
    }

    private static string? ReadBuiltin(Section section)
    {
        if (section.String("builtin") is not { } text)
            return null;

        if (KnownNames.Builtins.Contains(text.Value))
            return text.Value;

        string known = Section.List(KnownNames.Builtins);
        section.Report("builtin", $"{text.Quoted} is not a role of this binary", Suggestion.For(text.Value, KnownNames.Builtins) ?? $"known are {known}");
        return null;
    }

    private static string? ReadUser(Section section)
    {
        if (section.NonEmptyString("user") is not { } text)
            return null;

        if (NameRules.IsUser(text.Value))
            return text.Value;

        section.Report("user", $"{text.Quoted} is not a user", "write \"uid\", \"uid:gid\", \"name\" or \"name:group\"");
        return null;
    }

    private static int? ReadUmask(Section section)
    {
        if (section.Find("umask") is TomlInteger)
        {
            section.Report("umask", "expected a string of octal digits, found an integer", "write \"0022\"");
            return null;
        }

        if (section.NonEmptyString("umask") is not { } text)
            return null;

        if (text.Value.Length <= 4 && text.Value.All(c => c is >= '0' and <= '7') && Convert.ToInt32(text.Value, 8) is var mask and <= 0x1FF)
            return mask;

        section.Report("umask", $"{text.Quoted} is not a file mode mask", "write three octal digits, as in \"022\"");
        return null;
    }

    private static ResourceLimits ReadLimits(Section section)
    {
        ResourceLimits limits = new()
        {
            OpenFiles = section.Integer("open_files", 3, 1L << 30),
            Core = section.SizeOrUnlimited("core"),
            Memory = section.Size("memory"),
            Cpu = section.Number("cpu", 0.01, 4096),
            Processes = section.Integer("processes", 1, 1L << 22),
        };
        if (limits.Memory is { Bytes: < 1024 * 1024 })
            section.Report("memory", $"{section.WrittenOf("memory")} is too small for any program", "at least 1MiB");

        section.Finish();
        return limits;
    }

    /// <summary>A backup says itself when everything is restored, which may take any time, and the chat when it serves.</summary>
    private static (Probe? Probe, ReadinessPolicy? Policy) ReadyOf(string? builtin) =>
        builtin is KnownNames.Backup or KnownNames.Chat ? (new Probe.Notify(), new ReadinessPolicy(ReadinessSource.Told, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), Timeout: null)) : default;

    /// <summary>The last backup is made after the signal.</summary>
    private TimeSpan GraceOf(string? builtin) => builtin == KnownNames.Backup && backup is not null ? backup.ShutdownLimit + TimeSpan.FromSeconds(5) : new StopPolicy().Grace;

    private (StopPolicy Policy, ImmutableArray<string> Command) ReadStop(Section section, string? builtin)
    {
        StopPolicy defaults = new();
        ImmutableArray<string> command = section.Command("command") ?? [];
        StopPolicy policy = new()
        {
            Signal = section.Signal("signal") ?? defaults.Signal,
            Grace = section.Duration("grace", TimeSpan.Zero, Year) ?? GraceOf(builtin),
            Group = section.Boolean("group", defaults.Group),
            HasCommand = !command.IsEmpty,
            FinalGroup = section.Boolean("final_group", defaults.FinalGroup),
            FinalSignal = section.Signal("finally") ?? defaults.FinalSignal,
        };
        section.Finish();
        return (policy, command);
    }

    private static BackoffPolicy ReadBackoff(Section section)
    {
        BackoffPolicy defaults = new();
        TimeSpan? initial = section.Duration("initial", TimeSpan.Zero, Day);
        TimeSpan? max = section.Duration("max", TimeSpan.FromMilliseconds(1), Day);
        BackoffPolicy policy = new()
        {
            Initial = initial ?? (max < defaults.Initial ? max.Value : defaults.Initial),
            Factor = section.Number("factor", 1, 100) ?? defaults.Factor,
            Max = max ?? (initial > defaults.Max ? initial.Value : defaults.Max),
            Jitter = section.Number("jitter", 0, 1) ?? defaults.Jitter,
            ResetAfter = section.Duration("reset_after", TimeSpan.Zero, Day) ?? defaults.ResetAfter,
            Attempts = ReadAttempts(section, defaults.Attempts),
            Increment = section.Duration("increment", TimeSpan.Zero, Day) ?? defaults.Increment,
            OnlyFailedStarts = section.Boolean("only_failed_starts", defaults.OnlyFailedStarts),
        };
        if (initial > max)
            section.Report("max", $"{section.WrittenOf("max")} is less than initial, {section.WrittenOf("initial")}");

        section.Finish();
        return policy;
    }

    /// <summary>0 = for ever, "none" = one failure is enough.</summary>
    private static int? ReadAttempts(Section section, int? otherwise)
    {
        const string key = "attempts";
        if (section.Find(key) is TomlString { Value: "none" })
            return 0;

        return section.SmallInteger(key, 0, int.MaxValue) is { } attempts ? (attempts == 0 ? null : attempts) : otherwise;
    }

    private static (HookPolicy Policy, HookCommands Commands) ReadHooks(Section section)
    {
        HookCommands commands = new()
        {
            BeforeStart = section.Command("before_start") ?? [],
            AfterStart = section.Command("after_start") ?? [],
            AfterStop = section.Command("after_stop") ?? [],
        };
        HookPolicy policy = new()
        {
            BeforeStart = !commands.BeforeStart.IsEmpty,
            AfterStart = !commands.AfterStart.IsEmpty,
            AfterStop = !commands.AfterStop.IsEmpty,
            Timeout = section.Duration("timeout", TimeSpan.FromMilliseconds(10), Day) ?? new HookPolicy().Timeout,
        };
        section.Finish();
        return (policy, commands);
    }

    private static int ReadReload(Section section)
    {
        const int hangUp = 1;
        if (section.Table("reload") is not { } table)
            return hangUp;

        int signal = table.Signal("signal") ?? hangUp;
        table.Finish();
        return signal;
    }

    private Timetable? ReadTimetable(Section section)
    {
        Text? schedule = section.NonEmptyString("schedule");
        TimeSpan? every = section.Duration("every", TimeSpan.FromSeconds(1), Year);
        Text? zone = section.NonEmptyString("timezone");
        if (section.Has("schedule") && section.Has("every"))
            section.Report("every", "cannot be combined with \"schedule\"", "keep one of them");

        if (section.Has("timezone") && !section.Has("schedule"))
            section.Report("timezone", "has an effect only with \"schedule\"");
        else if (zone is not null && !hasTimeZone(zone.Value))
            section.Report("timezone", $"unknown time zone {zone.Quoted}", "write a name such as \"Europe/Berlin\"; the names come from the system's tzdata");

        if (schedule is null)
            return every is { } period ? new Timetable.Every(period) : null;

        if (CronExpression.TryParse(schedule.Value, out _, out string? error))
            return new Timetable.Cron(schedule.Value, zone?.Value);

        // What the parser says may quote the value.
        section.Report("schedule", schedule.HasExpansion ? $"{schedule.Quoted} does not become a time that cron knows" : error);
        return null;
    }

    private static RestartMode ReadRestart(Section section, Timetable? timetable, ReadinessPolicy? readiness)
    {
        bool isOneShot = readiness?.Source == ReadinessSource.Exit;
        RestartMode otherwise = timetable is not null ? RestartMode.Never : isOneShot ? RestartMode.OnFailure : RestartMode.Always;
        RestartMode mode = section.Choice(
            "restart", otherwise, ("always", RestartMode.Always), ("on-failure", RestartMode.OnFailure), ("never", RestartMode.Never));

        if (mode == RestartMode.Always && timetable is not null)
            section.Report("restart", "a program that runs at set times is not restarted always", "use \"on-failure\" or \"never\"");
        else if (mode == RestartMode.Always && isOneShot)
            section.Report("restart", "a program that is ready when it has ended is not restarted always", "use \"on-failure\" or \"never\"");

        return mode;
    }

    private static ImmutableArray<int> ReadExitCodes(Section section)
    {
        const string key = "success_exit_codes";
        switch (section.Find(key))
        {
            case null:
                return [0];
            case TomlArray array:
                SortedSet<int> codes = [];
                foreach (TomlValue item in array.Items)
                {
                    if (item is TomlInteger { Value: >= 0 and <= 255 } code)
                        codes.Add((int)code.Value);
                    else if (item is TomlInteger other)
                        section.Context.Problems.Add(item.At, section.KeyOf(key), $"{other.Value} must be from 0 to 255");
                    else
                        section.Context.Problems.Add(item.At, section.KeyOf(key), $"expected an integer, found {item.Kind}");
                }

                return [.. codes];
            case var other:
                section.ReportKind(key, "an array of integers", other);
                return [0];
        }
    }

    private static ImmutableArray<Reference> ReadRequires(Section section)
    {
        const string key = "requires";
        if (section.Find(key) is not TomlArray array)
        {
            // One name may stand alone; anything else is reported by Strings.
            return ToReferences(section.Strings(key));
        }

        ImmutableArray<Reference>.Builder references = ImmutableArray.CreateBuilder<Reference>();
        foreach (TomlValue item in array.Items)
        {
            if (item is TomlTable table)
            {
                Section entry = new(table, section.KeyOf(key), table.At, section.Context);
                Text? name = entry.NonEmptyString("name");
                bool restart = entry.Boolean("restart", otherwise: false);
                TimeSpan? limit = entry.Duration("limit", TimeSpan.FromSeconds(1), Year);
                if (!entry.Has("name"))
                    section.Context.Problems.Add(table.At, section.KeyOf(key), "has no name", "{ name = \"…\", restart = true, limit = \"5m\" }");

                entry.Finish();
                if (name is not null)
                    references.Add(new Reference(name.Value, restart, limit, name.Written, section.KeyOf(key), name.At));
            }
            else if (section.ReadText(item, section.KeyOf(key), "a string or a table") is { } text)
            {
                references.AddRange(ToReferences([text]));
            }
        }

        return references.ToImmutable();
    }

    private static ImmutableArray<Reference> ReadAfter(Section section) => ToReferences(section.Strings("after"));

    private static ImmutableArray<Reference> ToReferences(ImmutableArray<Text> texts) =>
        [.. texts.Select(text => new Reference(text.Value, Restart: false, Limit: null, text.Written, text.Key, text.At))];

    private static ImmutableDictionary<string, string> ReadWritten(Section section)
    {
        ImmutableDictionary<string, string>.Builder written = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (TomlEntry entry in section.Entries)
        {
            if (entry.Key == "environment")
                continue;

            written[entry.Key] = ConfigText.Of(entry.Value);
            if (entry.Value is not TomlTable table)
                continue;

            foreach (TomlEntry inner in table.Entries)
                written[$"{entry.Key}.{inner.Key}"] = ConfigText.Of(inner.Value);
        }

        return written.ToImmutable();
    }
}
