namespace Init.Engine.Logging;

/// <summary>What has become of one program's output since it was first heard of; it goes on over restarts.</summary>
/// <param name="Bytes">Read from the program's pipes.</param>
/// <param name="Lines">Newlines read from the program's pipes.</param>
/// <param name="MirrorDroppedLines">Lines that did not reach Init's stdout, because nobody read it fast enough.</param>
/// <param name="MirrorDroppedBytes">The bytes of those lines.</param>
/// <param name="FileDroppedBytes">Bytes that did not reach the log file, because it could not be written.</param>
/// <param name="FileErrors">How often writing, opening or rotating the log file failed.</param>
public readonly record struct LogStatistics(
    long Bytes, long Lines, long MirrorDroppedLines, long MirrorDroppedBytes, long FileDroppedBytes, long FileErrors)
{
    public static LogStatistics operator +(LogStatistics left, LogStatistics right) => Add(left, right);

    public static LogStatistics Add(LogStatistics left, LogStatistics right) => new(
        left.Bytes + right.Bytes,
        left.Lines + right.Lines,
        left.MirrorDroppedLines + right.MirrorDroppedLines,
        left.MirrorDroppedBytes + right.MirrorDroppedBytes,
        left.FileDroppedBytes + right.FileDroppedBytes,
        left.FileErrors + right.FileErrors);
}

/// <summary>Written by the log thread alone, read by any: each number is right by itself, and a sum may be a moment old.</summary>
internal sealed class LogCounters
{
    private long _bytes, _lines, _mirrorDroppedLines, _mirrorDroppedBytes, _fileDroppedBytes, _fileErrors;

    public LogStatistics Snapshot => new(
        Volatile.Read(ref _bytes),
        Volatile.Read(ref _lines),
        Volatile.Read(ref _mirrorDroppedLines),
        Volatile.Read(ref _mirrorDroppedBytes),
        Volatile.Read(ref _fileDroppedBytes),
        Volatile.Read(ref _fileErrors));

    public void Received(long bytes, long lines)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _lines, _lines + lines);
    }

    public void MirrorDropped(long lines, long bytes)
    {
        Volatile.Write(ref _mirrorDroppedLines, _mirrorDroppedLines + lines);
        Volatile.Write(ref _mirrorDroppedBytes, _mirrorDroppedBytes + bytes);
    }

    public void FileDropped(long bytes) => Volatile.Write(ref _fileDroppedBytes, _fileDroppedBytes + bytes);

    public void FileFailed() => Volatile.Write(ref _fileErrors, _fileErrors + 1);
}
