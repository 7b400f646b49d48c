using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Init.Base;
using Init.Config.Reading;
using Init.Supervision;

namespace Init.Config;

/// <summary>How a changed setting takes effect.</summary>
public enum ApplyBy
{
    /// <summary>At once, or at the program's next start; nothing is stopped for it.</summary>
    Live,

    /// <summary>The program is restarted.</summary>
    ProgramRestart,

    /// <summary>Only a restart of Init itself can do it.</summary>
    InitRestart,
}

public enum ChangeKind
{
    Added,
    Removed,
    Changed,
}

/// <param name="Field">The key as in the file, "stop.grace".</param>
/// <param name="Old">For showing to people; null when there was nothing. Never the value of a variable.</param>
/// <param name="New">As <paramref name="Old"/>.</param>
public sealed record FieldChange(string Field, string? Old, string? New, ApplyBy Apply)
{
    public override string ToString() => Old is null && New is null ? Field : $"{Field}: {Old ?? "(none)"} -> {New ?? "(none)"}";
}

/// <param name="Instance">"worker:0"; the program's name when it has one instance.</param>
/// <param name="Fields">Empty unless something changed within it.</param>
public sealed record ProgramChange(string Program, string Instance, ChangeKind Kind, ImmutableArray<FieldChange> Fields)
{
    public bool NeedsRestart => Fields.Any(field => field.Apply == ApplyBy.ProgramRestart);
}

/// <summary>A group or an event hook; both are applied live.</summary>
public sealed record NamedChange(string Name, ChangeKind Kind);

/// <summary>
/// What is different between two configurations, down to the field. Values are compared as the engine would use them, and shown as they
/// are written in the file, so that no secret and no variable's value comes to light.
/// </summary>
public sealed record ConfigDiff(
    ImmutableArray<FieldChange> Settings,
    ImmutableArray<ProgramChange> Programs,
    ImmutableArray<NamedChange> Groups,
    ImmutableArray<NamedChange> EventHooks)
{
    public bool IsEmpty => Settings.IsEmpty && Programs.IsEmpty && Groups.IsEmpty && EventHooks.IsEmpty;

    /// <summary>True when a change waits for a restart of Init itself.</summary>
    public bool NeedsInitRestart => Settings.Any(setting => setting.Apply == ApplyBy.InitRestart);

    /// <summary>Programs in the order of their names, removed and added ones among them; fields in a fixed order.</summary>
    public static ConfigDiff Between(SystemConfig old, SystemConfig @new)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(@new);
        return new ConfigDiff(
            CompareSettings(old, @new),
            ComparePrograms(old, @new),
            CompareNamed(old.Groups, @new.Groups, group => group.Name, group => string.Join('\n', group.Programs)),
            CompareNamed(old.EventHooks, @new.EventHooks, hook => hook.Name, PrintOf));
    }

    private static ImmutableArray<FieldChange> CompareSettings(SystemConfig oldConfig, SystemConfig newConfig)
    {
        var (old, @new) = (oldConfig.Settings, newConfig.Settings);
        ImmutableArray<FieldChange>.Builder changes = ImmutableArray.CreateBuilder<FieldChange>();
        Compare("state_dir", settings => settings.StateDirectory, ApplyBy.InitRestart);
        Compare("log_dir", settings => settings.LogDirectory, ApplyBy.Live);
        Compare("control", settings => settings.ControlSocket, ApplyBy.InitRestart);
        Compare("shutdown", settings => Show(settings.Shutdown), ApplyBy.Live);
        Compare("on_fatal", settings => settings.OnFatal == OnFatal.Exit ? "exit" : "keep", ApplyBy.Live);
        Compare("log_format", settings => settings.LogFormat == LogFormat.Json ? "json" : "text", ApplyBy.InitRestart);
        Compare("secrets", settings => string.Join(", ", settings.Secrets), ApplyBy.Live);

        ComparePools(oldConfig.EventListeners, newConfig.EventListeners, changes);

        if (oldConfig.Supervisord != newConfig.Supervisord)
            changes.Add(new FieldChange("supervisord", null, null, ApplyBy.InitRestart));

        return changes.ToImmutable();

        void Compare(string field, Func<InitSettings, string> show, ApplyBy apply)
        {
            if (show(old) != show(@new))
                changes.Add(new FieldChange(field, show(old), show(@new), apply));
        }
    }

    private static void ComparePools(ImmutableArray<EventListenerPool> old, ImmutableArray<EventListenerPool> @new, ImmutableArray<FieldChange>.Builder changes)
    {
        Dictionary<string, string> before = old.ToDictionary(pool => pool.Name, Print), after = @new.ToDictionary(pool => pool.Name, Print);
        foreach (string name in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var (was, becomes) = (before.GetValueOrDefault(name), after.GetValueOrDefault(name));
            if (was != becomes)
                changes.Add(new FieldChange($"event_listener.{ConfigText.KeyPart(name)}", was, becomes, ApplyBy.Live));
        }

        static string Print(EventListenerPool pool) => string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", pool.Events)} (buffer_size {pool.BufferSize})");
    }

    private static ImmutableArray<ProgramChange> ComparePrograms(SystemConfig old, SystemConfig @new)
    {
        Dictionary<string, ProgramDefinition> before = old.Programs.ToDictionary(program => program.Policy.Name);
        Dictionary<string, ProgramDefinition> after = @new.Programs.ToDictionary(program => program.Policy.Name);

        // The roles read them when they start. Nothing of them is shown: they hold passwords.
        bool isSameGateway = old.HttpEndpoints.SequenceEqual(@new.HttpEndpoints) && Equals(old.Proxy, @new.Proxy)
            && (old.Chat?.Publish, old.Chat?.PublishedSocket) == (@new.Chat?.Publish, @new.Chat?.PublishedSocket);
        ImmutableArray<FieldChange> ofGateway = isSameGateway ? [] : [new FieldChange("gateway", null, null, ApplyBy.ProgramRestart)];
        ImmutableArray<FieldChange> ofBackup = old.Backup is null || @new.Backup is null || old.Backup == @new.Backup ? [] : [new FieldChange("backup", null, null, ApplyBy.ProgramRestart)];
        ImmutableArray<FieldChange> ofChat = old.Chat is null || @new.Chat is null || old.Chat == @new.Chat ? [] : [new FieldChange("chat", null, null, ApplyBy.ProgramRestart)];
        List<(ProgramDefinition Program, ProgramChange Change)> changes = [];
        foreach (ProgramDefinition program in old.Programs.Where(program => !after.ContainsKey(program.Policy.Name)))
            changes.Add((program, Describe(program, ChangeKind.Removed, [])));

        foreach (ProgramDefinition program in @new.Programs)
        {
            if (!before.TryGetValue(program.Policy.Name, out ProgramDefinition? previous))
                changes.Add((program, Describe(program, ChangeKind.Added, [])));
            else if (CompareProgram(previous, program, program.Launch.Builtin switch { KnownNames.Gateway => ofGateway, KnownNames.Backup => ofBackup, KnownNames.Chat => ofChat, _ => [] }) is { IsEmpty: false } fields)
                changes.Add((program, Describe(program, ChangeKind.Changed, fields)));
        }

        return [.. changes
            .OrderBy(change => change.Change.Program, StringComparer.Ordinal)
            .ThenBy(change => change.Program.Index)
            .ThenBy(change => change.Change.Kind == ChangeKind.Removed ? 0 : 1)
            .ThenBy(change => change.Change.Instance, StringComparer.Ordinal)
            .Select(change => change.Change)];

        static ProgramChange Describe(ProgramDefinition program, ChangeKind kind, ImmutableArray<FieldChange> fields) =>
            new(program.Policy.Program, program.Policy.Name, kind, fields);
    }

    private static ImmutableArray<FieldChange> CompareProgram(ProgramDefinition old, ProgramDefinition @new, ImmutableArray<FieldChange> further)
    {
        ImmutableArray<FieldChange>.Builder changes = ImmutableArray.CreateBuilder<FieldChange>();
        changes.AddRange(further);
        foreach (ProgramField field in ProgramField.All)
        {
            if (field.Print(old) != field.Print(@new))
                changes.Add(new FieldChange(field.Name, field.Show(old), field.Show(@new), field.Apply));
        }

        CompareEnvironment(old, @new, changes);
        CompareLogs(old, @new, changes);
        return changes.ToImmutable();
    }

    /// <summary>Names only: a value may be a secret.</summary>
    private static void CompareEnvironment(ProgramDefinition old, ProgramDefinition @new, ImmutableArray<FieldChange>.Builder changes)
    {
        Dictionary<string, string> before = ToVariables(old);
        Dictionary<string, string> after = ToVariables(@new);
        foreach (string name in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            string? oldValue = before.GetValueOrDefault(name);
            string? newValue = after.GetValueOrDefault(name);
            if (oldValue == newValue)
                continue;

            string? shownOld = oldValue is null ? null : "(set)";
            string? shownNew = newValue is null ? null : oldValue is null ? "(set)" : "(changed)";
            changes.Add(new FieldChange("environment." + name, shownOld, shownNew, ApplyBy.ProgramRestart));
        }

        static Dictionary<string, string> ToVariables(ProgramDefinition program) => program.Launch.Environment
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }

    /// <summary>Files, sizes and mirroring change under a running program; where its pipes lead was settled when it was started.</summary>
    private static void CompareLogs(ProgramDefinition old, ProgramDefinition @new, ImmutableArray<FieldChange>.Builder changes)
    {
        CompareLog("stdout", old.Stdout, @new.Stdout);
        bool wasShared = IsShared(old);
        bool isShared = IsShared(@new);
        if (wasShared != isShared)
            changes.Add(new FieldChange("stderr", wasShared ? "\"stdout\"" : "(its own)", isShared ? "\"stdout\"" : "(its own)", ApplyBy.ProgramRestart));
        else if (!isShared)
            CompareLog("stderr", old.Stderr, @new.Stderr);

        static bool IsShared(ProgramDefinition program) => ReferenceEquals(program.Stdout, program.Stderr);

        void CompareLog(string stream, LogSpec? before, LogSpec? after)
        {
            if (before is null != after is null)
            {
                changes.Add(new FieldChange(stream, before is null ? null : "(kept)", after is null ? null : "(kept)", ApplyBy.ProgramRestart));
                return;
            }

            if (before is null || after is null)
                return;

            if (before.File != after.File || before.AutoPrefix != after.AutoPrefix)
                changes.Add(new FieldChange(stream + ".file", ShowFile(old, stream, before), ShowFile(@new, stream, after), ApplyBy.Live));

            if (before.MaxSize != after.MaxSize)
                changes.Add(new FieldChange(stream + ".max_size", before.MaxSize.ToString(), after.MaxSize.ToString(), ApplyBy.Live));

            if (before.Keep != after.Keep)
                changes.Add(new FieldChange(stream + ".keep", ProgramField.Text(before.Keep), ProgramField.Text(after.Keep), ApplyBy.Live));

            if (before.Mirror != after.Mirror)
                changes.Add(new FieldChange(stream + ".mirror", ProgramField.Text(before.Mirror), ProgramField.Text(after.Mirror), ApplyBy.Live));

            Flag("capture", before.CaptureMax.ToString(), after.CaptureMax.ToString());
            Flag("events", ProgramField.Text(before.RaisesEvents), ProgramField.Text(after.RaisesEvents));
            Flag("syslog", ProgramField.Text(before.Syslog), ProgramField.Text(after.Syslog));
            Flag("strip_ansi", ProgramField.Text(before.StripsAnsi), ProgramField.Text(after.StripsAnsi));

            void Flag(string field, string was, string @is)
            {
                if (was != @is)
                    changes.Add(new FieldChange($"{stream}.{field}", was, @is, ApplyBy.Live));
            }
        }

        static string ShowFile(ProgramDefinition program, string stream, LogSpec log) =>
            program.Written.GetValueOrDefault(stream + ".file") ?? (log.File is null ? "\"\"" : "(default)");
    }

    private static ImmutableArray<NamedChange> CompareNamed<T>(
        ImmutableArray<T> old, ImmutableArray<T> @new, Func<T, string> nameOf, Func<T, string> printOf)
    {
        Dictionary<string, string> before = old.ToDictionary(nameOf, printOf);
        Dictionary<string, string> after = @new.ToDictionary(nameOf, printOf);
        ImmutableArray<NamedChange>.Builder changes = ImmutableArray.CreateBuilder<NamedChange>();
        foreach (string name in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            if (!after.TryGetValue(name, out string? newPrint))
                changes.Add(new NamedChange(name, ChangeKind.Removed));
            else if (!before.TryGetValue(name, out string? oldPrint))
                changes.Add(new NamedChange(name, ChangeKind.Added));
            else if (oldPrint != newPrint)
                changes.Add(new NamedChange(name, ChangeKind.Changed));
        }

        return changes.ToImmutable();
    }

    private static string PrintOf(EventHookDefinition hook) => ProgramField.Join(
        [.. hook.Events, "|", .. hook.Command, "|", hook.Url?.AbsoluteUri ?? "", Show(hook.Timeout), "|", .. hook.Environment]);

    private static string Show(TimeSpan time) => Reading.DurationText.Format(time);
}

/// <summary>One setting of a program, for comparing.</summary>
/// <param name="Print">The value as the engine uses it; may contain secrets.</param>
/// <param name="Show">The value as people may see it; null for none.</param>
internal sealed record ProgramField(string Name, ApplyBy Apply, Func<ProgramDefinition, string> Print, Func<ProgramDefinition, string?> Show)
{
    /// <summary>Everything but environment and log files, which have rules of their own.</summary>
    public static ImmutableArray<ProgramField> All { get; } =
    [
        Written("command", ApplyBy.ProgramRestart, program => Join(program.Launch.Command)),
        Written("builtin", ApplyBy.ProgramRestart, program => program.Launch.Builtin ?? ""),
        Written("directory", ApplyBy.ProgramRestart, program => program.Launch.Directory ?? ""),
        Written("user", ApplyBy.ProgramRestart, program => program.Launch.User ?? ""),
        Plain("umask", ApplyBy.ProgramRestart, program => program.Launch.Umask is { } mask ? "0" + Convert.ToString(mask, 8).PadLeft(3, '0') : null),
        Plain("nice", ApplyBy.ProgramRestart, program => program.Launch.Nice is { } nice ? Text(nice) : null),
        Plain("limits.open_files", ApplyBy.ProgramRestart, program => program.Launch.Limits.OpenFiles is { } files ? Text(files) : null),
        Size("limits.core", ApplyBy.ProgramRestart, program => program.Launch.Limits.Core),
        Size("limits.memory", ApplyBy.ProgramRestart, program => program.Launch.Limits.Memory),
        Plain("limits.cpu", ApplyBy.ProgramRestart, program => program.Launch.Limits.Cpu is { } cpu ? Text(cpu) : null),
        Plain("limits.processes", ApplyBy.ProgramRestart, program => program.Launch.Limits.Processes is { } count ? Text(count) : null),
        Plain("no_new_privileges", ApplyBy.ProgramRestart, program => Text(program.Launch.NoNewPrivileges)),
        Plain("oom_score_adjust", ApplyBy.ProgramRestart, program => program.Launch.OomScoreAdjust is { } score ? Text(score) : null),
        Plain("replicas", ApplyBy.Live, program => Text(program.Replicas)),
        Plain("enabled", ApplyBy.Live, program => Text(program.Policy.Enabled)),
        Plain("optional", ApplyBy.Live, program => Text(program.Policy.Optional)),
        Plain("critical", ApplyBy.Live, program => Text(program.Policy.Critical)),
        Plain("on_exit", ApplyBy.Live, program => program.Policy.OnExit == OnExit.Shutdown ? "shutdown" : "keep"),
        Plain("restart", ApplyBy.Live, program => Text(program.Policy.Restart)),
        Plain("success_exit_codes", ApplyBy.Live, program => "[" + string.Join(", ", program.Policy.SuccessExitCodes.Distinct().Order()) + "]"),
        Plain("start_grace", ApplyBy.Live, program => Text(program.Policy.StartGrace)),
        Plain("backoff.initial", ApplyBy.Live, program => Text(program.Policy.Backoff.Initial)),
        Plain("backoff.factor", ApplyBy.Live, program => Text(program.Policy.Backoff.Factor)),
        Plain("backoff.max", ApplyBy.Live, program => Text(program.Policy.Backoff.Max)),
        Plain("backoff.jitter", ApplyBy.Live, program => Text(program.Policy.Backoff.Jitter)),
        Plain("backoff.reset_after", ApplyBy.Live, program => Text(program.Policy.Backoff.ResetAfter)),
        Plain("backoff.attempts", ApplyBy.Live, program => program.Policy.Backoff.Attempts switch { null => "0", 0 => "none", var attempts => Text(attempts.Value) }),
        Plain("backoff.increment", ApplyBy.Live, program => Text(program.Policy.Backoff.Increment)),
        Plain("backoff.only_failed_starts", ApplyBy.Live, program => Text(program.Policy.Backoff.OnlyFailedStarts)),
        Plain("early_exit_fails", ApplyBy.Live, program => Text(program.Policy.EarlyExitFails)),
        Plain("shutdown_priority", ApplyBy.Live, program => Text(program.Policy.ShutdownPriority)),
        Plain("group", ApplyBy.Live, program => program.SupervisordGroup),
        Plain("process_name", ApplyBy.Live, program => program.SupervisordProcess),
        Plain("stdin", ApplyBy.ProgramRestart, program => program.Launch.HasStdinPipe ? "pipe" : "null"),
        Plain("socket", ApplyBy.ProgramRestart, program => program.Launch.Socket?.ToString()),
        Plain("stop.signal", ApplyBy.Live, program => SignalNames.NameOf(program.Policy.Stop.Signal)),
        Plain("stop.grace", ApplyBy.Live, program => Text(program.Policy.Stop.Grace)),
        Plain("stop.group", ApplyBy.Live, program => Text(program.Policy.Stop.Group)),
        Plain("stop.final_group", ApplyBy.Live, program => Text(program.Policy.Stop.FinalGroup)),
        Written("stop.command", ApplyBy.Live, program => Join(program.Hooks.Stop)),
        Plain("stop.finally", ApplyBy.Live, program => SignalNames.NameOf(program.Policy.Stop.FinalSignal)),
        Plain("reload.signal", ApplyBy.Live, program => SignalNames.NameOf(program.ReloadSignal)),
        Plain("requires", ApplyBy.Live, program => Text(program.Policy.Requires)),
        Plain("after", ApplyBy.Live, program => Join(program.Policy.After, ", ")),
        Written("ready", ApplyBy.Live, program => PrintOf(program.Ready)),

        // As for the watchdog: NOTIFY_SOCKET is in its environment from the start, or not at all.
        Plain("ready.notify", ApplyBy.ProgramRestart, program => program.Ready is Probe.Notify ? "true" : null),
        Plain("ready.timeout", ApplyBy.Live, program => program.Policy.Readiness is { } ready ? Text(ready.Timeout ?? TimeSpan.Zero) : null),
        Plain("ready.interval", ApplyBy.Live, program => program.Policy.Readiness is { } ready ? Text(ready.Interval) : null),
        Plain("ready.probe_timeout", ApplyBy.Live, program => program.Policy.Readiness is { } ready ? Text(ready.ProbeTimeout) : null),
        Written("health", ApplyBy.Live, program => PrintOf(program.Health)),
        Plain("health.initial_delay", ApplyBy.Live, program => program.Policy.Health is { } health ? Text(health.InitialDelay) : null),
        Plain("health.interval", ApplyBy.Live, program => program.Policy.Health is { } health ? Text(health.Interval) : null),
        Plain("health.timeout", ApplyBy.Live, program => program.Policy.Health is { } health ? Text(health.Timeout) : null),
        Plain("health.failures", ApplyBy.Live, program => program.Policy.Health is { } health ? Text(health.Failures) : null),
        Plain("health.action", ApplyBy.Live, program => program.Policy.Health is { } health ? health.Action == HealthAction.Report ? "report" : "restart" : null),

        // The program learns of it (WATCHDOG_USEC) when it is started.
        Plain("health.watchdog", ApplyBy.ProgramRestart, program => program.Policy.Watchdog is { } watchdog ? Text(watchdog) : null),
        Written("hooks.before_start", ApplyBy.Live, program => Join(program.Hooks.BeforeStart)),
        Written("hooks.after_start", ApplyBy.Live, program => Join(program.Hooks.AfterStart)),
        Written("hooks.after_stop", ApplyBy.Live, program => Join(program.Hooks.AfterStop)),
        Plain("hooks.timeout", ApplyBy.Live, program => Text(program.Policy.Hooks.Timeout)),
        Written("schedule", ApplyBy.Live, program => program.Schedule is Timetable.Cron cron ? cron.Expression : ""),
        Written("timezone", ApplyBy.Live, program => program.Schedule is Timetable.Cron cron ? cron.TimeZone ?? "" : ""),
        Plain("every", ApplyBy.Live, program => program.Schedule is Timetable.Every every ? Text(every.Period) : null),
    ];

    /// <summary>Shown as the file has it: the value may come from a variable.</summary>
    private static ProgramField Written(string name, ApplyBy apply, Func<ProgramDefinition, string> print) =>
        new(name, apply, print, program => program.Written.GetValueOrDefault(name));

    private static ProgramField Plain(string name, ApplyBy apply, Func<ProgramDefinition, string?> show) =>
        new(name, apply, program => show(program) ?? "", show);

    /// <summary>Compared to the byte, shown rounded.</summary>
    private static ProgramField Size(string name, ApplyBy apply, Func<ProgramDefinition, ByteSize?> valueOf) =>
        new(name, apply, program => valueOf(program)?.Bytes.ToString(CultureInfo.InvariantCulture) ?? "", program => valueOf(program)?.ToString());

    /// <summary>Unambiguous: each part with its length.</summary>
    public static string Join(ImmutableArray<string> parts)
    {
        StringBuilder text = new();
        foreach (string part in parts)
            text.Append(CultureInfo.InvariantCulture, $"{part.Length}:{part}");

        return text.ToString();
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Text(bool value) => value ? "true" : "false";

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan time) => Reading.DurationText.Format(time);

    private static string Text(RestartMode mode) => mode switch
    {
        RestartMode.Always => "always",
        RestartMode.OnFailure => "on-failure",
        _ => "never",
    };

    private static string? Text(ImmutableArray<Requirement> requirements) => requirements.IsEmpty
        ? null
        : string.Join(", ", requirements.Select(requirement => requirement.Program + (requirement.Restart ? " (restart)" : "") + (requirement.Limit is { } limit ? $" (at most {DurationText.Format(limit)})" : "")));

    private static string? Join(ImmutableArray<string> parts, string separator) => parts.IsEmpty ? null : string.Join(separator, parts);

    private static string PrintOf(Probe? probe) => probe switch
    {
        null => "",
        Probe.Exec exec => "exec " + Join(exec.Command),
        _ => probe.ToString() ?? "",
    };
}
