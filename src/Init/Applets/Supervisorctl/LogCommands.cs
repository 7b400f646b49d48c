using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The commands about what programs write, and read: tail, maintail, fg.</summary>
internal sealed class LogCommands(CtlShell shell)
{
    private const int DefaultBytes = 1600;
    private const long Running = 20;

    public void Tail(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] words = ProcessCommands.Words(arguments);
        if (words.Length is 0 or > 3)
        {
            shell.Refuse(words.Length == 0 ? "Error: too few arguments" : "Error: too many arguments", "tail");
            return;
        }

        string? modifier = words[0].StartsWith('-') ? words[0] : null;
        string[] rest = modifier is null ? words : words[1..];
        if (rest.Length == 0)
        {
            shell.Refuse("Error: tail requires process name");
            return;
        }

        string name = rest[0], channel = rest.Length > 1 ? rest[^1].ToLowerInvariant() : "stdout";
        if (channel is not ("stdout" or "stderr"))
            shell.Refuse($"Error: bad channel '{channel}'");
        else if (modifier == "-f")
            Follow($"/logtail/{name}/{channel}");
        else if (BytesOf(modifier) is { } bytes)
            Show(name, channel == "stdout" ? "readProcessStdoutLog" : "readProcessStderrLog", [XmlRpcValue.Of(name), XmlRpcValue.Of(-bytes), XmlRpcValue.Of(0)]);
    }

    public void MainTail(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] words = ProcessCommands.Words(arguments);
        if (words.Length > 1)
            shell.Refuse("Error: too many arguments", "maintail");
        else if (words is ["-f"])
            Follow("/mainlogtail");
        else if (words is [var word] && !word.StartsWith('-'))
            shell.Refuse($"Error: bad argument {word}");
        else if (BytesOf(words.FirstOrDefault()) is { } bytes)
            Show("supervisord", "readLog", [XmlRpcValue.Of(-bytes), XmlRpcValue.Of(0)]);
    }

    /// <summary>Shows what the program writes, and sends it what is typed.</summary>
    public void Foreground(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] names = ProcessCommands.Words(arguments);
        if (names.Length != 1)
        {
            shell.Refuse(names.Length == 0 ? "ERROR: no process name supplied" : "ERROR: too many process names supplied", names.Length == 0 ? "fg" : null);
            return;
        }

        try
        {
            if (!IsRunning(names[0]))
            {
                shell.Refuse("ERROR: process not running");
                return;
            }
        }
        catch (FaultException fault) when (fault.Code == FaultCode.BadName)
        {
            shell.Refuse("ERROR: bad process name supplied");
            return;
        }
        catch (FaultException fault)
        {
            shell.Say($"ERROR: {fault.Message}");
            return;
        }

        shell.Say("==> Press Ctrl-C to exit <==");
        shell.Flush();
        using LogFollower output = new(shell), errors = new(shell);
        output.Start($"/logtail/{names[0]}/stdout");
        errors.Start($"/logtail/{names[0]}/stderr");
        SendInput(names[0]);
        shell.Say("Exiting foreground");
    }

    private void SendInput(string name)
    {
        while (shell.Input.ReadLine("") is { } line)
        {
            try
            {
                shell.Server.Do("sendProcessStdin", XmlRpcValue.Of(name), XmlRpcValue.Of(line + "\n"));
                if (IsRunning(name))
                    continue;

                shell.Say("Process got killed");
            }
            catch (FaultException fault)
            {
                shell.Say(fault.Code == FaultCode.NotRunning ? "Process got killed" : $"ERROR: {fault.Message}");
            }

            return;
        }
    }

    private bool IsRunning(string name) => shell.Server.Struct("getProcessInfo", XmlRpcValue.Of(name)).Number("state") == Running;

    private void Follow(string path)
    {
        shell.Say("==> Press Ctrl-C to exit <==");
        shell.Flush();
        using LogFollower follower = new(shell);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            follower.Interrupt();
        });
        follower.Run(path);
        if (follower.IsInterrupted)
            shell.Say("");
    }

    private void Show(string name, string method, XmlRpcValue[] parameters)
    {
        try
        {
            shell.Say(shell.Server.Text(method, parameters));
        }
        catch (FaultException fault) when (fault.Code is FaultCode.NoFile or FaultCode.Failed or FaultCode.BadName)
        {
            shell.Refuse($"{name}: ERROR ({fault.Code switch
            {
                FaultCode.NoFile => "no log file",
                FaultCode.BadName => "no such process name",
                _ => "unknown error reading log",
            }})");
        }
    }

    /// <summary>The number in "-100"; null when it is none, which has been said then.</summary>
    private long? BytesOf(string? modifier)
    {
        if (modifier is null)
            return DefaultBytes;
        if (int.TryParse(modifier.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int bytes))
            return bytes;

        shell.Refuse($"Error: bad argument {modifier}");
        return null;
    }
}

/// <summary>Shows a log as it grows, until the server ends it or somebody interrupts.</summary>
internal sealed class LogFollower(CtlShell shell) : IDisposable
{
    private readonly Lock _lock = new();
    private HttpExchange? _exchange;
    private Thread? _thread;

    public bool IsInterrupted { get; private set; }

    /// <summary>On a thread of its own.</summary>
    public void Start(string path)
    {
        _thread = new Thread(() => Run(path)) { IsBackground = true };
        _thread.Start();
    }

    public void Run(string path)
    {
        string url = shell.Options.ServerUrl + path;
        try
        {
            HttpExchange exchange = HttpExchange.Get(shell.Address, path, shell.Options.Credentials);
            lock (_lock)
            {
                _exchange = exchange;
                if (IsInterrupted)
                    return;
            }

            if (exchange.Status != 200)
            {
                shell.Complain($"{url} Cannot read, status code {exchange.Status}");
                return;
            }

            byte[] buffer = new byte[16 * 1024];
            for (int count = exchange.Read(buffer); count > 0; count = exchange.Read(buffer))
                shell.Write(buffer.AsSpan(0, count));
        }
        catch (Exception exception) when (exception is SocketException or HttpFormatException or ObjectDisposedException)
        {
            if (!IsInterrupted && _exchange is null)
                shell.Complain($"{url} Cannot connect, error: {exception.Message}");
        }
    }

    public void Interrupt()
    {
        lock (_lock)
        {
            IsInterrupted = true;
            _exchange?.Dispose();
        }
    }

    public void Dispose()
    {
        Interrupt();
        _thread?.Join();
    }
}
