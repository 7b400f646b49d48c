using Init.Base;

namespace Init.Linux;

/// <summary>Children that have ended, our own and adopted ones alike (waitid(2)). Nothing else in the process may wait for children.</summary>
public static unsafe class Reaper
{
    /// <summary>
    /// Names a child that has ended and leaves it a zombie, so that its pid, group and /proc entry cannot belong to anyone else until
    /// <see cref="Reap"/>. The same child is named again until then. False when none has ended.
    /// </summary>
    public static bool TryPeekExited(out int pid)
    {
        bool found = TryWait(Libc.P_ALL, 0, Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT, out Libc.siginfo_t info);
        pid = info.si_pid;
        return found;
    }

    /// <summary>Ends the zombie. Null when that child has not ended, or is not a child of ours.</summary>
    public static ExitStatus? Reap(int pid) =>
        TryWait(Libc.P_PID, (uint)pid, Libc.WEXITED | Libc.WNOHANG, out Libc.siginfo_t info) ? StatusOf(info) : null;

    /// <summary>Takes any child that has ended, in one call. False when there is none.</summary>
    public static bool TryReapAny(out int pid, out ExitStatus status)
    {
        bool found = TryWait(Libc.P_ALL, 0, Libc.WEXITED | Libc.WNOHANG, out Libc.siginfo_t info);
        pid = info.si_pid;
        status = found ? StatusOf(info) : default;
        return found;
    }

    /// <summary>Waits until this child has ended, however long that takes. For helpers; PID 1 never waits.</summary>
    public static ExitStatus WaitFor(int pid) =>
        TryWait(Libc.P_PID, (uint)pid, Libc.WEXITED, out Libc.siginfo_t info)
            ? StatusOf(info)
            : throw new SyscallException("wait for", $"process {pid}", Errno.ECHILD);

    private static bool TryWait(int idType, uint id, int options, out Libc.siginfo_t info)
    {
        Libc.siginfo_t result;
        while (true)
        {
            // With WNOHANG and nothing to tell, si_pid is what it was before the call on some systems (waitid(2)).
            result = default;
            if (Libc.waitid(idType, id, &result, options) == 0)
                break;

            int errno = Libc.LastErrno;
            if (errno == Errno.EINTR)
                continue;
            if (errno != Errno.ECHILD)
                throw new SyscallException("wait for", "children", errno);

            result = default; // No child at all: none has ended.
            break;
        }

        info = result;
        return result.si_pid != 0;
    }

    private static ExitStatus StatusOf(in Libc.siginfo_t info) => info.si_code switch
    {
        Libc.CLD_EXITED => ExitStatus.Exited(info.si_status & 0xFF),
        Libc.CLD_DUMPED => ExitStatus.Signalled(info.si_status, dumpedCore: true),
        _ => ExitStatus.Signalled(info.si_status),
    };
}
