using System.Text.Json;

namespace Init.Control;

/// <summary>What comes over a connection, taken out line by line.</summary>
public sealed class LineBuffer
{
    private byte[] _bytes = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Up to here there is no newline behind <see cref="_start"/>.</summary>
    private int _searched;

    public bool IsEmpty => _start == _end;

    /// <summary>What it holds of memory, in bytes.</summary>
    public int Capacity => _bytes.Length;

    /// <param name="line">Without its newline; valid until <see cref="Room"/> is called.</param>
    /// <returns>False when the rest of the line has yet to come.</returns>
    public bool TryTake(out ReadOnlySpan<byte> line)
    {
        int newline = _bytes.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
        if (newline < 0)
        {
            _searched = _end;
            line = default;
            return false;
        }

        int end = _searched + newline;
        line = _bytes.AsSpan(_start, end - _start);
        _start = _searched = end + 1;
        return true;
    }

    /// <summary>Where the next bytes go, at least one. <see cref="Add"/> says how many have come.</summary>
    /// <exception cref="JsonException">A line is longer than <see cref="ControlProtocol.ReplyBytesMax"/>.</exception>
    public Memory<byte> Room()
    {
        if (_end == _bytes.Length)
            MakeRoom();
        return _bytes.AsMemory(_end);
    }

    public void Add(int count) => _end += count;

    /// <summary>Moves what is unread to the front, and doubles the buffer if that is not enough.</summary>
    private void MakeRoom()
    {
        _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
        (_start, _end, _searched) = (0, _end - _start, _searched - _start);
        if (_end < _bytes.Length)
            return;

        if (_end > ControlProtocol.ReplyBytesMax)
            throw new JsonException("a line is too long");

        Array.Resize(ref _bytes, _bytes.Length * 2);
    }
}
