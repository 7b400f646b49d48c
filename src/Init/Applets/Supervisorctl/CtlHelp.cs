namespace Init.Applets.Supervisorctl;

/// <summary>The texts of <c>help</c>, as supervisor's client has them: people and scripts know them.</summary>
internal sealed class CtlHelp(Action<string> say)
{
    private const string Overview =
        "\ndefault commands (type help <topic>):\n=====================================\n"
        + "add    exit      open  reload  restart   start   tail   \n"
        + "avail  fg        pid   remove  shutdown  status  update \n"
        + "clear  maintail  quit  reread  signal    stop    version\n";

    private static readonly Dictionary<string, string> s_topics = new(StringComparer.Ordinal)
    {
        ["add"] = "add <name> [...]\tActivates any updates in config for process/group",
        ["avail"] = "avail\t\t\tDisplay all configured processes",
        ["clear"] = "clear <name>\t\tClear a process' log files.\nclear <name> <name>\tClear multiple process' log files\nclear all\t\tClear all process' log files",
        ["exit"] = "exit\tExit the supervisor shell.",
        ["fg"] = "fg <process>\tConnect to a process in foreground mode\n\t\tCtrl-C to exit",
        ["help"] = "help\t\tPrint a list of available actions\nhelp <action>\tPrint help for <action>",
        ["maintail"] =
            "maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)\n"
            + "maintail -100\tlast 100 *bytes* of supervisord main log file\nmaintail\tlast 1600 *bytes* of supervisor main log file\n",
        ["open"] = "open <url>\tConnect to a remote supervisord process.\n\t\t(for UNIX domain socket, use unix:///socket/path)",
        ["pid"] = "pid\t\t\tGet the PID of supervisord.\npid <name>\t\tGet the PID of a single child process by name.\npid all\t\t\tGet the PID of every child process, one per line.",
        ["quit"] = "quit\tExit the supervisor shell.",
        ["reload"] = "reload \t\tRestart the remote supervisord.",
        ["remove"] = "remove <name> [...]\tRemoves process/group from active config",
        ["reread"] = "reread \t\t\tReload the daemon's configuration files without add/remove",
        ["restart"] =
            "restart <name>\t\tRestart a process\nrestart <gname>:*\tRestart all processes in a group\nrestart <name> <name>\tRestart multiple processes or groups\n"
            + "restart all\t\tRestart all processes\nNote: restart does not reread config files. For that, see reread and update.",
        ["shutdown"] = "shutdown \tShut the remote supervisord down.",
        ["signal"] =
            "signal <signal name> <name>\t\tSignal a process\nsignal <signal name> <gname>:*\t\tSignal all processes in a group\n"
            + "signal <signal name> <name> <name>\tSignal multiple processes or groups\nsignal <signal name> all\t\tSignal all processes",
        ["start"] = "start <name>\t\tStart a process\nstart <gname>:*\t\tStart all processes in a group\nstart <name> <name>\tStart multiple processes or groups\nstart all\t\tStart all processes",
        ["status"] =
            "status <name>\t\tGet status for a single process\nstatus <gname>:*\tGet status for all processes in a group\n"
            + "status <name> <name>\tGet status for multiple named processes\nstatus\t\t\tGet all process status info",
        ["stop"] = "stop <name>\t\tStop a process\nstop <gname>:*\t\tStop all processes in a group\nstop <name> <name>\tStop multiple processes or groups\nstop all\t\tStop all processes",
        ["tail"] =
            "tail [-f] <name> [stdout|stderr] (default stdout)\nEx:\ntail -f <name>\t\tContinuous tail of named process stdout\n\t\t\tCtrl-C to exit.\n"
            + "tail -100 <name>\tlast 100 *bytes* of process stdout\ntail <name> stderr\tlast 1600 *bytes* of process stderr",
        ["update"] =
            "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n"
            + "update all\t\tReload config and add/remove as necessary, and will restart affected programs\nupdate <gname> [...]\tUpdate specific groups",
        ["version"] = "version\t\t\tShow the version of the remote supervisord process",
    };

    public void Show(string topic) => say(topic.Length == 0 ? Overview : s_topics.GetValueOrDefault(topic) ?? $"*** No help on {topic}");

    public static string Usage(string name) =>
        $"""
        {name}: control a supervisor, Init or supervisord, over its HTTP server.

        Usage: {name} [OPTION...] [COMMAND [ARGUMENT...]]

        Options:
          -c, --configuration FILE   the supervisord.conf whose [supervisorctl] section says where the server is
                                     (default: the first of ../etc/supervisord.conf and ../supervisord.conf beside this program,
                                     supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf;
                                     without any, the Init of this user, else http://localhost:9001)
          -s, --serverurl URL        the server: unix:///PATH or http://HOST:PORT
          -u, --username NAME
          -p, --password PASSWORD    (others can read it in the list of processes; a file is better)
          -i, --interactive          ask before shutdown and reload
          -r, --history_file FILE    keep the lines that are typed
          -h, --help

        Without a command, commands are read from standard input; "help" lists them.

        """;
}
