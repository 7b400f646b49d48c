using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Init.Base;
using Init.Config;
using Init.Control;

namespace Init.Applets;

/// <summary>
/// The commands that talk to the supervisor, and those about its configuration: what each takes, its help, and which applet does it. docs/reference/cli.md is their
/// reference.
/// </summary>
internal sealed class ControlCommands
{
    private const string NamesHelp = "programs, instances (worker:0), groups, NAME:*, or all";

    private readonly Screen _screen;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly IConfigFiles _files;
    private readonly Func<string> _version;
    private readonly Option<string?> _socket = new("--socket") { Description = "the control socket (default: INIT_SOCKET, or as the configuration says)", HelpName = "PATH" };
    private readonly Option<string?> _config = new("--config", "-c") { Description = "the configuration file (default: INIT_CONFIG, ./supervisor.toml, /etc/init/supervisor.toml)", HelpName = "FILE" };
    private readonly Option<bool> _json = new("--json") { Description = "print JSON, one object to a line" };

    private ControlCommands(Screen screen, IReadOnlyDictionary<string, string> environment, IConfigFiles files, Func<string> version)
    {
        _screen = screen;
        _environment = environment;
        _files = files;
        _version = version;
    }

    /// <summary>Every command, in the order of the help.</summary>
    public static IReadOnlyList<(string Name, string Summary)> All { get; } =
    [
        ("status", "show what is true now of the programs"),
        ("health", "say whether init does its work, for the health check of a container"),
        ("start", "start programs"),
        ("stop", "stop programs, and keep them stopped"),
        ("restart", "stop and start programs"),
        ("signal", "send a signal to programs"),
        ("reload", "send programs their reload signal; without a name, apply the changed configuration"),
        ("pid", "print process ids"),
        ("tail", "show the end of a log, or follow it"),
        ("clear", "empty the logs of programs"),
        ("send", "write a line to a program's standard input"),
        ("events", "show what happens, as it happens"),
        ("explain", "say why a program is in the state it is in"),
        ("env", "show a program's environment"),
        ("reread", "show what the changed configuration would change"),
        ("update", "apply the changed configuration"),
        ("add", "take groups of the changed configuration into the running system, and leave the rest"),
        ("remove", "take stopped groups out of the running system"),
        ("shutdown", "stop everything, then the supervisor"),
        ("restart-init", "stop everything, and begin anew in the same process"),
        ("check", "find all mistakes in the configuration"),
        ("completion", "print a completion script for bash, zsh or fish"),
        ("version", "print the versions of this binary and of the supervisor"),
    ];

    /// <summary>Runs <c>init VERB …</c>.</summary>
    /// <param name="verb">One of <see cref="All"/>.</param>
    /// <param name="arguments">What follows it.</param>
    /// <param name="version">Says this binary's version; asked for only when it is to be shown, for reading it is slow.</param>
    public static int Run(string verb, string[] arguments, Func<string> version) => RunStandard("init", [verb], [verb, .. arguments], version);

    /// <summary>Runs <c>initctl …</c>: the same commands, and their list as help.</summary>
    public static int RunLink(string[] arguments, Func<string> version) =>
        RunStandard("initctl", All.Select(command => command.Name), arguments.Length == 0 ? ["--help"] : arguments, version);

    /// <summary>All that a command touches comes in here, so that tests can run it whole.</summary>
    public static int Run(
        string name, IEnumerable<string> verbs, string[] arguments, Screen screen, IReadOnlyDictionary<string, string> environment, IConfigFiles files, Func<string> version)
    {
        ControlCommands commands = new(screen, environment, files, version);
        verbs = [.. verbs];
        Command root = new(name, "Talk to the supervisor.");
        if (arguments.Any(MayAskForHelp))
            root.Options.Add(new HelpOption { Action = new HelpWithExamples(), Recursive = true });
        foreach (string verb in verbs)
            root.Subcommands.Add(commands.Create(verb));

        // Response files ("@file") are no business of ours: a program's name may begin with anything.
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            // Of an unknown command the library says twice that it is none.
            if (parsed.CommandResult.Command == root && parsed.UnmatchedTokens is [string unknown, ..])
                screen.Errors.WriteLine($"cannot run \"{unknown}\": no such command{(Suggestion.For(unknown, verbs) is { } hint ? $" ({hint})" : "")}");
            else
                screen.Errors.WriteLine(string.Join('\n', parsed.Errors.Select(error => error.Message)));

            string command = parsed.CommandResult.Command == root ? name : $"{name} {parsed.CommandResult.Command.Name}";
            screen.Errors.WriteLine($"(\"{command} --help\" says how it is used)");
            return ExitCode.Usage;
        }

        return parsed.Invoke(new InvocationConfiguration { Output = screen.Output, Error = screen.Errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>Making the option alone takes half a millisecond: its description is looked up among the library's resources.</summary>
    private static bool MayAskForHelp(string argument) => argument is ['-' or '/', ..] && argument.AsSpan().IndexOfAny('h', '?') > 0;

    private static int RunStandard(string name, IEnumerable<string> verbs, string[] arguments, Func<string> version)
    {
        // A command lives for milliseconds, and a collection takes one of them. What a long one ("init events") needs beyond this is collected as ever.
        _ = GC.TryStartNoGCRegion(8 << 20);
        using Screen screen = Screen.Standard();
        try
        {
            int code = Run(name, verbs, arguments, screen, SocketOptions.ProcessEnvironment(), new SystemConfigFiles(), version);
            screen.Flush();
            return code;
        }
        catch (IOException)
        {
            // Nobody reads any more ("init status | head -1"), so there is nobody to be told either.
            return ExitCode.Failure;
        }
    }

    private Command Create(string verb) => verb switch
    {
        "status" => Status(),
        "health" => Health(),
        "start" => Outcomes("start", wait: "return at once, without waiting until they are RUNNING and ready", (names, noWait, _) => new ControlRequest.Start(names, !noWait)),
        "stop" => Outcomes("stop", wait: "return at once, without waiting until they are gone", (names, noWait, _) => new ControlRequest.Stop(names, !noWait)),
        "restart" => Outcomes(
            "restart",
            wait: "return at once, without waiting until they are RUNNING and ready",
            (names, noWait, rolling) => new ControlRequest.Restart(names, rolling, !noWait),
            rolling: "the replicas of a program one after another, each when the one before is ready"),
        "signal" => Signal(),
        "reload" => Reload(),
        "pid" => Pid(),
        "tail" => Tail(),
        "clear" => Outcomes("clear", wait: null, (names, _, _) => new ControlRequest.Clear(names)),
        "send" => Send(),
        "events" => Events(),
        "explain" => OneName("explain", InspectApplets.Explain),
        "env" => OneName("env", InspectApplets.Environment),
        "reread" => Changes("reread", new ControlRequest.Reread()),
        "update" => Changes("update", new ControlRequest.Update()),
        "add" => Groups("add", GroupApplet.Add),
        "remove" => Groups("remove", GroupApplet.Remove),
        "restart-init" => Talking("restart-init", json: false, (session, _) => InspectApplets.RestartInit(session, _screen)),
        "shutdown" => Talking("shutdown", json: false, (session, _) => InspectApplets.Shutdown(session, _screen)),
        "check" => Check(),
        "completion" => Completion(),
        "version" => Talking("version", json: true, (session, parsed) => InspectApplets.Version(session, _screen, _version(), parsed.GetValue(_json))),
        _ => throw new ArgumentOutOfRangeException(nameof(verb), verb, "no such command"),
    };

    private Command Status()
    {
        Argument<string[]> names = OptionalNames();
        Option<bool> watch = new("--watch", "-w") { Description = "show it again every second, until interrupted" };
        Option<bool> namesOnly = new("--names") { Description = "print only what can be named: programs, instances, groups" };
        Command command = Talking("status", json: true, (session, parsed) =>
        {
            StatusFormat format = parsed.GetValue(_json) ? StatusFormat.Json : parsed.GetValue(namesOnly) ? StatusFormat.Names : StatusFormat.Table;
            return StatusApplet.Run(session, _screen, parsed.GetValue(names) ?? [], format, parsed.GetValue(watch));
        });
        command.Arguments.Add(names);
        command.Options.Add(watch);
        command.Options.Add(namesOnly);
        return command;
    }

    private Command Health()
    {
        Argument<string[]> urls = new("URL") { Description = "addresses that have to answer, too, with a status from 200 to 399 within 3 s", Arity = ArgumentArity.ZeroOrMore };
        urls.Validators.Add(RefuseOptions);
        urls.Validators.Add(result =>
        {
            if (HealthApplet.ProblemOf(result.Tokens.Select(token => token.Value).Where(url => !url.StartsWith('-'))) is { } problem)
                result.AddError(problem);
        });
        Command command = Talking("health", json: false, (session, parsed) => HealthApplet.Run(session, _screen, parsed.GetValue(urls) ?? []));
        command.Arguments.Add(urls);
        return command;
    }

    /// <summary>A command over names that ends with an outcome for each.</summary>
    private Command Outcomes(string verb, string? wait, Func<string[], bool, bool, ControlRequest> make, string? rolling = null)
    {
        Argument<string[]> names = RequiredNames();
        Option<bool> noWait = new("--no-wait") { Description = wait };
        Option<bool> oneByOne = new("--rolling") { Description = rolling };
        Command command = Talking(verb, json: true, (session, parsed) =>
        {
            ControlRequest request = make(
                parsed.GetValue(names) ?? [], wait is not null && parsed.GetValue(noWait), rolling is not null && parsed.GetValue(oneByOne));
            return OutcomeApplet.Run(session, _screen, request, parsed.GetValue(_json));
        });
        command.Arguments.Add(names);
        if (wait is not null)
            command.Options.Add(noWait);
        if (rolling is not null)
            command.Options.Add(oneByOne);
        return command;
    }

    private Command Signal()
    {
        Argument<string> signal = new("SIGNAL") { Description = "a name (TERM, SIGTERM) or a number" };
        Argument<string[]> names = RequiredNames();
        Command command = Talking("signal", json: true, (session, parsed) =>
        {
            string text = parsed.GetValue(signal)!;
            if (!SignalNames.TryParse(text, out int number))
            {
                string? hint = Suggestion.For(text.ToUpperInvariant(), SignalNames.All);
                _screen.Errors.WriteLine($"cannot send \"{text}\": unknown signal{(hint is null ? "" : $" ({hint})")}");
                return ExitCode.Usage;
            }

            return OutcomeApplet.Run(session, _screen, new ControlRequest.Signal(parsed.GetValue(names) ?? [], number), parsed.GetValue(_json));
        });
        command.Arguments.Add(signal);
        command.Arguments.Add(names);
        return command;
    }

    private Command Reload()
    {
        Argument<string[]> names = OptionalNames();
        Command command = Talking("reload", json: true, (session, parsed) => parsed.GetValue(names) is { Length: > 0 } given
            ? OutcomeApplet.Run(session, _screen, new ControlRequest.Reload(given), parsed.GetValue(_json))
            : ConfigChangesApplet.Run(session, _screen, new ControlRequest.Update(), parsed.GetValue(_json)));
        command.Arguments.Add(names);
        return command;
    }

    private Command Pid()
    {
        Argument<string[]> names = OptionalNames();
        Command command = Talking("pid", json: true, (session, parsed) => InspectApplets.Pid(session, _screen, parsed.GetValue(names) ?? [], parsed.GetValue(_json)));
        command.Arguments.Add(names);
        return command;
    }

    private Command Tail()
    {
        Argument<string?> name = new("NAME") { Description = "a program or an instance; without it, init's own log", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> follow = new("--follow", "-f") { Description = "go on with what is written from now on, until interrupted" };
        Option<int?> lines = Number("--lines", int.MaxValue, $"how many lines of the past (default: {ControlProtocol.TailLinesDefault})");
        lines.Aliases.Add("-n");
        Option<int?> bytes = Number("--bytes", ControlProtocol.TailBytesMax, "how many bytes of the past, instead of lines");
        Option<bool> stderr = new("--stderr") { Description = "the log of standard error, where it is a log of its own" };
        Command command = Talking("tail", json: false, (session, parsed) => FollowApplets.Tail(session, _screen, new ControlRequest.Tail(
            parsed.GetValue(name),
            parsed.GetValue(stderr) ? LogStream.Stderr : LogStream.Stdout,
            parsed.GetValue(bytes) is null ? parsed.GetValue(lines) ?? ControlProtocol.TailLinesDefault : null,
            parsed.GetValue(bytes),
            parsed.GetValue(follow))));
        command.Validators.Add(result =>
        {
            if (result.GetResult(lines) is not null && result.GetResult(bytes) is not null)
                result.AddError("--lines and --bytes exclude each other");
            if (result.GetResult(stderr) is not null && result.GetResult(name) is not { Tokens.Count: > 0 })
                result.AddError("--stderr goes with a program: init's own log is one");
        });
        command.Arguments.Add(name);
        command.Options.Add(follow);
        command.Options.Add(lines);
        command.Options.Add(bytes);
        command.Options.Add(stderr);
        return command;
    }

    private Command Events()
    {
        Argument<string[]> names = OptionalNames();
        Option<string[]> types = new("--type", "-t") { Description = "only events of this type (program.fatal), or of all that begin so (program.*, supervisord.*); may be repeated", HelpName = "TYPE" };
        Command command = Talking("events", json: true, (session, parsed) =>
            FollowApplets.Events(session, _screen, new ControlRequest.Events(parsed.GetValue(types) ?? [], parsed.GetValue(names) ?? []), parsed.GetValue(_json)));
        command.Arguments.Add(names);
        command.Options.Add(types);
        return command;
    }

    private Command OneName(string verb, Func<ControlSession, Screen, string, bool, int> run)
    {
        Argument<string> name = OneName();
        Command command = Talking(verb, json: true, (session, parsed) => run(session, _screen, parsed.GetValue(name)!, parsed.GetValue(_json)));
        command.Arguments.Add(name);
        return command;
    }

    private Command Send()
    {
        Argument<string> name = OneName();
        Argument<string> text = new("TEXT") { Description = "what to write; a newline is added" };
        Option<bool> noNewline = new("--no-newline", "-n") { Description = "add no newline" };
        Command command = Talking("send", json: false, (session, parsed) =>
            InspectApplets.Send(session, parsed.GetValue(name)!, parsed.GetValue(text)! + (parsed.GetValue(noNewline) ? "" : "\n")));
        command.Arguments.Add(name);
        command.Arguments.Add(text);
        command.Options.Add(noNewline);
        return command;
    }

    private Command Groups(string verb, Func<ControlSession, Screen, IReadOnlyList<string>, bool, int> run)
    {
        Argument<string[]> groups = new("GROUP") { Description = "groups of a supervisord.conf or a supervisor.toml, or programs in no group", Arity = ArgumentArity.OneOrMore };
        Command command = Talking(verb, json: true, (session, parsed) => run(session, _screen, parsed.GetValue(groups) ?? [], parsed.GetValue(_json)));
        command.Arguments.Add(groups);
        return command;
    }

    private Command Changes(string verb, ControlRequest request) =>
        Talking(verb, json: true, (session, parsed) => ConfigChangesApplet.Run(session, _screen, request, parsed.GetValue(_json)));

    private Command Check()
    {
        Option<bool> explain = new("--explain") { Description = "print in which order the programs start, and what each waits for" };
        Command command = Bare("check");
        command.Options.Add(_config);
        command.Options.Add(explain);
        command.SetAction(parsed => CheckApplet.Run(_screen, parsed.GetValue(_config), parsed.GetValue(explain), _environment, _files));
        return command;
    }

    private Command Completion()
    {
        Argument<string> shell = new("SHELL") { Description = string.Join(", ", CompletionApplet.Shells) };
        Command command = Bare("completion");
        command.Arguments.Add(shell);
        command.SetAction(parsed => CompletionApplet.Run(_screen, parsed.GetValue(shell)!, All));
        return command;
    }

    /// <summary>A command that needs the supervisor.</summary>
    private Command Talking(string verb, bool json, Func<ControlSession, ParseResult, int> run)
    {
        Command command = Bare(verb);
        command.Options.Add(_socket);
        command.Options.Add(_config);
        if (json)
            command.Options.Add(_json);
        command.SetAction(parsed =>
        {
            string socket = SocketOptions.Find(parsed.GetValue(_socket), parsed.GetValue(_config), _environment, _files);
            using ControlSession session = new(socket, _screen);
            return run(session, parsed);
        });
        return command;
    }

    private static Command Bare(string verb) => new(verb, All.First(command => command.Name == verb).Summary);

    private static Argument<string[]> RequiredNames() => Names(ArgumentArity.OneOrMore);

    private static Argument<string[]> OptionalNames() => Names(ArgumentArity.ZeroOrMore);

    private static Option<int?> Number(string name, int max, string description) => new(name)
    {
        Description = description,
        HelpName = "N",

        // The library's own message names a .NET type.
        CustomParser = result =>
        {
            string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= max)
                return number;

            result.AddError($"{name} needs a number from 0 to {max}, not \"{text}\"");
            return null;
        },
    };

    private static Argument<string> OneName()
    {
        Argument<string> name = new("NAME") { Description = "a program or an instance" };
        name.Validators.Add(RefuseOptions);
        return name;
    }

    private static Argument<string[]> Names(ArgumentArity arity)
    {
        Argument<string[]> names = new("NAME") { Description = NamesHelp, Arity = arity };

        names.Validators.Add(RefuseOptions);
        return names;
    }

    /// <summary>The library takes whatever it does not know for a name; a mistyped option must not end as "no such program".</summary>
    private static void RefuseOptions(ArgumentResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (token.Value.StartsWith('-'))
                result.AddError($"unknown option {token.Value}");
        }
    }

    /// <summary>The library's help, and examples after it.</summary>
    private sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            _ = new HelpAction().Invoke(parseResult);
            if (Examples.TryGetValue(parseResult.CommandResult.Command.Name, out string[]? examples))
                parseResult.InvocationConfiguration.Output.Write("Examples:\n" + string.Concat(examples.Select(example => $"  {example}\n")));

            return ExitCode.Success;
        }
    }

    private static readonly Dictionary<string, string[]> Examples = new()
    {
        ["status"] = ["init status", "init status web worker:0", "init status --json | jq '.programs[] | select(.state == \"FATAL\") | .name'", "init status --watch"],
        ["health"] = ["init health", "init health http://127.0.0.1:7860/healthz"],
        ["start"] = ["init start web", "init start bots:*", "init start all --no-wait"],
        ["stop"] = ["init stop worker:1", "init stop all"],
        ["restart"] = ["init restart web", "init restart worker --rolling"],
        ["signal"] = ["init signal USR1 backup", "init signal 10 worker:0"],
        ["reload"] = ["init reload nginx    # sends the signal that [program.nginx] reload names", "init reload          # the same as init update, and as SIGHUP to init"],
        ["pid"] = ["init pid             # init's own", "kill -USR1 $(init pid web)"],
        ["tail"] = ["init tail web -n 100", "init tail -f worker:0 --stderr", "init tail -f            # init's own log"],
        ["clear"] = ["init clear web"],
        ["send"] = ["init send console 'save-all'"],
        ["add"] = ["init add bots"],
        ["remove"] = ["init stop bots && init remove bots   # until the next init update"],
        ["restart-init"] = ["init restart-init    # the pid stays the same"],
        ["events"] = ["init events", "init events --type program.fatal --type 'config.*' --json", "init events --type supervisord.PROCESS_STATE"],
        ["explain"] = ["init explain web"],
        ["env"] = ["init env web         # values of secrets are not shown"],
        ["reread"] = ["init reread          # changes nothing"],
        ["update"] = ["init reread && init update"],
        ["shutdown"] = ["init shutdown"],
        ["check"] = ["init check", "init check -c supervisor.toml --explain"],
        ["completion"] = ["init completion bash > /etc/bash_completion.d/init", "source <(init completion zsh)"],
        ["version"] = ["init version"],
    };
}
