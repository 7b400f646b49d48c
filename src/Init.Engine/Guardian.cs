using Init.Engine.Children;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine;

/// <summary>
/// When Init is not PID 1, nothing ends its children should it be killed itself. So it keeps a small process, <c>init guard</c>, at the other end of a pipe:
/// when the pipe closes without a word, the guard ends everything that bears this Init's mark.
/// </summary>
public sealed class Guardian(EventLoop loop, ProcessTable processes, string ownExecutable, string instanceId, InitLog log)
{
    /// <summary>How long the guard waits between TERM and KILL.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>A guard that was killed is replaced after this time, so that one that cannot live does not spin.</summary>
    private static readonly TimeSpan ReplaceAfter = TimeSpan.FromSeconds(1);

    private readonly OwnBinary _own = new(ownExecutable);
    private int _pipe = -1;
    private int? _pid;
    private bool _dismissed, _hasFailed;

    public void Start()
    {
        if (_dismissed)
            return;

        SpawnResult result = Guard.Start(_own.Path, instanceId, Grace, out _pipe);
        if (result is SpawnResult.Failed(_, var message))
        {
            if (!_hasFailed)
                log.Trouble($"{message}; if this Init is killed now, its programs live on");
            _hasFailed = true;
            loop.After(ReplaceAfter, Start);
            return;
        }

        _hasFailed = false;
        int pid = ((SpawnResult.Spawned)result).Pid;
        _pid = pid;
        processes.Add(pid, _ => Replace());
    }

    /// <summary>All is down: the guard has nothing to do any more.</summary>
    public void Dismiss()
    {
        _dismissed = true;
        if (_pid is { } pid)
            _ = Processes.Kill(pid, Signals.SIGKILL);
    }

    private void Replace()
    {
        Files.Close(_pipe);
        (_pipe, _pid) = (-1, null);
        if (!_dismissed)
            loop.After(ReplaceAfter, Start);
    }
}
