using System.Globalization;
using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>The structs about processes.</summary>
internal static class ProcessInfo
{
    /// <summary>The result of getProcessInfo.</summary>
    public static XmlRpcValue Of(ProgramStatus status, DateTimeOffset now)
    {
        long start = Seconds(status.StartedAt), stop = Seconds(status.StoppedAt), nowSeconds = now.ToUnixTimeSeconds();
        string stdout = status.StdoutLog ?? "";
        return XmlRpcValue.Of(
            ("name", XmlRpcValue.Of(status.Process)),
            ("group", XmlRpcValue.Of(status.Group)),
            ("start", XmlRpcValue.Of(start)),
            ("stop", XmlRpcValue.Of(stop)),
            ("now", XmlRpcValue.Of(nowSeconds)),
            ("state", XmlRpcValue.Of(ProcessStates.CodeOf(status))),
            ("statename", XmlRpcValue.Of(ProcessStates.NameOf(status))),
            ("spawnerr", XmlRpcValue.Of(status.SpawnError)),
            ("exitstatus", XmlRpcValue.Of(status.ExitStatus)),
            ("logfile", XmlRpcValue.Of(stdout)),
            ("stdout_logfile", XmlRpcValue.Of(stdout)),
            ("stderr_logfile", XmlRpcValue.Of(status.StderrLog ?? "")),
            ("pid", XmlRpcValue.Of(status.Pid ?? 0)),
            ("description", XmlRpcValue.Of(Describe(status, start, stop, nowSeconds))));
    }

    /// <summary>What became of one process in a call about several.</summary>
    public static XmlRpcValue Result(ProgramStatus status, RpcFaultException? fault) => XmlRpcValue.Of(
        ("name", XmlRpcValue.Of(status.Process)),
        ("group", XmlRpcValue.Of(status.Group)),
        ("status", XmlRpcValue.Of(fault?.Code ?? FaultCode.Success)),
        ("description", XmlRpcValue.Of(fault?.Message ?? "OK")));

    private static long Seconds(long? milliseconds) => (milliseconds ?? 0) / 1000;

    private static string Describe(ProgramStatus status, long start, long stop, long now)
    {
        if (ProcessStates.IsOwn(status))
            return status.Description;
        if (ProcessStates.IsUp(status))
            return $"pid {status.Pid ?? 0}, uptime {Uptime(TimeSpan.FromSeconds(Math.Max(0, now - start)))}";
        if (ProcessStates.HasFailed(status))
            return status.SpawnError.Length > 0 ? status.SpawnError : $"unknown error (try \"tail {status.Process}\")";
        if (!ProcessStates.IsDown(status))
            return "";

        return start == 0 ? "Not started" : DateTimeOffset.FromUnixTimeSeconds(stop).ToLocalTime().ToString("MMM dd hh:mm tt", CultureInfo.InvariantCulture);
    }

    /// <summary>As Python prints a timedelta: "0:01:02", "1 day, 2:03:04".</summary>
    private static string Uptime(TimeSpan time)
    {
        string days = time.Days switch
        {
            0 => "",
            1 => "1 day, ",
            _ => string.Create(CultureInfo.InvariantCulture, $"{time.Days} days, "),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{days}{time.Hours}:{time.Minutes:00}:{time.Seconds:00}");
    }
}
