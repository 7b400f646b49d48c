using Init.Admin.Hosting;
using Init.Base;
using Init.Chat;
using Init.Chat.Store;

namespace Init.Applets.Chat;

/// <summary><c>init chat COMMAND</c>. To add a command: write its file here and its line in <see cref="Commands"/>.</summary>
internal static class ChatApplet
{
    public const string Name = "chat";

    /// <param name="Name">What it is called by.</param>
    /// <param name="Run">Gets the arguments after the name; gives the exit code.</param>
    private sealed record Command(string Name, string Usage, string Summary, Func<string[], int> Run);

    private static readonly Command[] Commands =
    [
        new("run", "run", "serve the chat API until told to end; what builtin = \"chat\" starts", Serve),
        new("key", KeyCommands.Usage, "make, list, limit and revoke API keys, which the published door asks for", KeyCommands.Run),
        new("providers", ReportCommands.ProvidersUsage, "models, and which of their keys can be used now; --test: one tiny request", ReportCommands.Providers),
        new("usage", ReportCommands.UsageUsage, "calls, tokens and cost; the last 30 days unless --since says otherwise", ReportCommands.Usage),
        new("tasks", ReportCommands.TasksUsage, "generations that run, or have run; --cancel: ends one", ReportCommands.Tasks),
        new("calls", ReportCommands.CallsUsage, "the log of calls of providers, as JSON", ReportCommands.Calls),
        new(
            "import", "import DIRECTORY [--overwrite]",
            "take over contexts, prompts and configurations of the original, from its USER_DATA_DIR; what is here already stays unless told otherwise", TransferCommands.Import),
        new("export", "export USER -o FILE", "everything of a user as the original's zip, and all branches", TransferCommands.Export),
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

        // "init chat -c FILE" is how the supervisor starts a role.
        if (arguments is ["-c" or "--config", ..])
            return Serve(arguments);
        if (arguments.Length > 0 && Array.Find(Commands, command => command.Name == arguments[0]) is { } chosen)
            return chosen.Run(arguments[1..]);

        string? hint = arguments.Length == 0 ? null : Suggestion.For(arguments[0], CommandNames);
        Terminal.Complain(arguments.Length == 0 ? "cannot tell what to do: no command is given (see \"init chat --help\")" : $"cannot do \"chat {arguments[0]}\": there is no such command{(hint is null ? "" : $" ({hint})")}");
        return ExitCode.Usage;
    }

    private static int Serve(string[] arguments)
    {
        if (arguments is not ([] or ["-c" or "--config", _]))
        {
            Terminal.Complain($"cannot serve with \"{string.Join(' ', arguments)}\": the only option is -c FILE (see \"init chat --help\")");
            return ExitCode.Usage;
        }

        if (ChatConfiguration.Load(arguments is [_, var file] ? file : null) is not { } options)
            return ExitCode.Configuration;

        try
        {
            ChatRole.RunAsync(options, Help.VersionNumber).GetAwaiter().GetResult();
            return ExitCode.Success;
        }
        catch (Exception exception) when (exception is BindException or ChatStartException or StoreException or IOException or UnauthorizedAccessException)
        {
            Terminal.Complain(exception.Message);
            return ExitCode.Failure;
        }
    }

    private static string HelpText => $"""
        Usage: init chat COMMAND [-c FILE]

        {string.Join("\n", Commands.Select(command => $"  {command.Usage}\n      {command.Summary}"))}

          LIMITS              --users A,B*  --models TYPE,ID*  --rpm N  --tokens-per-minute N  --tokens-per-day N  --budget-per-day MONEY  --budget-per-month MONEY
                              --expires 30d|DAY; what is not said is not limited, or stays as it is; "none" takes a limit away
          -c, --config FILE   the configuration (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)
          --socket PATH       the role's socket, instead of the one that the configuration says

        Signals of the role: TERM, INT end it; answers under way are kept as far as they have come, and marked.
        Exit code: 0; 1 when an address cannot be listened on, the database cannot be opened, or what was asked was refused; 2 for a wrong command line; 3 when no role runs that is needed; 78 when the configuration has problems.
        """;
}
