using System.Collections.Immutable;
using System.Text;
using Init.Base;
using Init.Supervision;

namespace Init.Config.Tests;

/// <summary>A configuration as text, for comparing. What has its default is left out; the environment is shown as what it adds to and lacks of Init's own.</summary>
internal static class ConfigPrinter
{
    public static string Print(SystemConfig config, IReadOnlyDictionary<string, string> inherited)
    {
        StringBuilder text = new();
        foreach (ConfigProblem warning in config.Warnings)
            text.Append($"warning: {warning}\n");

        InitSettings settings = config.Settings;
        text.Append($"state {settings.StateDirectory}, logs {settings.LogDirectory}, control {settings.ControlSocket}\n");
        text.Append($"shutdown {settings.Shutdown}, on_fatal {settings.OnFatal}, log_format {settings.LogFormat}, secrets [{string.Join(", ", settings.Secrets)}]\n");
        text.Append($"files {string.Join(", ", config.Files)}\n");
        foreach (HttpEndpoint endpoint in config.HttpEndpoints)
            Print(endpoint, text);

        if (config.Proxy is { } proxy)
        {
            text.Append($"proxy rules {proxy.RulesFile}, new ones for {proxy.DefaultBackend ?? "the original stack"}, trusts [{string.Join(", ", proxy.TrustedProxies)}], body {proxy.BodyLimit?.ToString() ?? "any"}, connect {proxy.ConnectTimeout}, idle {proxy.IdleTimeout}, connections {proxy.Connections}\n");
            if ((proxy.HeaderTimeout, proxy.BodyTimeout) != (TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60)))
                text.Append($"proxy header {proxy.HeaderTimeout}, body {proxy.BodyTimeout}\n");
            foreach (HttpEndpoint endpoint in proxy.Endpoints)
                Print(endpoint, text);
            if (proxy.Tls is { } tls)
            {
                text.Append($"tls certificate {tls.CertificateFile}, key {tls.KeyFile}\n");
                foreach (HttpEndpoint endpoint in tls.Endpoints)
                    Print(endpoint, text.Append("tls "));
            }

            foreach (HttpEndpoint endpoint in proxy.Http2Endpoints)
                Print(endpoint, text.Append("h2c "));
            text.Append(proxy.Panel is { } panel
                ? $"panel store {panel.StoreFile}, session {panel.SessionLifetime}, frames [{string.Join(", ", panel.FrameAncestors)}], password {(panel.GivenPassword is null ? "(none)" : "(set)")}\n"
                : "panel off\n");
        }

        if (config.Backup is { } backup)
            Print(backup, text);

        foreach (ProgramDefinition program in config.Programs)
            Print(program, inherited, text);

        foreach (GroupDefinition group in config.Groups)
            text.Append($"group {group.Name} at {group.At}: {string.Join(", ", group.Programs)}\n");

        foreach (EventHookDefinition hook in config.EventHooks)
            text.Append($"on_event {hook.Name} at {hook.At}: [{string.Join(", ", hook.Events)}] {List(hook.Command)} {hook.Url} {hook.Timeout} {Difference(hook.Environment, inherited)}\n");

        foreach (EventListenerPool pool in config.EventListeners)
            text.Append($"listeners {pool.Name} at {pool.At}: [{string.Join(", ", pool.Events)}] buffer {pool.BufferSize}\n");

        if (config.Supervisord is { } daemon)
            text.Append($"{daemon}\n");

        foreach (SupervisordServer server in config.SupervisordServers)
            text.Append($"server {server.Section} {(server.AsksForPassword ? "with a password" : "open")}, interfaces [{string.Join(", ", config.RpcInterfaces)}]\n");

        return text.ToString();
    }

    private static void Print(BackupOptions backup, StringBuilder text)
    {
        text.Append($"backup of [{string.Join(", ", backup.Targets)}] below {backup.Base} without [{string.Join(", ", backup.Exclude)}] to {backup.Remote}{(backup.IsRemoteGiven ? "" : " (its own)")}, branch {backup.Branch}, user {backup.User ?? "(none)"}, token {(backup.Token is null ? "(none)" : "(set)")}\n");
        text.Append($"backup state {backup.StateDirectory}, ready file {backup.ReadyFile}, every {backup.Interval}, watch {backup.Watch} {backup.Quiet} {backup.QuietMax}, unreachable {backup.Unreachable} {backup.UnreachableLimit}, shutdown {backup.ShutdownLimit}, lease {backup.LeaseTime}\n");
        text.Append($"backup large {backup.LargeThreshold} at {backup.ReleaseTag}, retry {backup.DownloadRetry}, {backup.History}, store {backup.StoreMax}, {backup.Verify}, public {backup.AllowPublic}, author {backup.Author}, api {backup.GitHubApi}\n");
    }

    private static void Print(HttpEndpoint endpoint, StringBuilder text)
    {
        string place = endpoint.UnixPath is { } path
            ? $"unix {path} mode {Convert.ToString(endpoint.UnixMode, 8)} owner {endpoint.UnixOwner ?? "(own)"}"
            : $"tcp {endpoint.Address?.ToString() ?? "*"} port {endpoint.Port}";
        text.Append($"http {place} user {endpoint.Username ?? "(none)"} password {endpoint.Password ?? "(none)"} token {endpoint.Token ?? "(none)"}\n");
    }

    private static void Print(ProgramDefinition program, IReadOnlyDictionary<string, string> inherited, StringBuilder text)
    {
        var (policy, launch) = (program.Policy, program.Launch);
        text.Append($"program {policy.Name} ({policy.Program} {program.Index}/{program.Replicas}) at {program.At}\n");
        Line("command", launch.Builtin is null ? List(launch.Command) : "builtin " + launch.Builtin);
        Line("fault", launch.CommandFault);
        Line("process", program.GroupName is null && program.ProcessName is null ? null : $"{program.ProcessName} of {program.GroupName}, {program.Supervisord}");
        Line("socket", launch.Socket?.ToString());
        Line("stdin", launch.HasStdinPipe ? "pipe" : null);
        Line("priority", policy.ShutdownPriority == 0 ? null : policy.ShutdownPriority.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Line("early exit", policy.EarlyExitFails ? "fails" : null);
        Line("directory", launch.Directory);
        Line("environment", Difference(launch.Environment, inherited));
        Line("secrets", string.Join(", ", launch.SecretNames));
        if (launch.NeedsExecChild)
            Line("child", $"user {launch.User} umask {launch.Umask} nice {launch.Nice} nnp {launch.NoNewPrivileges} oom {launch.OomScoreAdjust}");
        if (launch.Limits.Any)
            Line("limits", $"files {launch.Limits.OpenFiles} core {launch.Limits.Core?.Bytes} memory {launch.Limits.Memory?.Bytes} cpu {launch.Limits.Cpu} processes {launch.Limits.Processes}");

        string[] flags = [policy.Enabled ? "" : "disabled", policy.Optional ? "optional" : "", policy.Critical ? "critical" : "", policy.Scheduled ? "scheduled" : ""];
        Line("flags", string.Join(' ', flags.Where(flag => flag.Length > 0)));
        Line("on_exit", policy.OnExit == OnExit.Keep ? null : "shutdown");
        Line("restart", policy.Restart == RestartMode.Always ? null : policy.Restart.ToString());
        Line("success", policy.SuccessExitCodes is [0] ? null : string.Join(", ", policy.SuccessExitCodes));
        Line("grace", policy.StartGrace == TimeSpan.FromSeconds(1) ? null : policy.StartGrace.ToString());
        Line("backoff", policy.Backoff == new BackoffPolicy() ? null : policy.Backoff.ToString());
        Line("stop", policy.Stop == new StopPolicy() ? null : policy.Stop.ToString());
        Line("reload", program.ReloadSignal == 1 ? null : SignalNames.NameOf(program.ReloadSignal));
        Line("requires", string.Join(", ", policy.Requires.Select(needed => needed.ToString())));
        Line("after", string.Join(", ", policy.After));
        Line("ready", program.Ready is null ? null : $"{Show(program.Ready)} {policy.Readiness}");
        Line("health", program.Health is null ? null : $"{Show(program.Health)} {policy.Health}");
        Line("watchdog", policy.Watchdog?.ToString());
        if (policy.Hooks != new HookPolicy() || policy.Stop.HasCommand)
            Line("hooks", $"{List(program.Hooks.BeforeStart)} {List(program.Hooks.AfterStart)} {List(program.Hooks.Stop)} {List(program.Hooks.AfterStop)} {policy.Hooks.Timeout}");
        Line("schedule", program.Schedule?.ToString());
        Line("stdout", Show(program.Stdout));
        Line("stderr", ReferenceEquals(program.Stdout, program.Stderr) ? "as stdout" : Show(program.Stderr));

        void Line(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                text.Append($"  {key,-12}{value}\n");
        }
    }

    private static string Difference(ImmutableArray<string> environment, IReadOnlyDictionary<string, string> inherited)
    {
        IEnumerable<string> outer = inherited.Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal);
        Assert.Equal(environment.Order(StringComparer.Ordinal), environment);
        return string.Join(' ', environment.Except(outer).Select(variable => $"+'{variable}'").Concat(outer.Except(environment).Select(variable => $"-{variable.Split('=')[0]}")));
    }

    private static string Show(LogSpec? log) => log switch
    {
        null => "none",
        _ => $"file {log.File ?? (log.AutoPrefix is null ? "none" : $"AUTO {log.AutoPrefix}")} max {log.MaxSize.Bytes} keep {log.Keep} mirror {log.Mirror}"
            + (log.CaptureMax.Bytes > 0 ? $" capture {log.CaptureMax.Bytes}" : "") + (log.RaisesEvents ? " events" : "") + (log.Syslog ? " syslog" : "") + (log.StripsAnsi ? " without ansi" : ""),
    };

    private static string Show(Probe probe) => probe is Probe.Exec exec ? "Exec " + List(exec.Command) : probe.ToString()!;

    private static string List(ImmutableArray<string> words) => "[" + string.Join(", ", words.Select(word => $"'{word}'")) + "]";
}
