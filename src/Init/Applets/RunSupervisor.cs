using System.Collections;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Engine;
using Init.Engine.Daemon;
using Init.Engine.State;
using Init.Linux;

namespace Init.Applets;

/// <summary><c>init run [-c FILE]</c>: the supervisor.</summary>
internal static class RunSupervisor
{
    public const string Name = "run";

    /// <summary>Of supervisord's, whose behaviour this has when it runs on a supervisord.conf.</summary>
    private const string SupervisordVersion = "4.2.5";

    public static int Run(string[] arguments) => Run(arguments, asSupervisord: false);

    /// <summary>What a link called "supervisord" does: the same, with that program's options and places.</summary>
    public static int RunAsSupervisord(string[] arguments) => Run(arguments, asSupervisord: true);

    private static int Run(string[] arguments, bool asSupervisord)
    {
        string name = asSupervisord ? "supervisord" : "init run";
        if (RunOptions.Parse(arguments, asSupervisord, out string mistake) is not { } options)
        {
            Terminal.Complain($"cannot run: {mistake} (see \"{name} --help\")");
            return ExitCode.Usage;
        }

        if (options.WantsHelp || options.WantsVersion)
        {
            Terminal.Say(options.WantsVersion ? SupervisordVersion : asSupervisord ? SupervisordHelpText : HelpText);
            return ExitCode.Success;
        }

        // Whoever started us may have left descriptors open, or closed the first three: neither is for the programs to find out.
        Processes.EnsureStandardStreams();
        Processes.MarkCloseOnExec(3);

        var files = new SystemConfigFiles();
        Dictionary<string, string> environment = OwnEnvironment();
        if (options.FindFile(asSupervisord, environment, files) is not { } path)
        {
            Terminal.Complain($"cannot find a configuration: none of {string.Join(", ", ConfigLocation.Candidates)} is there (name one with -c FILE or INIT_CONFIG)");
            return ExitCode.Configuration;
        }

        ConfigResult Load() => ConfigLoader.Load(path, files, environment, options.Supervisord);
        ConfigResult result = Load();
        if (result.Config is not { } config)
        {
            foreach (ConfigProblem problem in result.Problems)
                Terminal.Complain(problem.ToString());
            Terminal.Complain($"cannot start: {CheckReport.Count(result.Problems.Length)} in the configuration");
            return ExitCode.Configuration;
        }

        // Only who is to become a daemon gets a umask from the file.
        if (asSupervisord && config.Supervisord is { Umask: not null })
            Terminal.Complain("staying in the foreground, as with -n: init does not become a daemon");

        if (PrivateDirectory.ProblemOf(config.Settings.StateDirectory) is { } danger)
        {
            Terminal.Complain($"cannot start: {danger}");
            return ExitCode.Configuration;
        }

        // From now on the main loop reads the files, and waits for nobody.
        files.MayWait = path => Files.StatusOf(path) is { Kind: not FileKind.Regular };

        if (DaemonSetup.Refuse(config.Supervisord) is { } refusal)
        {
            Terminal.Complain(refusal);
            return ExitCode.Usage;
        }

        // Kept for a restart, whose arguments may name files relative to it.
        OpenResult directory = Files.Open(".", OpenFlags.Read);
        EngineOptions engineOptions = new(Path.GetFullPath(path), Load, Help.VersionNumber) { RoleOptions = GatewayApplet.OptionsFor(Environment.CurrentDirectory, options.Supervisord) };
        using (var engine = new Engine.Engine(engineOptions, config))
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

          -c, --config FILE   a supervisor.toml or a supervisord.conf (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml,
                              ./supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf)
          -n                  nothing: for those who are used to "supervisord -n"

        Signals: TERM, INT shut down (a second one leaves 3 s); QUIT shuts down at once; HUP reloads the configuration;
        USR1 asks the program "backup" for a backup; USR2 reopens log files.
        With a supervisord.conf as supervisord has them: TERM, INT, QUIT shut down, HUP restarts everything, USR2 reopens log files.
        Exit code: 0, or that of a critical program that failed; 78 when the configuration has problems.
        """;

    private const string SupervisordHelpText = """
        Usage: supervisord [OPTION...]

        Runs the programs of a supervisord.conf, in the foreground. These options win over what [supervisord] says.

          -c, --configuration FILE     the configuration (default: ./supervisord.conf, ./etc/supervisord.conf, /etc/supervisord.conf,
                                       /etc/supervisor/supervisord.conf, and those of "init run")
          -n, --nodaemon               stay in the foreground, which is what happens in any case
          -s, --silent                 no log on stdout
          -u, --user USER              -m, --umask MASK               -d, --directory FOLDER
          -l, --logfile FILE           -y, --logfile_maxbytes SIZE    -z, --logfile_backups COUNT
          -e, --loglevel LEVEL         -j, --pidfile FILE             -i, --identifier NAME
          -q, --childlogdir FOLDER     -k, --nocleanup                -a, --minfds COUNT
              --minprocs COUNT         -t, --strip_ansi
          -v, --version                the version of supervisord that this is compatible with

        For more: init run --help
        """;
}
