namespace Init.Linux;

public static unsafe class Pipes
{
    /// <summary>Both ends close-on-exec and, unless asked otherwise, blocking (a child's end must be).</summary>
    /// <exception cref="SyscallException">No more descriptors, usually.</exception>
    public static (int Read, int Write) Create(bool nonBlockingRead = false, bool nonBlockingWrite = false)
    {
        int errno = TryCreate(out int read, out int write, nonBlockingRead, nonBlockingWrite);
        return errno == 0 ? (read, write) : throw new SyscallException("create", "pipe", errno);
    }

    /// <summary>0 or an errno (EMFILE, ENFILE), when running out of descriptors must be survived.</summary>
    public static int TryCreate(out int read, out int write, bool nonBlockingRead = false, bool nonBlockingWrite = false)
    {
        int* fds = stackalloc int[2];
        (read, write) = (-1, -1);
        if (Libc.pipe2(fds, Libc.O_CLOEXEC) != 0)
            return Libc.LastErrno;

        (read, write) = (fds[0], fds[1]);
        if (nonBlockingRead)
            _ = Files.SetNonBlocking(read, nonBlocking: true);
        if (nonBlockingWrite)
            _ = Files.SetNonBlocking(write, nonBlocking: true);
        return 0;
    }

    /// <summary>
    /// Asks for a larger pipe (F_SETPIPE_SZ, fcntl(2)). Beyond /proc/sys/fs/pipe-max-size, or the user's quota of pipe pages, the answer is EPERM and
    /// the pipe stays as it is, which is no reason to fail.
    /// </summary>
    public static int SetCapacity(int fd, int bytes) => Libc.fcntl(fd, Libc.F_SETPIPE_SZ, bytes) < 0 ? Libc.LastErrno : 0;

    public static int CapacityOf(int fd) => Libc.fcntl(fd, Libc.F_GETPIPE_SZ, 0);
}
