using System.Globalization;
using Init.Base;

namespace Init.Applets.Backup;

/// <summary><c>init backup COMMAND</c>. To add a command: write its file here and its line in <see cref="Commands"/>.</summary>
internal static class BackupApplet
{
    public const string Name = "backup";

    /// <param name="Name">What it is called by.</param>
    /// <param name="Flags">Options without a value that it knows, besides those of all.</param>
    /// <param name="Values">Options with a value.</param>
    /// <param name="Arguments">Most words that are no options.</param>
    /// <param name="Run">Gives the exit code.</param>
    private sealed record Command(string Name, string Usage, string Summary, string[] Flags, string[] Values, int Arguments, Func<BackupArguments, int> Run);

    private static readonly Command[] Commands =
    [
        new("run", "run", "restore, then back up until told to end; what builtin = \"backup\" starts", [], [], 0, RunRole.Run),
        new("status", "status [--json]", "what the role does, and how old the last backup is", ["--json"], [], 0, ClientCommands.Status),
        new("now", "now [--wait]", "back up now; --wait: until the remote has it", ["--wait"], [], 0, ClientCommands.Now),
        new("list", "list [PATH] [--at REV] [--limit N] [--all] [--json]", "the backups, or those in which PATH changed; --at REV: what is in PATH in one of them", ["--all", "--json"], ["--at", "--limit"], 1, HistoryCommands.List),
        new("diff", "diff [FROM [TO]] [PATH] [--json]", "what changed from one backup to another, or to the last", ["--json"], [], 3, HistoryCommands.Diff),
        new("restore", "restore [--at REV] [--to DIR] [--live] [--yes] [PATH...] [--json]", "bring files back: in place while nobody uses them, or to an empty directory; --yes: without PATH, all of them without asking", ["--live", "--yes", "--json"], ["--at", "--to"], 1000, RestoreCommands.Restore),
        new("verify", "verify [--sample N | --full] [--json]", "restore into nowhere and compare: N files and the databases, or everything", ["--full", "--json"], ["--sample"], 0, RestoreCommands.Verify),
        new("doctor", "doctor [--json]", "whether backups can work here, and what to do when not", ["--json"], [], 0, RestoreCommands.Doctor),
    ];

    /// <summary>For the completion of the shell.</summary>
    public static IEnumerable<string> CommandNames => Commands.Select(command => command.Name);

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
        if (BackupArguments.Parse(rest, chosen.Flags, chosen.Values, chosen.Arguments, out string? problem) is not { } parsed)
        {
            Terminal.Complain($"cannot run \"backup {chosen.Name}\": {problem}; usage: init backup {chosen.Usage} [-c FILE]");
            return ExitCode.Usage;
        }

        return chosen.Run(parsed);
    }

    private static string HelpText => $"""
        Usage: init backup COMMAND [-c FILE]

        {string.Join("\n", Commands.Select(command => $"  {command.Usage}\n      {command.Summary}"))}

          REV                 "latest", the beginning of a commit, "2026-11-20 14:00" (local time; with Z: UTC) or "2h ago" (s, m, h, d, w)
          PATH                as it is listed: relative to base, or absolute
          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)
          --socket PATH       the role's socket, instead of the one that the configuration says

        Signals of the role: USR1 backs up now; TERM, INT: one last backup, then the end; a second one ends it at once.
        list, diff, restore --to, verify and doctor work without a role, too: they read the store themselves.
        Exit code: 0; 1 when it failed, a proof failed or a check did; 2 for a wrong command line; 3 when no role runs that is needed; 78 when the configuration has problems.
        """;
}

/// <summary>Options and words behind a command.</summary>
internal sealed record BackupArguments(string? Config, string? Socket, IReadOnlySet<string> Flags, IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> Words)
{
    private static readonly string[] Numbers = ["--limit", "--sample"];

    public string? Value(string option) => Values.GetValueOrDefault(option);

    public static BackupArguments? Parse(string[] arguments, string[] flags, string[] options, int wordsMax, out string? problem)
    {
        string? config = null, socket = null;
        HashSet<string> found = [];
        Dictionary<string, string> values = [];
        List<string> words = [];
        problem = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            bool takesValue = argument is "-c" or "--config" or "--socket" || options.Contains(argument);
            if (takesValue && i + 1 == arguments.Length)
                problem = $"{argument} needs a value";
            else if (argument == "--socket")
                socket = arguments[++i];
            else if (options.Contains(argument))
                values[argument] = arguments[++i];
            else if (takesValue)
                config = arguments[++i];
            else if (flags.Contains(argument))
                found.Add(argument);
            else if (argument.StartsWith('-') || words.Count == wordsMax)
                problem = $"it does not know \"{argument}\"";
            else
                words.Add(argument);
        }

        foreach (string number in Numbers.Where(values.ContainsKey))
        {
            if (!int.TryParse(values[number], NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count == 0)
                problem = $"{number} takes a number from 1 on, not \"{values[number]}\"";
        }

        return problem is null ? new BackupArguments(config, socket, found, values, words) : null;
    }
}
