namespace Init.Linux;

/// <summary>Signals to processes, and facts about our own. A method that returns an int returns 0 or an errno: ESRCH = it is gone, EPERM = not ours.</summary>
public static class Processes
{
    public static int GetPid() => Libc.getpid();

    public static int GetParentPid() => Libc.getppid();

    public static int GetProcessGroup() => Libc.getpgrp();

    public static uint GetUid() => Libc.geteuid();

    public static uint GetGid() => Libc.getegid();

    /// <summary>Only for a child that has not been reaped: any other pid may have become someone else's. See <see cref="KillExactly"/>.</summary>
    public static int Kill(int pid, int signal) => pid > 0 ? Files.ErrnoOf(Libc.kill(pid, signal)) : Errno.ESRCH;

    /// <summary>To every member of the process group. 0 when at least one could be signalled.</summary>
    public static int KillGroup(int group, int signal) => group > 1 ? Files.ErrnoOf(Libc.kill(-group, signal)) : Errno.ESRCH;

    /// <summary>To every process that we may signal, except ourselves and PID 1 (kill(2)). For PID 1 that is the whole container; anyone else must not call it.</summary>
    public static int KillAll(int signal) => Libc.getpid() == 1 ? Files.ErrnoOf(Libc.kill(-1, signal)) : Errno.EPERM;

    /// <summary>
    /// To the process that has this pid and was started then, and to no other, also if the pid is given away in between: the descriptor pins the process,
    /// and only then is its start time compared.
    /// </summary>
    public static int KillExactly(int pid, ulong startTime, int signal)
    {
        OpenResult handle = OpenHandle(pid);

        // Linux before 5.3, or a seccomp filter that does not know the call (older ones answer EPERM, which pidfd_open itself never does).
        if (handle.Errno is Errno.ENOSYS or Errno.EPERM)
            return ProcFs.Read(pid)?.StartTime == startTime ? Kill(pid, signal) : Errno.ESRCH;
        if (!handle.Succeeded)
            return handle.Errno;

        int errno = ProcFs.Read(pid)?.StartTime == startTime
            ? Files.ErrnoOf((int)Libc.syscall(Libc.SYS_pidfd_send_signal, handle.Fd, signal, 0, 0, 0, 0))
            : Errno.ESRCH;
        Files.Close(handle.Fd);
        return errno;
    }

    /// <summary>A descriptor that stands for the process and becomes readable when it ends (pidfd_open(2)).</summary>
    public static OpenResult OpenHandle(int pid) => OpenResult.Of((int)Libc.syscall(Libc.SYS_pidfd_open, pid, 0, 0, 0, 0, 0));

    /// <summary>From now on, orphans among our descendants become our children, as they do of PID 1 (prctl(2)).</summary>
    public static int SetChildSubreaper() => Files.ErrnoOf(Libc.prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));

    /// <summary>The kernel sends us this signal when the thread that started us ends; 0 = no more.</summary>
    public static int SetParentDeathSignal(int signal) => Files.ErrnoOf(Libc.prctl(Libc.PR_SET_PDEATHSIG, (nuint)signal, 0, 0, 0));

    /// <summary>Whether the descriptor is the terminal of our session, so that a foreground group can be set.</summary>
    public static bool IsControllingTerminal(int fd) => Libc.tcgetpgrp(fd) >= 0;

    /// <summary>
    /// Makes every descriptor from <paramref name="first"/> on close-on-exec, in case whoever started us has left some open: they would go on to every child.
    /// </summary>
    public static unsafe void MarkCloseOnExec(int first)
    {
        if (Libc.syscall(Libc.SYS_close_range, first, uint.MaxValue, Libc.CLOSE_RANGE_CLOEXEC, 0, 0, 0) == 0)
            return;

        // Linux before 5.11: one by one, as far as descriptors may go.
        Libc.rlimit limit;
        _ = Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit);
        for (int fd = first; fd < (int)Math.Min(limit.rlim_cur, 1 << 16); fd++)
            _ = Libc.fcntl(fd, Libc.F_SETFD, Libc.FD_CLOEXEC); // EBADF: not open.
    }

    /// <summary>Opens /dev/null for each of descriptors 0, 1 and 2 that is closed, so that no file or socket of ours ever gets such a number.</summary>
    public static void EnsureStandardStreams()
    {
        for (int fd = 0; fd <= 2; fd++)
        {
            // The lowest free number is given out (open(2)), so each open fills the gap found.
            if (Libc.fcntl(fd, Libc.F_GETFD, 0) < 0)
                _ = Libc.open("/dev/null", Libc.O_RDWR, 0);
        }
    }

    /// <summary>Ends the process at once: no finalizers, no handlers, nothing flushed (_exit(2)).</summary>
    public static void ExitNow(int code) => Libc._exit(code);

    /// <summary>The path of the binary that runs now, even when it has been renamed since; null without /proc.</summary>
    public static string? OwnExecutable() => Files.ReadLink("/proc/self/exe");

    /// <summary>
    /// Becomes another program, or this one anew, with the same pid: execve(2). Descriptors that are not close-on-exec, the signal mask and what is pending stay.
    /// </summary>
    /// <param name="path">Such as "/proc/self/exe".</param>
    /// <param name="argv">C strings, then NULL; handed on byte for byte.</param>
    /// <param name="environment">As <paramref name="argv"/>.</param>
    /// <returns>An errno; it returns only after a failure.</returns>
    public static unsafe int Become(string path, byte** argv, byte** environment)
    {
        using NativeString name = new(path);
        return Files.ErrnoOf(Libc.execve(name.Pointer, argv, environment));
    }

    /// <summary>The directory that paths without a leading slash are relative to.</summary>
    public static int ChangeDirectory(string path) => Files.ErrnoOf(Libc.chdir(path));

    /// <summary>As <see cref="ChangeDirectory(string)"/>, to a directory that was opened before.</summary>
    public static int ChangeDirectory(int fd) => Files.ErrnoOf(Libc.fchdir(fd));

    /// <summary>The permission bits that files made from now on do not get.</summary>
    public static void SetUmask(int mask) => _ = Libc.umask((uint)mask);
}
