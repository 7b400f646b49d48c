using System.Collections;
using Init.Admin.Hosting;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Gateway;
using Init.Gateway.Forwarding;
using Init.Gateway.Forwarding.Backends;
using Init.Panel.Backup;
using Init.Panel.Chat;

namespace Init.Applets;

/// <summary><c>init gateway [-c FILE]</c>: the role that serves HTTP.</summary>
internal static class GatewayApplet
{
    public const string Name = "gateway";

    public static int Run(string[] arguments)
    {
        if (arguments is ["-h" or "--help"])
        {
            Terminal.Say(HelpText);
            return ExitCode.Success;
        }

        if (Options.Parse(arguments) is not { } options)
        {
            Terminal.Complain($"cannot serve with \"{string.Join(' ', arguments)}\": the only option is -c FILE (see \"init gateway --help\")");
            return ExitCode.Usage;
        }

        var files = new SystemConfigFiles(options.StartDirectory);
        Dictionary<string, string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        if (ConfigLocation.Find(options.File, environment, files) is not { } path)
        {
            Terminal.Complain($"cannot find a configuration: none of {string.Join(", ", ConfigLocation.Candidates)} is there (name one with -c FILE or INIT_CONFIG)");
            return ExitCode.Configuration;
        }

        ConfigResult result = ConfigLoader.Load(path, files, environment, options.Supervisord);
        if (result.Config is not { } config)
        {
            foreach (ConfigProblem problem in result.Problems)
                Terminal.Complain(problem.ToString());
            Terminal.Complain($"cannot serve: {CheckReport.Count(result.Problems.Length)} in the configuration");
            return ExitCode.Configuration;
        }

        if (config.HttpEndpoints.IsEmpty)
        {
            Terminal.Complain($"cannot serve: {path} says nowhere to listen");
            return ExitCode.Configuration;
        }

        try
        {
            // Whoever names the socket, as the supervisor does for its own role, knows better than the file, which may have been written for another directory.
            string socket = environment.GetValueOrDefault(ConfigLocation.SocketVariable) is { Length: > 0 } named ? named : config.Settings.ControlSocket;
            GatewayOptions gateway = new(config.HttpEndpoints, socket, Help.VersionNumber)
            {
                IsQuiet = options.IsQuiet,
                Directories = [config.Settings.StateDirectory, config.Settings.LogDirectory],
                Proxy = config.Proxy,
                Backup = new BackupLink(
                    Path.Combine(config.Settings.StateDirectory, "backup", "backup.sock"),
                    config.Programs.FirstOrDefault(program => program.Launch.Builtin == KnownNames.Backup)?.Policy.Name),
                ChatLink = new ChatLink(
                    Path.Combine(config.Settings.StateDirectory, "chat", "chat.sock"),
                    config.Programs.FirstOrDefault(program => program.Launch.Builtin == KnownNames.Chat)?.Policy.Name),
                Chat = config.Chat is { Publish: { } prefix } chat ? new PublishedChat(prefix, chat.PublishedSocket) : null,
                Programs = ProbedPorts.Of(config.Programs),
            };
            GatewayRole.RunAsync(gateway).GetAwaiter().GetResult();
            return ExitCode.Success;
        }
        catch (BindException exception)
        {
            Terminal.Complain(exception.Message);
            return ExitCode.Failure;
        }
    }

    /// <summary>What Init adds when it runs the role by itself: where it was started, and what its command line says about <c>[supervisord]</c>.</summary>
    public static IReadOnlyList<string> OptionsFor(string startDirectory, IReadOnlyDictionary<string, string> supervisord) =>
        [StartDirectoryOption, startDirectory, .. supervisord.SelectMany(pair => new[] { SetOption, $"{pair.Key}={pair.Value}" })];

    private const string StartDirectoryOption = "--started-in", SetOption = "--set", QuietOption = "--quiet";

    /// <summary>Those beside -c are for Init only.</summary>
    private sealed record Options
    {
        public string? File { get; private set; }

        public string? StartDirectory { get; private set; }

        public bool IsQuiet { get; private set; }

        /// <summary>Keys of [supervisord] that win over the file's.</summary>
        public Dictionary<string, string> Supervisord { get; } = [];

        /// <returns>Null when there is one that does not exist, or lacks its value.</returns>
        public static Options? Parse(string[] arguments)
        {
            Options options = new();
            for (int i = 0; i < arguments.Length; i++)
            {
                if (arguments[i] == QuietOption)
                    options.IsQuiet = true;
                else if (++i >= arguments.Length || !options.Take(arguments[i - 1], arguments[i]))
                    return null;
            }

            return options;
        }

        private bool Take(string option, string value)
        {
            switch (option)
            {
                case "-c" or "--config":
                    File = value;
                    return true;
                case StartDirectoryOption:
                    StartDirectory = value;
                    return true;
                case SetOption when value.Split('=', 2) is [var key, var text]:
                    Supervisord[key] = text;
                    return true;
                default:
                    return false;
            }
        }
    }

    private const string HelpText = """
        Usage: init gateway [-c FILE]

        Serves the HTTP interface of the supervisor that runs on the same configuration (XML-RPC, REST, metrics), and with [gateway.proxy] forwards what comes to the
        public port. The supervisor starts it by itself.

          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)

        INIT_SOCKET names the supervisor's control socket; without it, it is the one of the configuration.

        Signals: TERM, INT end it; HUP: the certificate is read again, which happens by itself when its files have changed.
        Exit code: 0; 1 when an address cannot be listened on; 78 when the configuration has problems or says nowhere to listen.
        """;
}
