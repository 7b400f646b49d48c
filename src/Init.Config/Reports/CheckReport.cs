using System.Collections.Immutable;
using System.Text;
using Init.Base;
using Init.Config.Reading;
using Init.Supervision;

namespace Init.Config.Reports;

/// <summary>The text of <c>init check</c>.</summary>
public static class CheckReport
{
    /// <summary>All problems, one per line: <c>file:line:column: key: message (hint)</c>. Empty when there are none.</summary>
    public static string Problems(IEnumerable<ConfigProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        StringBuilder text = new();
        foreach (ConfigProblem problem in problems)
            text.Append(problem).Append('\n');

        return text.ToString();
    }

    /// <summary>"no problems", "1 problem", "2 problems".</summary>
    public static string Count(int problems) => problems switch
    {
        0 => "no problems",
        1 => "1 problem",
        _ => $"{problems} problems",
    };

    /// <summary>
    /// In which waves the programs start, and for each of them what it runs, what it waits for and when it counts as ready. Shows what is
    /// written, so no variable's value appears.
    /// </summary>
    public static string Explain(SystemConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        StringBuilder text = new();
        if (config.Programs.IsEmpty)
            return $"no programs\n{DescribeProxy(config.Proxy)}";

        ILookup<string, ProgramDefinition> instances = config.Programs.ToLookup(program => program.Policy.Program);
        Dictionary<string, int> waves = FindWaves(config.Programs);
        int width = waves.Keys.Max(name => name.Length);
        string indent = new(' ', width + 2);

        text.Append("start order\n");
        foreach (var wave in waves.GroupBy(entry => entry.Value).OrderBy(wave => wave.Key))
        {
            IEnumerable<string> names = wave.Select(entry => entry.Key + (instances[entry.Key].Count() is > 1 and var count ? $" x{count}" : ""));
            text.Append($"  {wave.Key}. {string.Join(", ", names)}\n");
        }

        text.Append('\n');
        foreach (var (name, _) in waves.OrderBy(entry => entry.Value))
        {
            ImmutableArray<string> lines = [.. Describe(instances[name].First(), config.Settings)];
            for (int i = 0; i < lines.Length; i++)
                text.Append(i == 0 ? name.PadRight(width + 2) : indent).Append(lines[i]).Append('\n');
        }

        return text.Append(DescribeProxy(config.Proxy)).Append(DescribeChat(config.Chat)).ToString();
    }

    private static string DescribeChat(ChatOptions? chat)
    {
        if (chat is null)
            return "";

        string published = chat.Publish is { } path ? $", and is published below {path} with keys" : "";
        return $"\nchat  listens on {chat.Listen.Address}:{chat.Listen.Port} without keys{published}; its data is in {(chat.Database is null ? chat.DataDirectory : "PostgreSQL")}\n";
    }

    private static string DescribeProxy(ProxySettings? proxy)
    {
        if (proxy is null)
            return "";

        string panel = proxy.Panel is { } settings
            ? $"the panel is at /admin/ui/, its password in {settings.StoreFile} ({(settings.GivenPassword is null ? "made up at the first start, and shown in the log" : $"given by {PanelSettings.PasswordVariable}")})"
            : "the panel is switched off";
        return $"""

            public port  forwards by the rules in {proxy.RulesFile}
                         {panel}

            """;
    }

    /// <summary>By program: 1 for those that wait for nobody, else one more than the latest of those they wait for.</summary>
    private static Dictionary<string, int> FindWaves(ImmutableArray<ProgramDefinition> programs)
    {
        Dictionary<string, ProgramPolicy> policies = [];
        foreach (ProgramDefinition program in programs)
            policies.TryAdd(program.Policy.Program, program.Policy);

        // The configuration is known to have no cycles, so an order exists in which each comes after what it needs.
        Dictionary<string, int> waves = [];
        foreach (string instance in new DependencyGraph([.. policies.Values.Select(policy => policy with { Name = policy.Program })]).StartOrder)
        {
            ProgramPolicy policy = policies[instance];
            waves[instance] = 1 + policy.Requires.Select(needed => needed.Program).Concat(policy.After).Select(needed => waves[needed]).DefaultIfEmpty(0).Max();
        }

        return waves;
    }

    private static IEnumerable<string> Describe(ProgramDefinition program, InitSettings settings)
    {
        ProgramPolicy policy = program.Policy;
        yield return "runs " + (program.Launch.Builtin is { } role ? $"the built-in role \"{role}\"" : Unquote(program.Written.GetValueOrDefault("command", "")));

        if (!policy.Requires.IsEmpty)
            yield return "waits until ready: " + string.Join(", ", policy.Requires.Select(needed => needed.Program + (needed.Restart ? " (and is restarted with it)" : "") + (needed.Limit is { } limit ? $" (for at most {DurationText.Format(limit)})" : "")));

        if (!policy.After.IsEmpty)
            yield return "starts after: " + string.Join(", ", policy.After);

        yield return DescribeStart(program);
        yield return "is ready " + DescribeReady(program);

        if (program.Health is not null && policy.Health is { } health)
        {
            string action = health.Action == HealthAction.Restart ? "is restarted" : "is reported unhealthy";
            yield return $"{action} after {health.Failures} failed health checks in a row, one every {DurationText.Format(health.Interval)}";
        }

        if (policy.Watchdog is { } watchdog)
            yield return $"must say WATCHDOG=1 every {DurationText.Format(watchdog)}";

        yield return $"is stopped by {SignalNames.NameOf(policy.Stop.Signal)}, after {DurationText.Format(policy.Stop.Grace)} by {SignalNames.NameOf(policy.Stop.FinalSignal)}";
        if (policy.Stop.Grace > settings.Shutdown)
            yield return $"at shutdown it has {DurationText.Format(settings.Shutdown)} at most, the limit of the whole shutdown";
    }

    private static string DescribeStart(ProgramDefinition program)
    {
        string? when = !program.Policy.Enabled ? "is started by hand only (enabled = false)" : program.Schedule switch
        {
            Timetable.Cron cron => $"runs at {program.Written.GetValueOrDefault("schedule")}" + (cron.TimeZone is null ? "" : $" in {program.Written.GetValueOrDefault("timezone")}"),
            Timetable.Every every => $"runs every {DurationText.Format(every.Period)}",
            _ => program.Policy.Requires.IsEmpty && program.Policy.After.IsEmpty ? "starts at once" : null,
        };

        string restart = program.Policy.Restart switch
        {
            RestartMode.Always => "is restarted always",
            RestartMode.OnFailure => "is restarted on failure",
            _ => "is not restarted",
        };

        return $"{(when is null ? "" : when + ", ")}{restart}{(program.Policy.Optional ? ", may be missing (optional)" : "")}{(program.Policy.Critical ? ", is critical" : "")}";
    }

    /// <summary>A command that is written as one string reads better without the quotes around it.</summary>
    private static string Unquote(string written) => written is ['"', .., '"'] ? written[1..^1] : written;

    private static string DescribeReady(ProgramDefinition program)
    {
        string limit = program.Policy.Readiness?.Timeout is { } timeout ? $", within {DurationText.Format(timeout)}" : "";
        string written(string key) => program.Written.GetValueOrDefault("ready." + key, "");
        return program.Ready switch
        {
            null => $"after {DurationText.Format(program.Policy.StartGrace)} of running",
            Probe.PathExists => $"when {written("path")} exists{limit}",
            Probe.Tcp => $"when {written("tcp")} accepts connections{limit}",
            Probe.Http => $"when {written("http")} answers well{limit}",
            Probe.Exec => $"when {written("exec")} succeeds{limit}",
            Probe.LogLine => $"when its output matches {written("log")}{limit}",
            Probe.Notify => $"when it says READY=1{limit}",
            Probe.Exit => $"when it has ended in success{limit}",
            Probe.Delay delay => $"{DurationText.Format(delay.After)} after its start",
            _ => "",
        };
    }
}
