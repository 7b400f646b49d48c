using Init.Applets;
using Init.Applets.Backup;
using Init.Applets.Chat;
using Init.Applets.Supervisorctl;
using Init.Linux;

namespace Init;

/// <summary>One thing that the binary can be. To add one: write its file in Applets/ and its line in <see cref="AppletTable"/>.</summary>
/// <param name="Name">The first argument that chooses it.</param>
/// <param name="Main">Gets the arguments after the name; gives the exit code (<see cref="Base.ExitCode"/>).</param>
/// <param name="Summary">One line for the help; empty = not for people.</param>
internal sealed record Applet(string Name, Func<string[], int> Main, string Summary = "")
{
    /// <summary>Names of links to the binary that choose it too.</summary>
    public string[] Links { get; init; } = [];

    /// <summary>
    /// True: it takes signals itself, by <see cref="SignalSource"/> or <see cref="SignalWait"/>, and they stay blocked. False: they act as in any program, so that
    /// Ctrl-C ends it.
    /// </summary>
    public bool TakesSignals { get; init; }

    public int Run(string[] arguments)
    {
        if (!TakesSignals)
            SignalWait.SetMask(ProcessStart.SignalMask);
        return Main(arguments);
    }
}

internal static class AppletTable
{
    /// <summary>What <c>init</c> is when nothing says otherwise.</summary>
    private const string Default = RunSupervisor.Name;

    public static Applet[] All { get; } =
    [
        new(RunSupervisor.Name, RunSupervisor.Run, "supervise the programs of a configuration: init run [-c FILE]") { TakesSignals = true },
        new("supervisord", RunSupervisor.RunAsSupervisord) { Links = ["supervisord"], TakesSignals = true },
        new(RunCommand.Name, RunCommand.Run, "run one command as PID 1: init -- COMMAND [ARGUMENT...]") { Links = ["tini"], TakesSignals = true },
        new(GatewayApplet.Name, GatewayApplet.Run, "serve the HTTP interface of the supervisor: init gateway [-c FILE]"),
        new(BackupApplet.Name, BackupApplet.Run, "restore at boot and back up, and ask the role that does: init backup COMMAND"),
        new(ChatApplet.Name, ChatApplet.Run, "serve the chat API, and what belongs to it: init chat COMMAND"),
        new(ImportApplet.Name, ImportApplet.Run, "turn a supervisord.conf into a supervisor.toml: init import FILE"),
        new("help", Help.Run, "list the commands"),
        .. ControlCommands.All.Select(command => new Applet(command.Name, arguments => ControlCommands.Run(command.Name, arguments, () => Help.VersionNumber), command.Summary)),

        new("ctl", arguments => ControlCommands.RunLink(arguments, () => Help.VersionNumber)) { Links = ["initctl"] },
        new(SupervisorctlApplet.Name, arguments => SupervisorctlApplet.Run(arguments, ProcessStart.Invocation), "supervisor's own client, for Init and for supervisord") { Links = [SupervisorctlApplet.Name] },
        new(Linux.ExecChild.AppletName, Applets.ExecChild.Run) { TakesSignals = true },
        new("post-event", _ => PostEvent.Run()),
        new(Linux.Guard.AppletName, Applets.Guard.Run) { TakesSignals = true },
    ];

    /// <param name="name">argv[0] without its directory.</param>
    /// <param name="arguments">All arguments.</param>
    /// <param name="rest">Those that the applet gets.</param>
    public static Applet Choose(ReadOnlySpan<byte> name, string[] arguments, out string[] rest)
    {
        rest = arguments;
        foreach (Applet applet in All)
        {
            foreach (string link in applet.Links)
            {
                if (System.Text.Ascii.Equals(name, link))
                    return applet;
            }
        }

        string first = arguments.Length == 0 ? Default : arguments[0];
        switch (first)
        {
            case "-h" or "--help":
                first = "help";
                break;
            case "--version":
                return new Applet(first, Help.Version);

            // "init -- COMMAND" and "init -g -- COMMAND".
            case ['-', ..]:
                return Find(RunCommand.Name)!;
        }

        if (Find(first) is not { } chosen)
            return new Applet(first, _ => Help.UnknownCommand(first));

        rest = arguments.Length == 0 ? [] : arguments[1..];
        return chosen;
    }

    private static Applet? Find(string name)
    {
        foreach (Applet applet in All)
        {
            if (applet.Name == name)
                return applet;
        }

        return null;
    }
}
