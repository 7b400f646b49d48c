using System.Buffers;
using Init.Base;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// One log file, appended to byte for byte, rotated by size, and used by the log thread alone. Several writers may share it (two programs with the same file).
/// </summary>
/// <remarks>
/// Invariants: a line is never split over two files; two lines are never glued to one, whatever was lost between them. The unfinished last line,
/// if any, lies in [<see cref="_lineStart"/>, <see cref="_size"/>) and belongs to <see cref="_lineOwner"/>; anybody else's line is preceded by a newline.
/// A write that fails is cut back to the last line boundary, and the descriptor is closed: the next try, after a pause, opens the path anew,
/// for what helps against a full disk is often somebody who deletes this very file.
/// </remarks>
internal sealed class LogFile(string path, InitLog log, LogFileSystem system)
{
    /// <summary>The pause before another try doubles from the first to the second of these.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A file that fails again this soon after it had worked again is not talked about again yet.</summary>
    private static readonly TimeSpan QuietAfterRecovery = TimeSpan.FromSeconds(30);

    /// <summary>An unfinished line longer than this stays in the file in which it began, though that exceeds its limit then.</summary>
    private const int MovedLineMax = 16 << 20;

    /// <summary>A write of at most this much to a pipe happens as a whole or not at all (PIPE_BUF, pipe(7)).</summary>
    internal const int PipeBuf = 4096;

    private readonly LineWriter _itself = new(new LogCounters());
    private int _fd = -1;
    private bool _isRegular, _isRotated;
    private ulong _device, _inode;
    private long _size, _lineStart;
    private LineWriter? _lineOwner;

    private int _errno;
    private bool _wasSaid, _saidCannotRename;
    private long _droppedUnsaid;
    private Instant _nextTry, _mayTalkAt;
    private TimeSpan _pause = FirstPause;

    public string Path { get; } = path;

    /// <summary>0 = never rotated.</summary>
    public long MaxSize { get; set; }

    public int Keep { get; private set; }

    /// <summary>How many sinks write here.</summary>
    public int Users { get; set; }

    private bool IsFailing => _errno != 0;

    /// <summary>Appends whole lines, or the beginning or rest of one. What cannot be written is counted as dropped and forgotten.</summary>
    public void Append(LineWriter writer, ReadOnlySpan<byte> data, Instant now)
    {
        if (writer.DropsRestOfLine)
            data = data[DropRestOfLine(writer, data)..];

        if (data.IsEmpty)
            return;

        if (!EnsureOpen(writer, now) || !FinishForeignLine(writer, now))
        {
            Drop(writer, data);
            return;
        }

        while (!data.IsEmpty)
        {
            int fits = _isRegular ? Rotation.BytesThatFit(_size, _lineStart, _isRotated ? MaxSize : 0, data) : PieceFor(data);
            if (fits == 0)
            {
                if (Rotate(writer, now))
                    continue;

                Drop(writer, data);
                return;
            }

            if (!TryWrite(writer, data[..fits], now))
            {
                Drop(writer, data[fits..]);
                return;
            }

            data = data[fits..];
        }
    }

    /// <summary>Closes the file and opens the path again, for somebody else may have renamed or deleted it.</summary>
    public void Reopen(Instant now)
    {
        if (_fd < 0 && !IsFailing)
            return; // Nothing has been written yet.

        Close();
        _nextTry = now;
        _ = EnsureOpen(_itself, now);
    }

    /// <summary>Makes the file if it is not there: who reads logs finds an empty one before the first line.</summary>
    public void Create(Instant now) => _ = EnsureOpen(_itself, now);

    public void ChangeKeep(int keep)
    {
        for (int number = Keep; number > keep; number--)
            _ = system.Unlink(Rotation.NameOf(Path, number));
        Keep = keep;
    }

    /// <summary>Empties the file and deletes the rotated ones.</summary>
    public void Clear(Instant now)
    {
        for (int number = 1; number <= Keep; number++)
            _ = system.Unlink(Rotation.NameOf(Path, number)); // ENOENT: there was none of that number.

        if (_fd < 0 && Files.StatusOf(Path) is not { Kind: FileKind.Regular })
            return;

        if (EnsureOpen(_itself, now) && _isRotated)
            Empty(_itself, now);
    }

    public void Close()
    {
        if (_fd >= 0)
            Files.Close(_fd);
        _fd = -1;
    }

    /// <summary>For a writer that goes away: nobody continues its unfinished line.</summary>
    public void Abandon(LineWriter writer)
    {
        if (_lineOwner == writer)
            _lineOwner = null;
    }

    /// <summary>The part of <paramref name="data"/> to hand to write(2) at once when the target is no regular file: so that a full pipe costs whole lines.</summary>
    private static int PieceFor(ReadOnlySpan<byte> data)
    {
        if (data.Length <= PipeBuf)
            return data.Length;

        int wholeLines = data[..PipeBuf].LastIndexOf((byte)'\n') + 1;
        return wholeLines > 0 ? wholeLines : PipeBuf;
    }

    private bool EnsureOpen(LineWriter writer, Instant now)
    {
        if (_fd >= 0)
            return true;

        if (IsFailing && now < _nextTry)
            return false;

        OpenResult opened = system.Open(Path, OpenFlags.Write | OpenFlags.Append | OpenFlags.Create | OpenFlags.NonBlocking);
        if (!opened.Succeeded)
        {
            Fail(writer, "open", opened.Errno, now);
            return false;
        }

        _fd = opened.Fd;
        FileStatus? status = Files.StatusOf(_fd);
        _isRegular = status is { Kind: FileKind.Regular };

        // Behind a link such as /dev/stdout may be a regular file, which is not ours to rename or to empty; and renaming the link itself would be worse.
        _isRotated = _isRegular && Files.StatusOf(Path, followLink: false) is { Kind: FileKind.Regular };
        (_device, _inode) = (status?.Device ?? 0, status?.Inode ?? 0);
        _size = _lineStart = _isRegular ? status!.Value.Size : 0;
        _lineOwner = null;
        if (_isRegular && _size > 0)
            _lineStart = StartOfLastLine();
        return true;
    }

    /// <summary>Puts a newline after a line that its writer will not finish.</summary>
    private bool FinishForeignLine(LineWriter writer, Instant now) =>
        _lineStart == _size || _lineOwner == writer || TryWrite(writer, "\n"u8, now, isCounted: false);

    /// <param name="isCounted">Whether these bytes are lost to anybody when they cannot be written.</param>
    private bool TryWrite(LineWriter writer, ReadOnlySpan<byte> data, Instant now, bool isCounted = true)
    {
        int done = 0;
        int errno = 0;
        while (done < data.Length && errno == 0)
        {
            IoResult result = system.Write(_fd, data[done..]);
            errno = result.Succeeded && result.Count == 0 ? Errno.EIO : result.Errno;
            done += result.Count;
        }

        if (errno == 0)
        {
            Advance(writer, data);
            if (IsFailing)
                Recover(now);
            return true;
        }

        int kept = data[..done].LastIndexOf((byte)'\n') + 1;
        if (_isRegular)
            CutBack(writer, data[..done], kept);
        else
            Advance(writer, data[..done]);

        // Whatever is left of an unfinished line, nothing that belongs to it will follow, not even from its own writer.
        _lineOwner = null;
        if (isCounted)
            Drop(writer, data[kept..]);
        Fail(writer, "write to", errno, now);
        if (errno != Errno.EAGAIN)
            Close();
        return false;
    }

    private void Advance(LineWriter writer, ReadOnlySpan<byte> written)
    {
        if (written.IsEmpty)
            return;

        int wholeLines = written.LastIndexOf((byte)'\n') + 1;
        if (wholeLines > 0)
            _lineStart = _size + wholeLines;
        _size += written.Length;
        _lineOwner = _lineStart < _size ? writer : null;
    }

    /// <summary>After a short write: takes back the half line at the end, which nothing will follow that belongs to it.</summary>
    private void CutBack(LineWriter writer, ReadOnlySpan<byte> written, int kept)
    {
        bool isOwnLine = _lineOwner is null || _lineOwner == writer;
        long boundary = kept > 0 ? _size + kept : isOwnLine ? _lineStart : _size;
        long end = _size + written.Length;
        if (boundary < end && system.Truncate(_fd, boundary) == 0)
        {
            if (kept == 0)
                CountDropped(writer, _size - _lineStart); // What was there of the line before this write.
            (_size, _lineStart) = (boundary, boundary);
        }
        else
        {
            (_size, _lineStart) = (end, kept > 0 ? boundary : _lineStart); // It stays; the next writer puts a newline behind it.
        }
    }

    private void Drop(LineWriter writer, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return;

        CountDropped(writer, data.Length);
        writer.DropsRestOfLine = data[^1] != '\n';
    }

    private int DropRestOfLine(LineWriter writer, ReadOnlySpan<byte> data)
    {
        int end = data.IndexOf((byte)'\n') + 1;
        writer.DropsRestOfLine = end == 0;
        int dropped = end == 0 ? data.Length : end;
        CountDropped(writer, dropped);
        return dropped;
    }

    private void CountDropped(LineWriter writer, long bytes)
    {
        writer.Counters.FileDropped(bytes);
        _droppedUnsaid += bytes;
    }

    private void Fail(LineWriter writer, string operation, int errno, Instant now)
    {
        writer.Counters.FileFailed();
        if (!_wasSaid && now >= _mayTalkAt)
        {
            _wasSaid = true;
            log.CannotWriteLog(Path, operation, errno);
        }

        _pause = !IsFailing ? FirstPause : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
        _errno = errno;

        // A full pipe is tried again with the next output, since that costs one call only; a disk after a pause.
        _nextTry = errno == Errno.EAGAIN ? now : now + _pause;
    }

    private void Recover(Instant now)
    {
        if (_wasSaid)
        {
            log.LogWorksAgain(Path, _errno, _droppedUnsaid);
            _droppedUnsaid = 0;
            _wasSaid = false;
            _mayTalkAt = now + QuietAfterRecovery;
        }

        _errno = 0;
    }

    /// <summary>False when there is no file to go on with; then the failure has been reported.</summary>
    private bool Rotate(LineWriter writer, Instant now)
    {
        if (!IsStillAtPath())
        {
            // Renamed or deleted by somebody else, who may have put another file there: that one is not ours to rename.
            Close();
            return EnsureOpen(writer, now);
        }

        // It is the writer's own: Append has put a newline behind anybody else's.
        ReadOnlySpan<byte> unfinished = UnfinishedLine();
        long unfinishedAt = _lineStart;
        if (unfinished.Length < _size - _lineStart)
        {
            _lineStart = 0; // Too long to be moved, or not readable: it stays where it is, as if it were alone.
            return true;
        }

        if (Keep == 0 || !ShiftNames(writer))
            return Empty(writer, now) && (unfinished.IsEmpty || TryWrite(writer, unfinished, now));

        int old = _fd;
        _fd = -1;
        bool isReady = EnsureOpen(writer, now);
        if (!unfinished.IsEmpty)
        {
            // Moved or, if that fails, lost as a whole: half a line is of no use in either file.
            _ = system.Truncate(old, unfinishedAt);
            if (isReady)
                isReady = TryWrite(writer, unfinished, now);
            else
                Drop(writer, unfinished);
        }

        Files.Close(old);
        return isReady;
    }

    private bool IsStillAtPath() =>
        Files.StatusOf(Path) is { } status && status.Device == _device && status.Inode == _inode;

    /// <summary>NAME.keep is overwritten, …, NAME becomes NAME.1. False when the directory does not allow it.</summary>
    private bool ShiftNames(LineWriter writer)
    {
        for (int number = Keep - 1; number >= 1; number--)
            _ = system.Rename(Rotation.NameOf(Path, number), Rotation.NameOf(Path, number + 1)); // ENOENT: not that many yet.

        int errno = system.Rename(Path, Rotation.NameOf(Path, 1));
        if (errno == 0)
        {
            _saidCannotRename = false;
            return true;
        }

        writer.Counters.FileFailed();
        if (!_saidCannotRename)
            log.CannotRotateLog(Path, errno);
        _saidCannotRename = true;
        return false;
    }

    private bool Empty(LineWriter writer, Instant now)
    {
        int errno = system.Truncate(_fd, 0);
        if (errno != 0)
        {
            Fail(writer, "empty", errno, now);
            Close();
            return false;
        }

        (_size, _lineStart, _lineOwner) = (0, 0, null);
        return true;
    }

    /// <summary>The bytes of the unfinished last line, read back from the file; fewer when that is not possible.</summary>
    private ReadOnlySpan<byte> UnfinishedLine()
    {
        long length = _size - _lineStart;
        if (length is 0 or > MovedLineMax)
            return [];

        OpenResult opened = Files.Open(Path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!opened.Succeeded)
            return [];

        byte[] line = new byte[length];
        IoResult read = Files.ReadAt(opened.Fd, line, _lineStart);
        Files.Close(opened.Fd);
        return line.AsSpan(0, read.Count);
    }

    /// <summary>Where the line begins that ends with the file's last byte; the file's size when that byte is a newline.</summary>
    private long StartOfLastLine()
    {
        OpenResult opened = Files.Open(Path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!opened.Succeeded)
            return _size; // A file that we may write and not read: nothing is known, so nothing is done about it.

        byte[] block = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            for (long end = _size; end > 0 && _size - end < MovedLineMax;)
            {
                int length = (int)Math.Min(block.Length, end);
                int count = Files.ReadAt(opened.Fd, block.AsSpan(0, length), end - length).Count;
                int newline = block.AsSpan(0, count).LastIndexOf((byte)'\n');
                if (newline >= 0)
                    return end - length + newline + 1;
                end -= length;
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            Files.Close(opened.Fd);
        }
    }
}

/// <summary>One source of lines for a <see cref="LogFile"/>: a pipe.</summary>
internal sealed class LineWriter(LogCounters counters)
{
    public LogCounters Counters { get; } = counters;

    /// <summary>The beginning of the line that is being read could not be written, so its rest is not written either.</summary>
    public bool DropsRestOfLine { get; set; }
}
