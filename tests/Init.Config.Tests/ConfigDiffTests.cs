namespace Init.Config.Tests;

public class ConfigDiffTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/home/user", ["TOKEN"] = "s3cret-one", ["OTHER"] = "same" };

    [Fact]
    public void Between_EqualConfigurations_IsEmpty()
    {
        const string text = """
            [init]
            secrets = ["TOKEN"]
            [program.a]
            command = "a"
            directory = "/srv/${TOKEN}"
            secrets = ["TOKEN"]
            replicas = 2
            requires = ["b"]
            ready = { exec = ["true", "x"] }
            health = { http = "http://127.0.0.1/", watchdog = "1s" }
            stderr = {}
            [program.b]
            command = ["b", "c"]
            limits = { memory = "1GiB", cpu = 0.5 }
            [group.g]
            programs = ["a", "b"]
            [on_event.e]
            events = ["program.*"]
            command = ["x"]
            """;

        ConfigDiff diff = ConfigDiff.Between(Load(text), Load(text));

        Assert.True(diff.IsEmpty, Print(diff));
        Assert.False(diff.NeedsInitRestart);
    }

    /// <summary>Each row: what the program says before, what after, and what is different.</summary>
    [Theory]
    [InlineData("", "directory = \"/x\"", "directory: (none) -> \"/x\" [restart]")]
    [InlineData("directory = \"/x\"", "", "directory: \"/x\" -> (none) [restart]")]
    [InlineData("user = \"1\"", "user = \"2\"", "user: \"1\" -> \"2\" [restart]")]
    [InlineData("umask = \"022\"", "umask = \"27\"", "umask: 0022 -> 0027 [restart]")]
    [InlineData("nice = 1", "nice = 2", "nice: 1 -> 2 [restart]")]
    [InlineData("limits = { open_files = 10, core = 0 }", "limits = { open_files = 11, memory = \"1GiB\" }", "limits.open_files: 10 -> 11 [restart]|limits.core: 0 B -> (none) [restart]|limits.memory: (none) -> 1 GiB [restart]")]
    [InlineData("limits = { memory = 1073741824 }", "limits = { memory = 1073741825 }", "limits.memory: 1 GiB -> 1 GiB [restart]")]
    [InlineData("limits = { cpu = 1, processes = 5 }", "limits = { cpu = 1.5, processes = 6 }", "limits.cpu: 1 -> 1.5 [restart]|limits.processes: 5 -> 6 [restart]")]
    [InlineData("no_new_privileges = true", "oom_score_adjust = 5", "no_new_privileges: true -> false [restart]|oom_score_adjust: (none) -> 5 [restart]")]
    [InlineData("enabled = false", "optional = true", "enabled: false -> true [live]|optional: false -> true [live]")]
    [InlineData("critical = true", "on_exit = \"shutdown\"", "critical: true -> false [live]|on_exit: keep -> shutdown [live]")]
    [InlineData("restart = \"never\"", "restart = \"on-failure\"", "restart: never -> on-failure [live]")]
    [InlineData("success_exit_codes = [0, 1]", "success_exit_codes = [1, 0]", "")]
    [InlineData("success_exit_codes = [0, 1]", "start_grace = \"5s\"", "success_exit_codes: [0, 1] -> [0] [live]|start_grace: 1s -> 5s [live]")]
    [InlineData("backoff = { initial = \"1s\", factor = 3 }", "backoff = { max = \"1m\", jitter = 0, reset_after = \"1s\", attempts = 0 }", "backoff.initial: 1s -> 500ms [live]|backoff.factor: 3 -> 2 [live]|backoff.max: 30s -> 1m [live]|backoff.jitter: 0.2 -> 0 [live]|backoff.reset_after: 1m -> 1s [live]|backoff.attempts: 10 -> 0 [live]")]
    [InlineData("stop = { signal = \"INT\" }", "stop = { signal = 15, grace = \"1m\", group = false, command = \"x\", finally = 3 }", "stop.signal: SIGINT -> SIGTERM [live]|stop.grace: 10s -> 1m [live]|stop.group: true -> false [live]|stop.command: (none) -> \"x\" [live]|stop.finally: SIGKILL -> SIGQUIT [live]")]
    [InlineData("reload = { signal = \"HUP\" }", "reload = { signal = \"USR1\" }", "reload.signal: SIGHUP -> SIGUSR1 [live]")]
    [InlineData("requires = [\"b\"]", "after = [\"b\"]", "requires: b -> (none) [live]|after: (none) -> b [live]")]
    [InlineData("requires = [\"b\"]", "requires = [{ name = \"b\", restart = true }]", "requires: b -> b (restart) [live]")]
    [InlineData("requires = [\"b\"]", "requires = [{ name = \"b\", limit = \"5m\" }]", "requires: b -> b (at most 5m) [live]")]
    [InlineData("ready = { path = \"/x\" }", "ready = { path = \"/y\", timeout = \"1s\", interval = \"1s\", probe_timeout = \"1s\" }", "ready: { path = \"/x\" } -> { path = \"/y\", timeout = \"1s\", interval = \"1s\", probe_timeout = \"1s\" } [live]|ready.timeout: 1m30s -> 1s [live]|ready.interval: 100ms -> 1s [live]|ready.probe_timeout: 2s -> 1s [live]")]
    [InlineData("health = { tcp = \"127.0.0.1:1\" }", "health = { tcp = \"127.0.0.1:1\", initial_delay = \"1s\", interval = \"1s\", timeout = \"1s\", failures = 1, action = \"report\" }", "health.initial_delay: 0s -> 1s [live]|health.interval: 10s -> 1s [live]|health.timeout: 2s -> 1s [live]|health.failures: 3 -> 1 [live]|health.action: restart -> report [live]")]
    [InlineData("", "health = { watchdog = \"10s\" }", "health.watchdog: (none) -> 10s [restart]")]
    [InlineData("hooks = { before_start = \"a\" }", "hooks = { after_start = \"b\", after_stop = [\"c\"], timeout = \"1s\" }", "hooks.before_start: \"a\" -> (none) [live]|hooks.after_start: (none) -> \"b\" [live]|hooks.after_stop: (none) -> [\"c\"] [live]|hooks.timeout: 30s -> 1s [live]")]
    [InlineData("schedule = \"@daily\"", "schedule = \"@hourly\"\ntimezone = \"UTC\"", "schedule: \"@daily\" -> \"@hourly\" [live]|timezone: (none) -> \"UTC\" [live]")]
    [InlineData("every = \"1m\"", "every = \"2m\"", "every: 1m -> 2m [live]")]
    [InlineData("stdout = { file = \"x.log\", max_size = \"1KiB\" }", "stdout = { file = \"y.log\", keep = 1, mirror = false }", "stdout.file: \"x.log\" -> \"y.log\" [live]|stdout.max_size: 1 KiB -> 9.5 MiB [live]|stdout.keep: 5 -> 1 [live]|stdout.mirror: true -> false [live]")]
    [InlineData("", "stdout = { file = \"\" }", "stdout.file: (default) -> \"\" [live]")]
    [InlineData("", "stdout = { file = \"\", mirror = false }", "stdout: (kept) -> (none) [restart]")]
    [InlineData("", "stderr = {}", "stderr: \"stdout\" -> (its own) [restart]")]
    [InlineData("stderr = {}", "stderr = { keep = 1 }", "stderr.keep: 5 -> 1 [live]")]
    [InlineData("environment = { A = \"1\", B = \"2\" }", "environment = { B = \"3\", C = \"4\" }", "environment.A: (set) -> (none) [restart]|environment.B: (set) -> (changed) [restart]|environment.C: (none) -> (set) [restart]")]
    [InlineData("inherit_environment = [\"HOME\"]", "inherit_environment = [\"OTHER\"]", "environment.HOME: (set) -> (none) [restart]|environment.OTHER: (none) -> (set) [restart]")]
    public void Between_WhenOneFieldChanges_NamesItAndHowItIsApplied(string before, string after, string expected)
    {
        ConfigDiff diff = ConfigDiff.Between(Load(Wrap(before)), Load(Wrap(after)));

        string[] fields = [.. diff.Programs.SelectMany(program => program.Fields).Select(field => $"{field} [{(field.Apply == ApplyBy.Live ? "live" : "restart")}]")];
        Assert.Equal(expected, string.Join('|', fields));
        Assert.Equal(expected.Contains("[restart]", StringComparison.Ordinal), diff.Programs.Any(program => program.NeedsRestart));

        static string Wrap(string fields) => $"[program.b]\ncommand = \"b\"\n[program.a]\ncommand = \"a\"\n{fields}\n";
    }

    [Theory]
    [InlineData("command = \"a\"", "command = \"a b\"", "command: \"a\" -> \"a b\"")]
    [InlineData("command = \"a b\"", "command = [\"a\", \"b\"]", "")] // the same argv
    [InlineData("command = \"a\"", "builtin = \"gateway\"", "gateway|command: \"a\" -> (none)|builtin: (none) -> \"gateway\"")]
    public void Between_WhenWhatRunsChanges_RestartsTheProgram(string before, string after, string expected)
    {
        ConfigDiff diff = ConfigDiff.Between(Load($"[program.a]\n{before}\n"), Load($"[program.a]\n{after}\n"));

        Assert.Equal(expected, string.Join('|', diff.Programs.SelectMany(program => program.Fields)));
    }

    [Fact]
    public void Between_WhenOnlyASecretsValueChanges_SaysSoWithoutTheValue()
    {
        const string text = "[init]\nsecrets = [\"TOKEN\"]\n[program.a]\ncommand = \"a\"\ndirectory = \"/srv/${TOKEN}\"\nsecrets = [\"TOKEN\"]\nready = { path = \"/x/${TOKEN}\" }\n";
        Dictionary<string, string> later = new(Environment) { ["TOKEN"] = "s3cret-two" };

        ConfigDiff diff = ConfigDiff.Between(Load(text), Load(text, later));

        string shown = Print(diff);
        Assert.DoesNotContain("s3cret", shown, StringComparison.Ordinal);
        Assert.Equal(["directory", "ready", "environment.TOKEN"], diff.Programs.Single().Fields.Select(field => field.Field));
    }

    [Fact]
    public void Between_WhenProgramsComeAndGo_ListsThemByNameAndInstance()
    {
        SystemConfig old = Load("[program.c]\ncommand = \"c\"\n[program.w]\ncommand = \"w\"\nreplicas = 2\n[program.a]\ncommand = \"a\"\n");
        SystemConfig @new = Load("[program.w]\ncommand = \"w\"\nreplicas = 11\n[program.b]\ncommand = \"b\"\n[program.a]\ncommand = \"a\"\nreplicas = 2\n");

        ConfigDiff diff = ConfigDiff.Between(old, @new);

        Assert.Equal(
            [
                "Removed a", "Added a:0", "Added a:1", "Added b", "Removed c", "Changed w:0", "Changed w:1",
                .. Enumerable.Range(2, 9).Select(index => $"Added w:{index}"),
            ],
            diff.Programs.Select(program => $"{program.Kind} {program.Instance}"));
        Assert.Equal(["replicas: 2 -> 11"], diff.Programs.Single(program => program.Instance == "w:0").Fields.Select(field => field.ToString()));
        Assert.False(diff.Programs.Single(program => program.Instance == "w:0").NeedsRestart);
    }

    [Fact]
    public void Between_WhenSettingsGroupsAndHooksChange_ListsThem()
    {
        SystemConfig old = Load("""
            [init]
            state_dir = "/a"
            log_dir = "/logs"
            [program.a]
            command = "a"
            [group.gone]
            programs = ["a"]
            [group.same]
            programs = ["a"]
            [on_event.e]
            events = ["program.fatal"]
            command = ["x"]
            """);
        SystemConfig @new = Load("""
            [init]
            state_dir = "/b"
            log_dir = "/logs"
            shutdown = "30s"
            on_fatal = "exit"
            log_format = "json"
            secrets = ["NONE"]
            [program.a]
            command = "a"
            [group.same]
            programs = ["a"]
            [group.come]
            programs = ["a"]
            [on_event.e]
            events = ["program.fatal"]
            command = ["y"]
            """);

        ConfigDiff diff = ConfigDiff.Between(old, @new);

        Assert.Equal(
            [
                "state_dir: /a -> /b InitRestart", "control: /a/control.sock -> /b/control.sock InitRestart", "shutdown: 25s -> 30s Live",
                "on_fatal: keep -> exit Live", "log_format: text -> json InitRestart", "secrets:  -> NONE Live",
            ],
            diff.Settings.Select(setting => $"{setting} {setting.Apply}"));
        Assert.True(diff.NeedsInitRestart);
        Assert.Empty(diff.Programs);
        Assert.Equal([new NamedChange("come", ChangeKind.Added), new NamedChange("gone", ChangeKind.Removed)], diff.Groups.AsEnumerable());
        Assert.Equal([new NamedChange("e", ChangeKind.Changed)], diff.EventHooks.AsEnumerable());
    }

    [Fact]
    public void Between_PoolsOfEventListeners_NamesEach()
    {
        static string Pools(string tables) => $$"""
            {{tables}}
            [program.a]
            command = "a"
            group = "gone"
            stdin = "pipe"
            stderr = {}
            [program.b]
            command = "b"
            group = "kept"
            stdin = "pipe"
            stderr = {}
            [program.c]
            command = "c"
            group = "more"
            stdin = "pipe"
            stderr = {}
            """;
        string old = Pools("[event_listener.gone]\nevents = [\"TICK_5\"]\n[event_listener.kept]\nevents = [\"TICK_5\"]");
        string @new = Pools("[event_listener.kept]\nevents = [\"TICK_5\", \"TICK_60\"]\n[event_listener.more]\nevents = [\"EVENT\"]\nbuffer_size = 20");

        ConfigDiff diff = ConfigDiff.Between(Load(old), Load(@new));

        Assert.Equal(
            [
                "event_listener.gone: TICK_5 (buffer_size 10) -> (none)",
                "event_listener.kept: TICK_5 (buffer_size 10) -> TICK_5, TICK_60 (buffer_size 10)",
                "event_listener.more: (none) -> EVENT (buffer_size 20)",
            ],
            diff.Settings.Select(change => change.ToString()));
    }

    private static SystemConfig Load(string text, Dictionary<string, string>? environment = null)
    {
        MemoryFiles files = new() { Texts = { ["/app/supervisor.toml"] = text } };
        ConfigResult result = ConfigLoader.Load("supervisor.toml", files, environment ?? Environment);
        Assert.Empty(result.Problems);
        return result.Config!;
    }

    private static string Print(ConfigDiff diff) => string.Join('\n', diff.Settings.Select(setting => setting.ToString())
        .Concat(diff.Programs.SelectMany(program => program.Fields.Select(field => $"{program.Instance}.{field}")))
        .Concat(diff.Groups.Concat(diff.EventHooks).Select(change => change.ToString())));
}
