using System.Net.Sockets;
using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>Exit codes of supervisorctl, after those of LSB init scripts.</summary>
internal static class CtlExit
{
    public const int Success = 0;
    public const int Generic = 1;
    public const int InvalidArguments = 2;
    public const int Unimplemented = 3;

    /// <summary>Nobody answers at the URL.</summary>
    public const int Refused = 4;
    public const int WrongVersion = 5;
    public const int NotRunning = 7;

    /// <summary>Of "status" only: a process that was asked for is not running.</summary>
    public const int StatusNotRunning = 3;

    /// <summary>Of "status" only: no such process, or no answer.</summary>
    public const int StatusUnknown = 4;
}

/// <summary>Reads commands and carries them out: one from the command line, or line by line.</summary>
internal sealed class CtlShell
{
    private const string ApiVersion = "3.0";

    private readonly Screen _screen;
    private readonly Dictionary<string, Action<string>> _commands;
    private readonly CtlHelp _help;
    private CtlInput? _input;
    private bool _isOver;

    public CtlShell(CtlOptions options, Screen screen)
    {
        Options = options;
        _screen = screen;
        _help = new CtlHelp(Say);
        ProcessCommands processes = new(this);
        GroupCommands groups = new(this);
        LogCommands logs = new(this);
        ServerCommands server = new(this);
        _commands = new Dictionary<string, Action<string>>(StringComparer.Ordinal)
        {
            ["add"] = groups.Add,
            ["avail"] = groups.Available,
            ["clear"] = processes.Clear,
            ["exit"] = End,
            ["fg"] = logs.Foreground,
            ["maintail"] = logs.MainTail,
            ["open"] = server.Open,
            ["pid"] = processes.Pid,
            ["quit"] = End,
            ["reload"] = server.Reload,
            ["remove"] = groups.Remove,
            ["reread"] = groups.Reread,
            ["restart"] = processes.Restart,
            ["shutdown"] = server.Shutdown,
            ["signal"] = processes.Signal,
            ["start"] = processes.Start,
            ["status"] = processes.Status,
            ["stop"] = processes.Stop,
            ["tail"] = logs.Tail,
            ["update"] = groups.Update,
            ["version"] = server.Version,
            ["help"] = _help.Show,
            ["EOF"] = End,
        };
    }

    /// <summary>They change when another server is opened, or a password is asked for.</summary>
    public CtlOptions Options { get; set; }

    /// <summary>What the process ends with, unless it is interactive. A later command may set it, and none sets it back.</summary>
    public int ExitStatus { get; set; }

    public SupervisorProxy Server => new(new XmlRpcClient(Address, Options.Credentials));

    /// <exception cref="XmlRpcFormatException">The URL is none that can be talked to.</exception>
    public ServerAddress Address => ServerAddress.Parse(Options.ServerUrl) ?? throw new XmlRpcFormatException($"cannot talk to {Options.ServerUrl}: it is neither unix:///PATH nor http://HOST:PORT");

    public CtlInput Input => _input ??= new CtlInput(_screen, Options.HistoryFile, Complete);

    public int RunOnce(string line)
    {
        Execute(line);
        return ExitStatus;
    }

    /// <summary>The exit code is 0, whatever the commands say.</summary>
    public int RunInteractively()
    {
        using CtlInput input = Input;
        Execute("status");
        while (!_isOver)
        {
            Execute(input.ReadLine(Options.Prompt + "> ") ?? "EOF");
            _screen.Flush();
        }

        return CtlExit.Success;
    }

    public void Say(string line) => _screen.Output.WriteLine(line);

    public void Complain(string line)
    {
        _screen.Flush();
        _screen.Errors.WriteLine(line);
    }

    public void Write(ReadOnlySpan<byte> bytes) => _screen.Write(bytes);

    public void Flush() => _screen.Flush();

    /// <summary>Says what is wrong with the command's arguments, then how they should be.</summary>
    public void Refuse(string message, string? topic = null, int exit = CtlExit.Generic)
    {
        Say(message);
        ExitStatus = exit;
        if (topic is not null)
            _help.Show(topic);
    }

    /// <summary>True when the command was given no arguments, as it must be.</summary>
    public bool TakesNothing(string command, string arguments)
    {
        if (arguments.Length == 0)
            return true;

        Refuse($"Error: {command} accepts no arguments", command);
        return false;
    }

    /// <summary>Asks a yes-or-no question, when there is somebody to ask. No answer at all is an error.</summary>
    public bool Confirm(string question) =>
        !Options.IsInteractive || (Input.ReadLine(question) ?? throw new EndOfStreamException("EOF when reading a line")).StartsWith("y", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when a server of the right kind answers; else it has been said what is wrong.</summary>
    public bool IsUp()
    {
        try
        {
            string version = Server.Text("getVersion");
            if (version == ApiVersion)
                return true;

            Refuse($"Sorry, this version of supervisorctl expects to talk to a server with API version {ApiVersion}, but the remote version is {version}.", exit: CtlExit.WrongVersion);
        }
        catch (FaultException fault) when (fault.Code == FaultCode.UnknownMethod)
        {
            Refuse(
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control it.  "
                    + "Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).",
                exit: CtlExit.Unimplemented);
        }
        catch (SocketException exception) when (DescribeUnreachable(exception) is { } why)
        {
            Refuse($"{Options.ServerUrl} {why}", exit: exception.SocketErrorCode == SocketError.ConnectionRefused ? CtlExit.Refused : CtlExit.NotRunning);
        }

        return false;
    }

    /// <summary>Null for errors of other kinds.</summary>
    public static string? DescribeUnreachable(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "refused connection",

        // How .NET calls ENOENT.
        SocketError.AddressNotAvailable => "no such file",
        _ => null,
    };

    /// <summary>Sets the exit code that belongs to the fault. Success and <paramref name="ignored"/> leave it as it is.</summary>
    public void TakeFault(int code, int ignored = FaultCode.Success)
    {
        if (code is FaultCode.SpawnError or FaultCode.AbnormalTermination or FaultCode.NotRunning && code != ignored)
            ExitStatus = CtlExit.NotRunning;
        else if (code != FaultCode.Success && code != ignored)
            ExitStatus = CtlExit.Generic;
    }

    private void Execute(string line)
    {
        line = line.Trim();
        if (line.Length == 0)
            return;
        if (line[0] == '?')
            line = "help " + line[1..];

        int end = 0;
        while (end < line.Length && (char.IsAsciiLetterOrDigit(line[end]) || line[end] == '_'))
            end++;

        if (!_commands.TryGetValue(line[..end], out Action<string>? command))
        {
            Refuse($"*** Unknown syntax: {line}");
            return;
        }

        try
        {
            command(line[end..].Trim());
        }
        catch (HttpStatusException exception) when (exception.Status == 401)
        {
            Say("Server requires authentication");
            if (!Options.IsInteractive)
                Refuse($"error: {exception.Message}");
            else if (AskForPassword())
                Execute(line);
        }
        catch (Exception exception) when (exception is FaultException or SocketException or HttpStatusException or HttpFormatException or XmlRpcFormatException or EndOfStreamException)
        {
            Say($"error: {exception.Message}");
            ExitStatus = CtlExit.Generic;
        }
    }

    /// <summary>What the last word of the line may become: a command, a topic, a group or a process.</summary>
    private IEnumerable<string> Complete(string line)
    {
        string[] words = ProcessCommands.Words(line);
        if (words.Length == 0 || (words.Length == 1 && !line.EndsWith(' ')) || words[0] == "help")
            return _commands.Keys.Where(name => name != "EOF").Order(StringComparer.Ordinal);

        try
        {
            return words[0] switch
            {
                "add" or "remove" or "update" => Server.Structs("getAllProcessInfo").Select(info => info.Text("group")),
                "clear" or "fg" or "pid" or "restart" or "signal" or "start" or "status" or "stop" or "tail" =>
                    Server.Structs("getAllProcessInfo").SelectMany(info => info.Text("group") == info.Text("name") && !words[^1].Contains(':', StringComparison.Ordinal)
                        ? [info.Text("name")]
                        : new[] { $"{info.Text("group")}:{info.Text("name")}", $"{info.Text("group")}:*" }),
                _ => [],
            };
        }
        catch (Exception exception) when (exception is FaultException or SocketException or HttpStatusException or HttpFormatException or XmlRpcFormatException)
        {
            // The command itself will say what is wrong.
            return [];
        }
    }

    private bool AskForPassword()
    {
        string? user = Input.ReadLine("Username:"), password = user is null ? null : Input.ReadSecret("Password:");
        if (password is null)
        {
            Say("error: EOF when reading a line");
            return false;
        }

        Say("");
        Options = Options with { UserName = user, Password = password };
        return true;
    }

    private void End(string arguments)
    {
        Say("");
        _isOver = true;
    }
}
