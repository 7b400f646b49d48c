namespace Init.Linux;

/// <summary>What a read, write or send came to: how many bytes, or why not. Callers act on EAGAIN, EPIPE, ENOSPC and the like, so they are no exceptions.</summary>
/// <param name="Count">Bytes moved; 0 on an error, and 0 without an error is the end of what is read.</param>
/// <param name="Errno">0, or a number of <see cref="Linux.Errno"/>; never EINTR.</param>
public readonly record struct IoResult(int Count, int Errno)
{
    public bool Succeeded => Errno == 0;

    /// <summary>Nothing to be had just now; the event loop will say when.</summary>
    public bool WouldBlock => Errno == Linux.Errno.EAGAIN;

    public bool IsEndOfFile => Errno == 0 && Count == 0;
}

/// <summary>A new file descriptor, which the receiver now owns, or why there is none. It is always close-on-exec.</summary>
/// <param name="Fd">-1 when <see cref="Errno"/> is set.</param>
/// <param name="Errno">0, or a number of <see cref="Linux.Errno"/>.</param>
public readonly record struct OpenResult(int Fd, int Errno)
{
    public bool Succeeded => Errno == 0;

    internal static OpenResult Of(int fd) => fd >= 0 ? new(fd, 0) : new(-1, Libc.LastErrno);

    /// <summary>The descriptor, for callers that cannot go on without it.</summary>
    public int OrThrow(string operation, string subject) => Succeeded ? Fd : throw new SyscallException(operation, subject, Errno);
}

/// <summary>struct iovec: memory that the caller keeps in place during the call.</summary>
public readonly record struct IoVector(nint Address, nuint Length);
