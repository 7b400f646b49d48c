using Init.Base;

namespace Init.Applets.Backup;

/// <summary><c>init backup COMMAND</c>. To add a command: write its file here and its line in <see cref="Commands"/>.</summary>
internal static class BackupApplet
{
    public const string Name = "backup";

    /// <param name="Name">What it is called by.</param>
    /// <param name="Flags">Options without a value that it knows, besides those of all.</param>
    /// <param name="Arguments">Most words that are no options.</param>
    /// <param name="Run">Gives the exit code.</param>
    private sealed record Command(string Name, string Usage, string Summary, string[] Flags, int Arguments, Func<BackupArguments, int> Run);

    private static readonly Command[] Commands =
    [
        new("run", "run", "restore, then back up until told to end; what builtin = \"backup\" starts", [], 0, RunRole.Run),
        new("status", "status [--json]", "what the role does, and how old the last backup is", ["--json"], 0, ClientCommands.Status),
        new("now", "now [--wait]", "back up now; --wait: until the remote has it", ["--wait"], 0, ClientCommands.Now),
    ];

    public static int Run(string[] arguments)
    {
        if (arguments is ["-h" or "--help"] or ["help"])
        {
            Terminal.Say(HelpText);
            return ExitCode.Success;
        }

        if (arguments.Length == 0 || Array.Find(Commands, command => command.Name == arguments[0] || (arguments[0] is "-c" or "--config" && command.Name == "run")) is not { } chosen)
        {
            string? hint = arguments.Length == 0 ? null : Suggestion.For(arguments[0], Commands.Select(command => command.Name));
            Terminal.Complain(arguments.Length == 0 ? "cannot tell what to do: no command is given (see \"init backup --help\")" : $"cannot do \"backup {arguments[0]}\": there is no such command{(hint is null ? "" : $" ({hint})")}");
            return ExitCode.Usage;
        }

        // "init backup -c FILE" is how the supervisor starts a role.
        string[] rest = arguments[0] == chosen.Name ? arguments[1..] : arguments;
        if (BackupArguments.Parse(rest, chosen.Flags, chosen.Arguments, out string? problem) is not { } parsed)
        {
            Terminal.Complain($"cannot run \"backup {chosen.Name}\": {problem}; usage: init backup {chosen.Usage} [-c FILE]");
            return ExitCode.Usage;
        }

        return chosen.Run(parsed);
    }

    private static string HelpText => $"""
        Usage: init backup COMMAND [-c FILE]

        {string.Join("\n", Commands.Select(command => $"  {command.Usage,-18} {command.Summary}"))}

          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)
          --socket PATH       the role's socket, instead of the one that the configuration says

        Signals of the role: USR1 backs up now; TERM, INT: one last backup, then the end; a second one ends it at once.
        Exit code: 0; 1 when it failed; 3 when no role runs; 78 when the configuration has problems.
        """;
}

/// <summary>Options and words behind a command.</summary>
internal sealed record BackupArguments(string? Config, string? Socket, IReadOnlySet<string> Flags, IReadOnlyList<string> Words)
{
    public static BackupArguments? Parse(string[] arguments, string[] flags, int wordsMax, out string? problem)
    {
        string? config = null, socket = null;
        HashSet<string> found = [];
        List<string> words = [];
        problem = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            bool takesValue = argument is "-c" or "--config" or "--socket";
            if (takesValue && i + 1 == arguments.Length)
                problem = $"{argument} needs a value";
            else if (argument == "--socket")
                socket = arguments[++i];
            else if (takesValue)
                config = arguments[++i];
            else if (flags.Contains(argument))
                found.Add(argument);
            else if (argument.StartsWith('-') || words.Count == wordsMax)
                problem = $"it does not know \"{argument}\"";
            else
                words.Add(argument);
        }

        return problem is null ? new BackupArguments(config, socket, found, words) : null;
    }
}
