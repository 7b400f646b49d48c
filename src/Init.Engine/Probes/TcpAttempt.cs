using System.Net;
using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Probes;

/// <summary>Connects, and says how that went. The two kinds of attempt over TCP differ in what they do once they are connected.</summary>
internal abstract class ConnectingAttempt(Prober prober, IPEndPoint target, TimeSpan timeout, Action<ProbeResult> done)
    : ProbeAttempt(prober, timeout, done)
{
    /// <summary>How soon it is tried again when the kernel had no descriptor, memory or port for us.</summary>
    private static readonly TimeSpan ShortagePause = TimeSpan.FromMilliseconds(100);

    private LoopTimer? _retry;
    private int _shortage;

    protected IPEndPoint Target { get; } = target;

    protected int Socket { get; private set; } = -1;

    protected bool IsConnected { get; private set; }

    protected override string TimeoutDetail =>
        _shortage != 0 ? $"cannot connect to {Target}: {Errno.Describe(_shortage)}"
        : IsConnected ? $"no complete answer from {Target} in {Durations.Text(Timeout)}"
        : $"cannot connect to {Target}: no answer in {Durations.Text(Timeout)}";

    protected sealed override ProbeResult? Open()
    {
        OpenResult socket = TcpSockets.StartConnect(Target.Address, Target.Port);
        _shortage = IsShortage(socket.Errno) ? socket.Errno : 0;
        if (_shortage != 0)
        {
            // That is our trouble, not the program's, which must not be restarted for it; it often passes within the timeout.
            _retry = Prober.Loop.After(ShortagePause, Retry);
            return null;
        }

        if (!socket.Succeeded)
            return ProbeResult.No(DescribeFailure(socket.Errno));

        Socket = socket.Fd;
        try
        {
            Prober.Loop.Watch(Socket, IoEvents.Writable, Handle);
        }
        catch (SyscallException problem)
        {
            return ProbeResult.No(problem.Message);
        }

        return null;
    }

    protected override void Close()
    {
        _retry?.Cancel();
        if (Socket < 0)
            return;

        Prober.Loop.Unwatch(Socket);
        Files.Close(Socket);
        Socket = -1;
    }

    /// <summary>Called once, when somebody has accepted the connection.</summary>
    protected abstract void Connected();

    /// <summary>Called for what happens on the connection after that.</summary>
    protected abstract void Ready(IoEvents events);

    protected string DescribeFailure(int errno) => errno switch
    {
        Errno.ECONNREFUSED => $"cannot connect to {Target}: connection refused",
        Errno.ECONNRESET => $"{Target} reset the connection",
        _ => $"cannot connect to {Target}: {Errno.Describe(errno)}",
    };

    private static bool IsShortage(int errno) =>
        errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM or Errno.ENOBUFS or Errno.EADDRNOTAVAIL or Errno.EAGAIN;

    private void Retry()
    {
        if (!IsOver && Open() is { } answer)
            Finish(answer);
    }

    private void Handle(IoEvents events)
    {
        if (IsConnected)
        {
            Ready(events);
            return;
        }

        int errno = TcpSockets.PendingError(Socket);
        if (errno != 0)
        {
            Finish(ProbeResult.No(DescribeFailure(errno)));
            return;
        }

        if (TcpSockets.IsConnectedToItself(Socket))
        {
            Finish(ProbeResult.No(DescribeFailure(Errno.ECONNREFUSED)));
            return;
        }

        IsConnected = true;
        Connected();
    }
}

/// <summary>Does somebody accept connections there?</summary>
internal sealed class TcpAttempt(Prober prober, Probe.Tcp probe, TimeSpan timeout, Action<ProbeResult> done)
    : ConnectingAttempt(prober, new IPEndPoint(probe.Address, probe.Port), timeout, done)
{
    protected override void Connected() => Finish(ProbeResult.Yes);

    protected override void Ready(IoEvents events)
    {
    }
}
