using System.Buffers;
using Init.Chat.Providers;

namespace Init.Chat.OpenAi;

/// <summary>
/// Cuts a stream of server-sent events into whole events, and keeps each byte as it came. Bytes are put into <see cref="Free"/>, in pieces of any size; events come out of <see cref="TryCut"/> as soon as they are whole. One thread at a
/// time.
/// </summary>
internal sealed class EventCutter : IDisposable
{
    /// <summary>An event that is larger breaks the stream.</summary>
    public const int EventBytesMax = 1 << 20;

    private const int BufferMin = 4096, FreeMin = 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferMin);

    /// <summary>Of the event that is not whole yet, and of its line that is looked at.</summary>
    private int _start, _line;

    /// <summary>Before it there is no more line end to be found; behind it everything is free.</summary>
    private int _seen, _end;

    /// <summary>Where the next bytes go. Spans of events that were cut before are void.</summary>
    /// <exception cref="StreamException">The event is too large.</exception>
    public Memory<byte> Free()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _line -= _start;
            _seen -= _start;
            _end -= _start;
            _start = 0;
        }

        if (_buffer.Length - _end >= FreeMin)
            return _buffer.AsMemory(_end);
        if (_buffer.Length >= EventBytesMax)
            throw new StreamException(StreamProblem.TooLong, $"the provider sent an event of more than {EventBytesMax} bytes");

        byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return _buffer.AsMemory(_end);
    }

    public void Filled(int count) => _end += count;

    /// <param name="bytes">The event with the blank line behind it.</param>
    /// <returns>False: none is whole.</returns>
    public bool TryCut(out ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> all = _buffer.AsSpan(0, _end);
        while (all[_seen..].IndexOfAny((byte)'\n', (byte)'\r') is var found and >= 0)
        {
            int at = _seen + found;
            bool isLast = at + 1 == _end;
            bool isBlank = at == _line;
            if (all[at] == '\r' && isLast && !isBlank)
            {
                // The other half of this line end may be on its way.
                _seen = at;
                bytes = default;
                return false;
            }

            // Of a blank line at the very end the other half may come, too; it is then a blank line of its own, which says nothing.
            int next = at + (all[at] == '\r' && !isLast && all[at + 1] == '\n' ? 2 : 1);
            _line = _seen = next;
            if (!isBlank)
                continue;
            bytes = all[_start..next];
            _start = next;
            return true;
        }

        _seen = _end;
        bytes = default;
        return false;
    }

    /// <summary>What is left when the stream has ended: an event without its blank line, or nothing.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_start.._end);

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <returns>The data of an event; empty: it has none, as a comment.</returns>
    public static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> data = default;
        bool isFirst = true;
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (!line.StartsWith("data"u8) || (line.Length > 4 && line[4] != ':'))
                continue;
            ReadOnlySpan<byte> value = line.Length > 4 ? line[5..].TrimStart((byte)' ') : default;
            data = isFirst ? value : (byte[])[.. data, (byte)'\n', .. value]; // Nobody writes JSON in several lines; it is allowed all the same.
            isFirst = false;
        }

        return data;
    }
}
