using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>Everything that goes to Init's stdout: the programs' lines and Init's own, through one bounded queue that never waits for the reader.</summary>
internal sealed class Mirror : IDisposable
{
    public const int QueueCapacity = 4 << 20;

    /// <summary>What a program cannot fill, so that Init's own lines still have a place while a program floods a slow stdout.</summary>
    private const int ReservedForInit = 64 << 10;

    /// <summary>Lines are written when this much has come together, or at the end of the loop's pass.</summary>
    private const int FlushAt = 256 << 10;

    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(1), BetweenDropNotices = TimeSpan.FromSeconds(10);

    private readonly MirrorQueue _queue = new(QueueCapacity);
    private readonly List<MirrorSource> _withDrops = [];
    private readonly EventLoop _loop;
    private readonly InitLog _log;
    private readonly LogFormat _format;
    private readonly Timestamp _timestamp;
    private MirrorOutput? _output;
    private bool _isWatching, _isMidLine, _isCutOff;
    private int _errno;
    private Instant _nextTry, _nextNotice;

    public Mirror(EventLoop loop, InitLog log, LogFormat format, TimeProvider clock, int fd)
    {
        _loop = loop;
        _log = log;
        _format = format;
        _timestamp = new Timestamp(clock);
        _output = fd >= 0 ? MirrorOutput.Take(fd) : null;
    }

    public bool IsOn => _output is not null;

    public bool IsEmpty => _queue.Count == 0;

    public MirrorSource CreateSource(string instance, OutputStream stream, LogCounters counters) =>
        new(instance, new LineFormat(_format, instance, stream), counters);

    /// <summary>
    /// Queues each line of <paramref name="lines"/>; the last one may lack its newline, and gets one. A line longer than
    /// <see cref="OutputPipe.LineMax"/> becomes several.
    /// </summary>
    public void Add(MirrorSource source, ReadOnlySpan<byte> lines)
    {
        if (_output is null)
            return;

        if (_errno != 0 && MonotonicClock.Now < _nextTry)
        {
            source.Counters.MirrorDropped(lines.Count((byte)'\n'), lines.Length);
            return;
        }

        source.Format.SetTime(_timestamp.Now);
        while (!lines.IsEmpty)
        {
            int length = lines.IndexOf((byte)'\n');
            int next = length + 1;
            if (length < 0)
                length = next = lines.Length;
            if (length > OutputPipe.LineMax)
                length = next = PieceOf(lines);

            ReadOnlySpan<byte> line = lines[..length];
            if (length > 0 && line[^1] == '\r')
                line = line[..^1];
            AddLine(source, line);
            lines = lines[next..];
        }
    }

    /// <summary>Queues lines as they are. The last one gets a newline if it lacks one, unless more of it follows.</summary>
    public void AddRaw(MirrorSource source, ReadOnlySpan<byte> lines, bool isUnfinished)
    {
        if (_output is null || lines.IsEmpty)
            return;

        bool endsInLine = lines[^1] != '\n' && !isUnfinished;
        int length = lines.Length + (endsInLine ? 1 : 0);
        Span<byte> room = _queue.Reserve(length, ReservedForInit);
        if (room.IsEmpty && !_isWatching)
        {
            Flush();
            room = _queue.Reserve(length, ReservedForInit);
        }

        if (room.IsEmpty)
        {
            CountDropped(source, lines.Length, Math.Max(1, lines.Count((byte)'\n')));
            return;
        }

        lines.CopyTo(room);
        if (endsInLine)
            room[lines.Length] = (byte)'\n';
        _queue.Commit(length);
        if (_queue.Count >= FlushAt && !_isWatching)
            Flush();
    }

    /// <summary>Queues a line of Init's own, newline included, as it is.</summary>
    public void AddOwn(ReadOnlySpan<byte> line)
    {
        if (_output is null)
            return;

        Span<byte> room = _queue.Reserve(line.Length);
        if (room.IsEmpty)
            return; // It is in init.log all the same.

        line.CopyTo(room);
        _queue.Commit(line.Length);
    }

    /// <summary>Writes what stdout takes without waiting.</summary>
    public void Flush()
    {
        while (_output is not null && _queue.Count > 0)
        {
            if (_errno != 0 && MonotonicClock.Now < _nextTry)
            {
                DropQueue();
                break;
            }

            if (_isCutOff && !TryWrite("\n"u8, out _))
                break;

            if (!TryWrite(_queue.Pending, out int written))
                break;

            _queue.Take(written);
        }

        WatchWhile(_queue.Count > 0);
        if (_withDrops.Count > 0)
            ReportDrops();
    }

    public void Dispose()
    {
        TurnOff();
        _queue.Dispose();
    }

    private void AddLine(MirrorSource source, ReadOnlySpan<byte> line)
    {
        int most = source.Format.MostBytesFor(line.Length);
        Span<byte> room = _queue.Reserve(most, ReservedForInit);
        if (room.IsEmpty && !_isWatching)
        {
            Flush();
            room = _queue.Reserve(most, ReservedForInit);
        }

        if (room.IsEmpty)
        {
            CountDropped(source, line.Length);
            return;
        }

        _queue.Commit(source.Format.Write(line, room));
        if (_queue.Count >= FlushAt && !_isWatching)
            Flush();
    }

    /// <summary>How much of a line that is too long to be shown as one: not a piece of a character, where that can be helped.</summary>
    private static int PieceOf(ReadOnlySpan<byte> line)
    {
        int length = OutputPipe.LineMax;
        for (int back = 0; back < 3 && (line[length] & 0xC0) == 0x80; back++)
            length--;
        return length;
    }

    private bool TryWrite(ReadOnlySpan<byte> data, out int written)
    {
        IoResult result = _output!.Write(data);
        written = result.Count;
        if (result.Succeeded && written > 0)
        {
            _isMidLine = data[written - 1] != '\n';
            _isCutOff = false;
            if (_errno != 0)
            {
                _errno = 0;
                _log.MirrorWorksAgain();
            }

            return true;
        }

        if (result.WouldBlock)
            return false;

        if (result.Errno is Errno.EPIPE or Errno.EBADF or Errno.ECONNRESET)
        {
            _log.MirrorOff(result.Errno);
            TurnOff();
            return false;
        }

        if (_errno == 0)
            _log.MirrorFailed(result.Errno);
        _errno = result.Errno == 0 ? Errno.EIO : result.Errno;
        _nextTry = MonotonicClock.Now + PauseAfterError;
        DropQueue();
        return false;
    }

    /// <summary>stdout is a file on a full disk, or a terminal that has gone. What is queued is lost, and perhaps the rest of a line with it.</summary>
    private void DropQueue()
    {
        _isCutOff = _isMidLine;
        _queue.Clear();
    }

    private void TurnOff()
    {
        if (_output is null)
            return;

        WatchWhile(false);
        _queue.Clear();
        _output.Close();
        _output = null;
    }

    private void WatchWhile(bool isPending)
    {
        if (isPending == _isWatching || _output is null)
            return;

        try
        {
            if (isPending)
                _loop.Watch(_output.Fd, IoEvents.Writable, _ => OnWritable());
            else
                _loop.Unwatch(_output.Fd);
            _isWatching = isPending;
        }
        catch (SyscallException exception)
        {
            _log.MirrorOff(exception.Errno); // A kind of file that says "later" and cannot say when.
            TurnOff();
        }
    }

    private void OnWritable()
    {
        _output!.BecameWritable();
        Flush();
    }

    private void CountDropped(MirrorSource source, int bytes, int lines = 1)
    {
        source.Counters.MirrorDropped(lines, bytes);
        if (source.DroppedUnsaid == 0)
            _withDrops.Add(source);
        source.DroppedUnsaid += lines;
    }

    /// <summary>Says what was dropped, once it is flowing again.</summary>
    private void ReportDrops()
    {
        bool hasCaughtUp = _queue.Count == 0;
        bool flowsAgain = _queue.Count < QueueCapacity / 2 && MonotonicClock.Now >= _nextNotice;
        if (!hasCaughtUp && !flowsAgain)
            return;

        foreach (MirrorSource source in _withDrops)
        {
            _log.MirrorDroppedLines(source.Instance, source.DroppedUnsaid);
            source.DroppedUnsaid = 0;
        }

        _withDrops.Clear();
        _nextNotice = MonotonicClock.Now + BetweenDropNotices;
    }
}

/// <summary>One program's stream as the mirror sees it.</summary>
internal sealed class MirrorSource(string instance, LineFormat format, LogCounters counters)
{
    public string Instance { get; } = instance;

    public LineFormat Format { get; } = format;

    public LogCounters Counters { get; } = counters;

    /// <summary>Lines dropped since the last notice about it.</summary>
    public long DroppedUnsaid { get; set; }
}
