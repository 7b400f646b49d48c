using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>How much of the end of a log is wanted.</summary>
public readonly record struct TailRequest
{
    private TailRequest(int lines, int bytes) => (LineCount, ByteCount) = (lines, bytes);

    /// <summary>-1 when bytes are wanted.</summary>
    internal int LineCount { get; }

    internal int ByteCount { get; }

    public static TailRequest Lines(int count) => new(Math.Max(0, count), LogReader.BytesMax);

    public static TailRequest Bytes(int count) => new(-1, Math.Clamp(count, 0, LogReader.BytesMax));
}

/// <param name="Bytes">What was asked for, or less; at most 4 MiB.</param>
/// <param name="Offset">Where in the log file <paramref name="Bytes"/> begin; negative when they begin in a file that has been rotated away.</param>
/// <param name="LogSize">The size of the log file at that moment.</param>
/// <param name="Problem">Why there is nothing to read, as a sentence; null when all is well, also with an empty log.</param>
public readonly record struct LogExcerpt(ReadOnlyMemory<byte> Bytes, long Offset, long LogSize, string? Problem)
{
    /// <summary>The file; null when the log is kept in memory only, and when there is none.</summary>
    public string? Path { get; init; }

    /// <summary>True when there is no such file (yet), or no such log.</summary>
    public bool IsMissing { get; init; }
}

/// <summary>Reads log files back, on the log thread.</summary>
internal static class LogReader
{
    /// <summary>No answer is longer.</summary>
    public const int BytesMax = 4 << 20;

    private const int BlockSize = 64 << 10;

    /// <summary>The end of the log; where the file is shorter than that, it goes on in the one that was rotated away last.</summary>
    public static LogExcerpt Tail(string path, TailRequest request)
    {
        byte[]? current = TailOf(path, request, out long size, out int errno);
        if (current is null)
            return new LogExcerpt(default, 0, 0, errno == Errno.ENOENT ? null : $"cannot read log file {path}: {Errno.Describe(errno)}");

        long offset = size - current.Length;
        TailRequest missing = Missing(request, current);
        if (offset > 0 || missing is { LineCount: 0 } or { ByteCount: 0 })
            return new LogExcerpt(current, offset, size, Problem: null);

        byte[]? before = TailOf(Rotation.NameOf(path, 1), missing, out _, out _);
        return before is null
            ? new LogExcerpt(current, 0, size, Problem: null)
            : new LogExcerpt((byte[])[.. before, .. current], -before.Length, size, Problem: null);
    }

    /// <param name="path">The log file.</param>
    /// <param name="offset">From the beginning of the file; beyond its end there is nothing. Negative: so many bytes before the end.</param>
    /// <param name="length">At most <see cref="BytesMax"/> are read.</param>
    public static LogExcerpt Read(string path, long offset, int length)
    {
        OpenResult opened = OpenRegular(path, out long size);
        if (!opened.Succeeded)
        {
            bool isMissing = opened.Errno == Errno.ENOENT;
            return new LogExcerpt(default, 0, 0, isMissing ? null : $"cannot read log file {path}: {Errno.Describe(opened.Errno)}") { Path = path, IsMissing = isMissing };
        }

        offset = OffsetWithin(offset, size);
        byte[] bytes = ReadRange(opened.Fd, offset, (int)Math.Min(Math.Clamp(length, 0, BytesMax), size - offset));
        Files.Close(opened.Fd);
        return new LogExcerpt(bytes, offset, size, Problem: null) { Path = path };
    }

    /// <summary>A part of what is in memory; the rules are those for a file.</summary>
    public static LogExcerpt Read(ReadOnlyMemory<byte> recent, long offset, int length)
    {
        int start = (int)OffsetWithin(offset, recent.Length);
        return new LogExcerpt(recent.Slice(start, Math.Clamp(length, 0, recent.Length - start)), start, recent.Length, Problem: null);
    }

    /// <summary>The end of what is in memory.</summary>
    public static LogExcerpt Tail(ReadOnlyMemory<byte> recent, TailRequest request)
    {
        int start = request.LineCount < 0 ? Math.Max(0, recent.Length - request.ByteCount) : StartOfLines(recent.Span, request.LineCount);
        return new LogExcerpt(recent[start..], start, recent.Length, Problem: null);
    }

    private static long OffsetWithin(long offset, long size) => offset < 0 ? Math.Max(0, size + offset) : Math.Min(offset, size);

    private static TailRequest Missing(TailRequest request, byte[] current) => request.LineCount < 0
        ? TailRequest.Bytes(request.ByteCount - current.Length)
        : TailRequest.Lines(request.LineCount - CountLines(current));

    /// <summary>An unfinished line at the end is a line, too.</summary>
    private static int CountLines(ReadOnlySpan<byte> bytes) =>
        bytes.Count((byte)'\n') + (bytes.IsEmpty || bytes[^1] == '\n' ? 0 : 1);

    private static byte[]? TailOf(string path, TailRequest request, out long size, out int errno)
    {
        OpenResult opened = OpenRegular(path, out size);
        errno = opened.Errno;
        if (!opened.Succeeded)
            return null;

        int length = (int)Math.Min(request.LineCount < 0 ? request.ByteCount : BlockSize, size);
        byte[] end = ReadRange(opened.Fd, size - length, length);

        // Lines: twice as much each time, until it holds enough of them.
        int start = 0;
        while (request.LineCount >= 0 && (start = StartOfLines(end, request.LineCount)) == 0 && end.Length < Math.Min(size, BytesMax))
        {
            length = (int)Math.Min(Math.Min(end.Length * 2L, BytesMax), size);
            end = ReadRange(opened.Fd, size - length, length);
        }

        Files.Close(opened.Fd);
        return start == 0 ? end : end[start..];
    }

    /// <summary>Where the last <paramref name="count"/> lines begin; 0 when there are not more than that.</summary>
    private static int StartOfLines(ReadOnlySpan<byte> bytes, int count)
    {
        if (count == 0)
            return bytes.Length;

        int end = bytes.IsEmpty || bytes[^1] != '\n' ? bytes.Length : bytes.Length - 1;
        for (int found = 0; found < count; found++)
        {
            end = bytes[..end].LastIndexOf((byte)'\n');
            if (end < 0)
                return 0;
        }

        return end + 1;
    }

    /// <summary>Never anything but a regular file: reading from a FIFO or a terminal would take what is not ours.</summary>
    private static OpenResult OpenRegular(string path, out long size)
    {
        size = 0;
        OpenResult opened = Files.Open(path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!opened.Succeeded)
            return opened;

        if (Files.StatusOf(opened.Fd) is { Kind: FileKind.Regular } status)
        {
            size = status.Size;
            return opened;
        }

        Files.Close(opened.Fd);
        return new OpenResult(-1, Errno.ESPIPE);
    }

    private static byte[] ReadRange(int fd, long offset, int length)
    {
        byte[] bytes = new byte[length];
        int done = 0;
        while (done < length)
        {
            IoResult read = Files.ReadAt(fd, bytes.AsSpan(done), offset + done);
            if (read.Count == 0)
                break;
            done += read.Count;
        }

        return done == length ? bytes : bytes[..done];
    }
}
