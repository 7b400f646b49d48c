namespace Init.Linux;

/// <summary>A signal that was taken from the queue.</summary>
/// <param name="SenderPid">0 when the kernel sent it, or the sender is in another PID namespace.</param>
public readonly record struct ReceivedSignal(int Signal, int SenderPid, int SenderUid);

/// <summary>
/// Signals as something to read (signalfd(2)). They must be blocked in every thread of the process, or the kernel may deliver them the usual
/// way to a thread that has not; the binary blocks them before the runtime starts its first thread.
/// </summary>
public sealed unsafe class SignalSource : IDisposable
{
    private const int BatchSize = 16;

    private readonly Libc.signalfd_siginfo[] _batch = new Libc.signalfd_siginfo[BatchSize];
    private int _next;
    private int _count;

    /// <param name="signals">See <see cref="SignalSet"/>. They are blocked for the calling thread too, in case they were not.</param>
    public SignalSource(ulong signals)
    {
        Libc.sigset_t set = Libc.sigset_t.Of(signals);
        _ = Libc.pthread_sigmask(Libc.SIG_BLOCK, &set, null);
        Fd = OpenResult.Of(Libc.signalfd(-1, &set, Libc.SFD_CLOEXEC | Libc.SFD_NONBLOCK)).OrThrow("create", "signal descriptor");
    }

    /// <summary>Readable while signals wait. Owned by this object.</summary>
    public int Fd { get; }

    /// <summary>The next signal, or false when none waits. Several of one standard signal may have become one (signal(7)).</summary>
    public bool TryRead(out ReceivedSignal received)
    {
        received = default;
        if (_next == _count && !Fill())
            return false;

        ref Libc.signalfd_siginfo info = ref _batch[_next++];
        received = new ReceivedSignal((int)info.ssi_signo, (int)info.ssi_pid, (int)info.ssi_uid);
        return true;
    }

    public void Dispose() => Files.Close(Fd);

    private bool Fill()
    {
        (_next, _count) = (0, 0);
        fixed (Libc.signalfd_siginfo* batch = _batch)
        {
            int size = sizeof(Libc.signalfd_siginfo);
            IoResult result = Files.Read(Fd, new Span<byte>(batch, BatchSize * size));
            if (!result.Succeeded && !result.WouldBlock)
                throw new SyscallException("read", "signal descriptor", result.Errno);
            _count = result.Count / size;
        }

        return _count > 0;
    }
}

/// <summary>The simplest way to take signals, for a process that does nothing else (sigwaitinfo(2)).</summary>
public static unsafe class SignalWait
{
    /// <summary>Sleeps until one of these signals, which must be blocked, is there.</summary>
    public static ReceivedSignal Next(ulong signals)
    {
        Libc.sigset_t set = Libc.sigset_t.Of(signals);
        Libc.siginfo_t info;
        while (Libc.sigwaitinfo(&set, &info) < 0)
        {
            if (Libc.LastErrno != Errno.EINTR)
                throw new SyscallException("wait for", "signals", Libc.LastErrno);
        }

        return new ReceivedSignal(info.si_signo, info.si_pid, info.si_uid);
    }

    /// <summary>Sets the signal mask of the calling thread, which threads and children that it starts inherit.</summary>
    public static void SetMask(ulong signals)
    {
        Libc.sigset_t set = Libc.sigset_t.Of(signals);
        _ = Libc.pthread_sigmask(Libc.SIG_SETMASK, &set, null);
    }
}

/// <summary>Sets of signals as a number: signal n is bit n-1, as in /proc/PID/status.</summary>
public static class SignalSet
{
    /// <summary>Those that the processor sends for a fault, and abort: blocking them would turn a crash into a hang.</summary>
    public static ulong Faults { get; } = Of(Signals.SIGSEGV, Signals.SIGBUS, Signals.SIGFPE, Signals.SIGILL, Signals.SIGTRAP, Signals.SIGABRT, Signals.SIGSYS);

    /// <summary>KILL and STOP, which nobody can catch; 32 and 33, which glibc keeps for itself (nptl(7)); 34, by which the .NET runtime stops its threads.</summary>
    public static ulong Unavailable { get; } = Of(Signals.SIGKILL, Signals.SIGSTOP, 32, 33, 34);

    public static ulong Of(params ReadOnlySpan<int> signals)
    {
        ulong set = 0;
        foreach (int signal in signals)
            set |= 1UL << (signal - 1);
        return set;
    }

    public static bool Contains(ulong set, int signal) => signal is >= 1 and <= 64 && (set & (1UL << (signal - 1))) != 0;
}

/// <summary>Signal numbers of x86-64 and arm64 (signal(7)).</summary>
public static class Signals
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGILL = 4;
    public const int SIGTRAP = 5;
    public const int SIGABRT = 6;
    public const int SIGBUS = 7;
    public const int SIGFPE = 8;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGSEGV = 11;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
    public const int SIGTSTP = 20;
    public const int SIGTTIN = 21;
    public const int SIGTTOU = 22;
    public const int SIGWINCH = 28;
    public const int SIGSYS = 31;
}
