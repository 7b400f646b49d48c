using System.Collections;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Gateway;
using Init.Gateway.Listening;

namespace Init.Applets;

/// <summary><c>init gateway [-c FILE]</c>: the role that serves HTTP.</summary>
internal static class GatewayApplet
{
    public const string Name = "gateway";

    public static int Run(string[] arguments)
    {
        string? file;
        switch (arguments)
        {
            case []:
                file = null;
                break;
            case ["-c" or "--config", var given]:
                file = given;
                break;
            case ["-h" or "--help"]:
                Terminal.Say(HelpText);
                return ExitCode.Success;
            default:
                Terminal.Complain($"cannot serve with \"{string.Join(' ', arguments)}\": the only option is -c FILE (see \"init gateway --help\")");
                return ExitCode.Usage;
        }

        var files = new SystemConfigFiles();
        Dictionary<string, string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        if (ConfigLocation.Find(file, environment, files) is not { } path)
        {
            Terminal.Complain($"cannot find a configuration: none of {string.Join(", ", ConfigLocation.Candidates)} is there (name one with -c FILE or INIT_CONFIG)");
            return ExitCode.Configuration;
        }

        ConfigResult result = ConfigLoader.Load(path, files, environment);
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
            GatewayOptions options = new(config.HttpEndpoints, socket, Help.VersionNumber)
            {
                Directories = [config.Settings.StateDirectory, config.Settings.LogDirectory],
            };
            GatewayRole.RunAsync(options).GetAwaiter().GetResult();
            return ExitCode.Success;
        }
        catch (BindException exception)
        {
            Terminal.Complain(exception.Message);
            return ExitCode.Failure;
        }
    }

    private const string HelpText = """
        Usage: init gateway [-c FILE]

        Serves the HTTP interface of the supervisor that runs on the same configuration: XML-RPC, REST, metrics. The supervisor starts it by itself.

          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)

        INIT_SOCKET names the supervisor's control socket; without it, it is the one of the configuration.

        Signals: TERM, INT end it.
        Exit code: 0; 1 when an address cannot be listened on; 78 when the configuration has problems or says nowhere to listen.
        """;
}
