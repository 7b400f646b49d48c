namespace Init.Linux;

/// <summary>A system call failed in a way that its caller cannot act on.</summary>
/// <param name="operation">What was tried, as a verb: "open".</param>
/// <param name="subject">What it was tried on: "/etc/passwd", "process 17".</param>
/// <param name="errno">See <see cref="Linux.Errno"/>.</param>
#pragma warning disable CA1032, MA0056 // Without an errno it would not be this exception.
public sealed class SyscallException(string operation, string subject, int errno)
    : Exception($"cannot {operation} {subject}: {Linux.Errno.Describe(errno)}")
#pragma warning restore CA1032, MA0056
{
    public string Operation { get; } = operation;

    public string Subject { get; } = subject;

    public int Errno { get; } = errno;
}
