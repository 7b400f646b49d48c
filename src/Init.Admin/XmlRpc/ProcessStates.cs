using Init.Control;

namespace Init.Admin.XmlRpc;

/// <summary>supervisord's states, and which of ours stand for which.</summary>
internal static class ProcessStates
{
    private const int Stopped = 0;
    private const int Starting = 10;
    private const int Running = 20;
    private const int Backoff = 30;
    private const int Stopping = 40;
    private const int Exited = 100;
    private const int Fatal = 200;

    /// <summary>Ours, which supervisord does not have.</summary>
    private const int Waiting = 1001, Absent = 1002;

    /// <summary>What waits for others is on its way up; what is not installed is down.</summary>
    public static int CodeOf(ProgramStatus status) => status.StateCode switch
    {
        Waiting => Starting,
        Absent => Stopped,
        var code => code,
    };

    public static string NameOf(ProgramStatus status) => status.StateCode switch
    {
        Waiting => "STARTING",
        Absent => "STOPPED",
        _ => status.State,
    };

    public static bool IsRunning(ProgramStatus status) => CodeOf(status) is Starting or Running or Backoff;

    public static bool IsSignallable(ProgramStatus status) => CodeOf(status) is Starting or Running or Stopping;

    public static bool IsUp(ProgramStatus status) => status.StateCode == Running;

    public static bool HasFailed(ProgramStatus status) => status.StateCode is Backoff or Fatal;

    public static bool IsDown(ProgramStatus status) => status.StateCode is Stopped or Exited;

    /// <summary>A state that supervisord has no words for; ours say more than nothing.</summary>
    public static bool IsOwn(ProgramStatus status) => status.StateCode is Waiting or Absent;
}
