using System.Collections;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Engine;
using Init.Linux;

namespace Init.Applets;

/// <summary><c>init run [-c FILE]</c>: the supervisor.</summary>
internal static class RunSupervisor
{
    public const string Name = "run";

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
                Terminal.Complain($"cannot run with \"{string.Join(' ', arguments)}\": the only option is -c FILE (see \"init run --help\")");
                return ExitCode.Usage;
        }

        var files = new SystemConfigFiles();
        Dictionary<string, string> environment = OwnEnvironment();
        if (ConfigLocation.Find(file, environment, files) is not { } path)
        {
            Terminal.Complain($"cannot find a configuration: none of {string.Join(", ", ConfigLocation.Candidates)} is there (name one with -c FILE or INIT_CONFIG)");
            return ExitCode.Configuration;
        }

        ConfigResult Load() => ConfigLoader.Load(path, files, environment);
        ConfigResult result = Load();
        if (result.Config is not { } config)
        {
            foreach (ConfigProblem problem in result.Problems)
                Terminal.Complain(problem.ToString());
            Terminal.Complain($"cannot start: {CheckReport.Count(result.Problems.Length)} in the configuration");
            return ExitCode.Configuration;
        }

        // Kept for a restart, whose arguments may name files relative to it.
        OpenResult directory = Files.Open(".", OpenFlags.Read);
        using (var engine = new Engine.Engine(new EngineOptions(Path.GetFullPath(path), Load, Help.VersionNumber), config))
        {
            int code = engine.Run();
            if (!engine.IsRestartWanted)
                return code;
        }

        return StartAnew(directory);
    }

    /// <summary>This binary again, as it was started and with the same pid. Signals stay blocked on the way, so none is lost.</summary>
    private static unsafe int StartAnew(OpenResult directory)
    {
        if (directory.Succeeded)
            _ = Processes.ChangeDirectory(directory.Fd); // It may be gone; then full paths still work.
        int errno = Processes.Become("/proc/self/exe", ProcessStart.Argv, ProcessStart.Environment);
        Terminal.Complain($"cannot start anew: {Errno.Describe(errno)}");
        return ExitCode.Failure;
    }

    private static Dictionary<string, string> OwnEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");

    private const string HelpText = """
        Usage: init run [-c FILE]

        Starts the programs of the configuration in order, keeps them running, and ends them in order. As PID 1 it is a container's init.

          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)

        Signals: TERM, INT shut down (a second one leaves 3 s); QUIT shuts down at once; HUP reloads the configuration;
        USR1 asks the program "backup" for a backup; USR2 reopens log files.
        Exit code: 0, or that of a critical program that failed; 78 when the configuration has problems.
        """;
}
