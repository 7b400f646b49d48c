using System.Buffers;
using Init.Base;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>The reading end of one process's stdout or stderr, on the log thread.</summary>
/// <remarks>
/// Only the unfinished last line of what was read is kept, in a rented buffer that is given back when the line is complete: an idle pipe costs no buffer.
/// Everything else is handled in place in <see cref="ReadBuffer"/>, which all pipes share.
/// </remarks>
internal sealed class OutputPipe
{
    /// <summary>
    /// Lines up to this length are handled as a whole. Of a longer one, the mirror makes several lines and watches see the beginning; the file keeps it as it is.
    /// </summary>
    public const int LineMax = 64 << 10;

    /// <summary>What one pipe may bring in one pass before the others have their turn.</summary>
    public const int BytesPerPass = 1 << 20;

    /// <summary>A busy pipe is enlarged to this (the usual /proc/sys/fs/pipe-max-size).</summary>
    public const int LargeCapacity = 1 << 20;

    private const int DefaultCapacity = 64 << 10;

    private readonly LineWriter _writer;
    private readonly long _attachNumber;
    private readonly OutputInspector? _inspector;
    private AnsiStripper? _stripper;
    private byte[]? _carry;
    private int _carried, _carriedOnRecord;
    private bool _isInLongLine;

    public OutputPipe(int fd, OutputSink sink, long attachNumber, OutputInspector? inspector = null)
    {
        Fd = fd;
        Sink = sink;
        _attachNumber = attachNumber;
        _inspector = inspector;
        _writer = new LineWriter(sink.Counters);
    }

    public int Fd { get; }

    public OutputSink Sink { get; }

    public bool IsOpen { get; private set; } = true;

    public int Capacity { get; set; } = DefaultCapacity;

    /// <summary>Reads in a row during a flood; see <see cref="FloodControl"/>.</summary>
    public int BusyReads { get; set; }

    /// <summary>Reads in a row that found nothing.</summary>
    public int EmptyReads { get; set; }

    /// <summary>Whether it is to be read in every pass, without being watched; see <see cref="FloodControl"/>.</summary>
    public bool IsInFlood { get; set; }

    public Instant LastRead { get; private set; }

    /// <summary>Whether part of a line waits here that is not in the file yet.</summary>
    public bool HasUnrecorded => _carried > _carriedOnRecord;

    /// <summary>Reads what there is, at most <paramref name="limit"/> bytes. Closes the pipe at its end.</summary>
    /// <returns>The number of bytes read.</returns>
    public int Pump(ReadBuffer buffer, Mirror mirror, InitLog log, Instant now, int limit = BytesPerPass)
    {
        int total = 0;
        Span<byte> reading = _inspector is null ? buffer.Reading : buffer.Reading[..^CaptureFilter.HeldMax];
        while (total < limit)
        {
            IoResult read = Files.Read(Fd, reading);
            if (read.WouldBlock)
                break;

            if (read.Count == 0)
            {
                if (!read.Succeeded)
                    log.CannotReadOutput(Sink.Instance, Sink.Stream, Errno.Describe(read.Errno));
                Finish(mirror, now);
                break;
            }

            total += read.Count;
            LastRead = now;
            Sink.Counters.Received(read.Count, reading[..read.Count].Count((byte)'\n'));
            int count = _inspector is null ? read.Count : _inspector.Inspect(buffer.Reading, read.Count);
            if (Sink.Spec.StripsAnsi)
                count = (_stripper ??= new AnsiStripper()).Strip(buffer.Reading[..count]);
            Handle(buffer.With(_carry.AsSpan(0, _carried), count), mirror, now);
            if (read.Count < reading.Length)
                break; // That was all; if more has come since, the loop comes back.
        }

        return total;
    }

    /// <summary>Puts the unfinished line into the file as far as it has come: nothing has followed for a while, so it may be a prompt.</summary>
    public void RecordUnfinished(Instant now)
    {
        Sink.Record(_writer, _carry.AsSpan(_carriedOnRecord.._carried), now);
        _carriedOnRecord = _carried;
    }

    /// <summary>What is left of an unfinished line goes where it belongs, without a newline in the file; the descriptor remains to be closed.</summary>
    public void Finish(Mirror mirror, Instant now)
    {
        if (!IsOpen)
            return;

        IsOpen = false;
        if (_inspector is not null)
            AddToCarry(_inspector.Finish());
        if (_carried > 0)
        {
            RecordUnfinished(now);
            PassOn(_carry.AsSpan(0, _carried), mirror);
            DropCarry();
        }

        LeaveFile();
    }

    /// <summary>Comes before the sink is given another file; what is in the old one already is not repeated there.</summary>
    public void LeaveFile() => Sink.File?.Abandon(_writer);

    /// <param name="data">The carried beginning of a line, and what has just been read.</param>
    private void Handle(ReadOnlySpan<byte> data, Mirror mirror, Instant now)
    {
        ReadOnlySpan<byte> fresh = data[_carried..];
        int whole = fresh.LastIndexOf((byte)'\n') + 1;
        if (whole > 0)
        {
            whole += _carried;
            Sink.Record(_writer, data[_carriedOnRecord..whole], now);
            PassOn(data[..whole], mirror);
            data = data[whole..];
            DropCarry();
        }

        if (data.Length <= LineMax)
        {
            AddToCarry(data[_carried..]);
            return;
        }

        Sink.Record(_writer, data[_carriedOnRecord..], now);
        PassOn(data, mirror, isUnfinished: true);
        DropCarry();
    }

    /// <summary>To those who want lines.</summary>
    private void PassOn(ReadOnlySpan<byte> lines, Mirror mirror, bool isUnfinished = false)
    {
        if (Sink.Spec.Mirror)
            mirror.Add(Sink.MirrorSource, lines);
        Sink.PassThrough?.AddRaw(Sink.MirrorSource, lines, isUnfinished);
        Sink.OwnLog?.Add(lines);
        Sink.Syslog?.Send(Sink.Process, lines, MonotonicClock.Now);

        if (Sink.Watches.Count > 0)
            Sink.Match(_attachNumber, _isInLongLine ? AfterFirstLine(lines) : lines);

        _isInLongLine = isUnfinished;
    }

    private static ReadOnlySpan<byte> AfterFirstLine(ReadOnlySpan<byte> lines)
    {
        int end = lines.IndexOf((byte)'\n');
        return end < 0 ? [] : lines[(end + 1)..];
    }

    private void AddToCarry(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;

        int length = _carried + bytes.Length;
        if (_carry is null || _carry.Length < length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(length);
            _carry.AsSpan(0, _carried).CopyTo(larger);
            if (_carry is not null)
                ArrayPool<byte>.Shared.Return(_carry);
            _carry = larger;
        }

        bytes.CopyTo(_carry.AsSpan(_carried));
        _carried = length;
    }

    private void DropCarry()
    {
        if (_carry is not null)
            ArrayPool<byte>.Shared.Return(_carry);
        (_carry, _carried, _carriedOnRecord) = (null, 0, 0);
    }
}

/// <summary>One buffer for reading, shared by all pipes, with room in front for the line that a pipe has begun.</summary>
internal sealed class ReadBuffer
{
    private const int ReadSize = 256 << 10;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(OutputPipe.LineMax + ReadSize, pinned: true);

    public Span<byte> Reading => _bytes.AsSpan(OutputPipe.LineMax);

    /// <summary><paramref name="carried"/> and the first <paramref name="count"/> bytes of <see cref="Reading"/>, in one piece.</summary>
    public ReadOnlySpan<byte> With(ReadOnlySpan<byte> carried, int count)
    {
        carried.CopyTo(_bytes.AsSpan(OutputPipe.LineMax - carried.Length));
        return _bytes.AsSpan(OutputPipe.LineMax - carried.Length, carried.Length + count);
    }
}
