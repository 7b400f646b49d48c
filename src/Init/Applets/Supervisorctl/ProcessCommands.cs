using System.Globalization;
using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The commands about processes: status, pid, start, stop, restart, signal, clear.</summary>
internal sealed class ProcessCommands(CtlShell shell)
{
    /// <summary>States that are the end of something: STOPPED, EXITED, FATAL, UNKNOWN.</summary>
    private static readonly long[] s_stopped = [0, 100, 200, 1000];

    public void Status(string arguments)
    {
        if (!shell.IsUp())
        {
            shell.ExitStatus = CtlExit.StatusUnknown;
            return;
        }

        IReadOnlyList<XmlRpcValue.Struct> all = shell.Server.Structs("getAllProcessInfo");
        string[] names = Words(arguments);
        IReadOnlyList<XmlRpcValue.Struct> shown = names.Length == 0 || names.Contains("all") ? all : Select(all, names);
        int width = 30;
        foreach (XmlRpcValue.Struct info in shown)
            width = Math.Max(width, NameOf(info).Length);

        foreach (XmlRpcValue.Struct info in shown)
        {
            shell.Say($"{NameOf(info).PadRight(width + 3)}{info.Text("statename"),-10}{info.Text("description")}");
            if (s_stopped.Contains(info.Number("state")))
                shell.ExitStatus = CtlExit.StatusNotRunning;
        }
    }

    public void Pid(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] names = Words(arguments);
        if (names.Length == 0)
        {
            shell.Say(shell.Server.Number("getPID").ToString(CultureInfo.InvariantCulture));
            return;
        }

        if (names.Contains("all"))
        {
            foreach (XmlRpcValue.Struct info in shell.Server.Structs("getAllProcessInfo"))
                shell.Say(info.Text("pid"));

            return;
        }

        foreach (string name in names)
        {
            try
            {
                XmlRpcValue.Struct info = shell.Server.Struct("getProcessInfo", XmlRpcValue.Of(name));
                shell.Say(info.Text("pid"));
                if (info.Number("pid") == 0)
                    shell.ExitStatus = CtlExit.NotRunning;
            }
            catch (FaultException fault) when (fault.Code == FaultCode.BadName)
            {
                shell.Refuse($"No such process {name}");
            }
        }
    }

    public void Start(string arguments)
    {
        if (!shell.IsUp())
            return;

        if (Words(arguments).Length == 0)
            shell.Refuse("Error: start requires a process name", "start", CtlExit.InvalidArguments);
        else
            ForEach("start", arguments, [], DescribeStart, "started", FaultCode.AlreadyStarted, CtlExit.InvalidArguments);
    }

    public void Stop(string arguments)
    {
        if (!shell.IsUp())
            return;

        if (Words(arguments).Length == 0)
            shell.Refuse("Error: stop requires a process name", "stop");
        else
            ForEach("stop", arguments, [], result => DescribeSignal(result, "stopped"), "stopped", FaultCode.NotRunning, CtlExit.Generic);
    }

    public void Restart(string arguments)
    {
        if (!shell.IsUp())
            return;

        if (Words(arguments).Length == 0)
        {
            shell.Refuse("Error: restart requires a process name", "restart");
            return;
        }

        Stop(arguments);
        Start(arguments);
    }

    public void Signal(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] words = Words(arguments);
        if (words.Length < 2)
            shell.Refuse("Error: signal requires a signal name and a process name", "signal");
        else
            ForEach("signal", string.Join(' ', words[1..]), [XmlRpcValue.Of(words[0])], result => DescribeSignal(result, "signalled"), "signalled", FaultCode.Success, CtlExit.Generic);
    }

    public void Clear(string arguments)
    {
        if (!shell.IsUp())
            return;

        string[] names = Words(arguments);
        if (names.Length == 0)
            shell.Refuse("Error: clear requires a process name", "clear");
        else if (names.Contains("all"))
            ShowAll(shell.Server.Results("clearAllProcessLogs"), DescribeClear, FaultCode.Success);
        else
        {
            foreach (string name in names)
                One(name, "clearProcessLogs", [], DescribeClear, "cleared", FaultCode.Success);
        }
    }

    public static string[] Words(string arguments) => arguments.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    // --- One call, or several -----------------------------------------------------------------------------------------

    /// <summary>Calls VERBProcess, VERBProcessGroup or VERBAllProcesses, as the names have it, and shows what became of each process.</summary>
    private void ForEach(string verb, string arguments, XmlRpcValue[] more, Func<CallResult, string> describe, string done, int ignored, int exitWhenNoGroup)
    {
        string[] names = Words(arguments);
        if (names.Contains("all"))
        {
            ShowAll(shell.Server.Results($"{verb}AllProcesses", more), describe, ignored);
            return;
        }

        foreach (string name in names)
        {
            var (group, process) = Namespec.Split(name);
            if (process is not null)
            {
                One(name, $"{verb}Process", more, describe, done, ignored);
                continue;
            }

            try
            {
                ShowAll(shell.Server.Results($"{verb}ProcessGroup", [XmlRpcValue.Of(group), .. more]), describe, ignored);
            }
            catch (FaultException fault) when (fault.Code == FaultCode.BadName)
            {
                shell.Refuse($"{group}: ERROR (no such group)", exit: exitWhenNoGroup);
            }
        }
    }

    private void One(string name, string method, XmlRpcValue[] more, Func<CallResult, string> describe, string done, int ignored)
    {
        var (group, process) = Namespec.Split(name);
        try
        {
            shell.Server.Do(method, [XmlRpcValue.Of(name), .. more]);
        }
        catch (FaultException fault)
        {
            shell.Say(describe(new CallResult(group, process ?? "None", fault.Code, fault.Text)));
            shell.TakeFault(fault.Code, ignored);
            return;
        }

        shell.Say($"{Namespec.Make(group, process)}: {done}");
    }

    private void ShowAll(IReadOnlyList<CallResult> results, Func<CallResult, string> describe, int ignored)
    {
        foreach (CallResult result in results)
        {
            shell.Say(describe(result));
            shell.TakeFault(result.Status, ignored);
        }
    }

    private static string DescribeStart(CallResult result) => Describe(result, result.Status switch
    {
        FaultCode.BadName => "no such process",
        FaultCode.NoFile => "no such file",
        FaultCode.NotExecutable => "file is not executable",
        FaultCode.AlreadyStarted => "already started",
        FaultCode.SpawnError => "spawn error",
        FaultCode.AbnormalTermination => "abnormal termination",
        _ => null,
    }, "started");

    private static string DescribeSignal(CallResult result, string done) => result.Status == FaultCode.Failed ? result.Description : Describe(result, result.Status switch
    {
        FaultCode.BadName => "no such process",
        FaultCode.BadSignal => "bad signal name",
        FaultCode.NotRunning => "not running",
        _ => null,
    }, done);

    private static string DescribeClear(CallResult result) => Describe(result, result.Status switch
    {
        FaultCode.BadName => "no such process",
        FaultCode.Failed => "failed",
        _ => null,
    }, "cleared");

    private static string Describe(CallResult result, string? error, string done)
    {
        string name = Namespec.Make(result.Group, result.Name);
        return error is not null ? $"{name}: ERROR ({error})"
            : result.Status == FaultCode.Success ? $"{name}: {done}"
            : throw new FaultException(result.Status, $"Unknown result code {result.Status} for {name}");
    }

    private List<XmlRpcValue.Struct> Select(IReadOnlyList<XmlRpcValue.Struct> all, string[] names)
    {
        List<XmlRpcValue.Struct> selected = [];
        foreach (string name in names)
        {
            var (group, process) = Namespec.Split(name);
            List<XmlRpcValue.Struct> found = [.. all.Where(info => info.Text("group") == group && (process is null || info.Text("name") == process))];
            if (found.Count == 0)
                shell.Refuse(process is null ? $"{group}: ERROR (no such group)" : $"{name}: ERROR (no such process)", exit: CtlExit.StatusUnknown);

            selected.AddRange(found);
        }

        return selected;
    }

    private static string NameOf(XmlRpcValue.Struct info) => Namespec.Make(info.Text("group"), info.Text("name"));
}
