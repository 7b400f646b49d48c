using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// Init's stdout, written without ever waiting for its reader, and without O_NONBLOCK on the open file that we share with our parent and our children (a shell
/// whose terminal has become non-blocking falls over).
/// </summary>
internal sealed class MirrorOutput
{
    private readonly Mode _mode;
    private bool _mayWrite;

    private MirrorOutput(int fd, Mode mode)
    {
        Fd = fd;
        _mode = mode;
    }

    private enum Mode
    {
        /// <summary>A regular file never says EAGAIN, and its shared offset is wanted: what the shell writes to it after us must come after ours.</summary>
        File,

        /// <summary>An open file of our own, made from /proc/self/fd, with O_NONBLOCK.</summary>
        Own,

        /// <summary>A socket cannot be opened anew, and need not be: send(2) takes MSG_DONTWAIT per call.</summary>
        Socket,

        /// <summary>
        /// Only the shared one can be had: a pipe of another user. When poll says that there is room, PIPE_BUF bytes can be written without waiting
        /// (pipe(7)), unless another writer takes that room in between; then it is the log thread that waits, and nobody else.
        /// </summary>
        Shared,
    }

    public int Fd { get; }

    /// <summary>Takes over <paramref name="fd"/>, and closes it if it can have a better one.</summary>
    public static MirrorOutput Take(int fd)
    {
        if (Files.StatusOf(fd) is not { } status || status.Kind == FileKind.Regular)
            return new MirrorOutput(fd, Mode.File);
        if (status.Kind == FileKind.Socket)
            return new MirrorOutput(fd, Mode.Socket);

        OpenResult own = Files.Open(
            $"/proc/self/fd/{fd.ToString(System.Globalization.CultureInfo.InvariantCulture)}", OpenFlags.Write | OpenFlags.Append | OpenFlags.NonBlocking);
        if (!own.Succeeded)
            return new MirrorOutput(fd, Mode.Shared);

        Files.Close(fd);
        return new MirrorOutput(own.Fd, Mode.Own);
    }

    /// <summary>As write(2); EAGAIN when the reader has to read first, and <see cref="BecameWritable"/> to be called when it has.</summary>
    public IoResult Write(ReadOnlySpan<byte> data)
    {
        if (_mode == Mode.Socket)
            return UnixSockets.Send(Fd, data);
        if (_mode != Mode.Shared)
            return Files.Write(Fd, data);

        if (!_mayWrite)
            return new IoResult(0, Errno.EAGAIN);

        _mayWrite = false;
        return Files.Write(Fd, data[..Math.Min(data.Length, LogFile.PipeBuf)]);
    }

    public void BecameWritable() => _mayWrite = true;

    public void Close() => Files.Close(Fd);
}
