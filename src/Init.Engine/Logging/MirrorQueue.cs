using System.Runtime.InteropServices;

namespace Init.Engine.Logging;

/// <summary>
/// Bytes on their way to stdout: whole lines go in, any number of bytes come out. A line that does not fit is refused, so what comes out is never a piece
/// of a line followed by another line.
/// </summary>
/// <remarks>
/// The memory is twice the capacity, so that what is pending is moved to the front at most once per capacity of progress. It grows when stdout is slow and
/// is given back to the kernel when stdout has caught up, which the garbage collector would do late or never in a process that hardly allocates.
/// </remarks>
internal sealed unsafe class MirrorQueue(int capacity) : IDisposable
{
    private const int SmallestSize = 1 << 20;

    private byte* _bytes;
    private int _size, _head, _tail;

    public int Count => _tail - _head;

    public int Capacity { get; } = capacity;

    public ReadOnlySpan<byte> Pending => new(_bytes + _head, Count);

    /// <summary>Room for at least <paramref name="bytes"/>, of which <see cref="Commit"/> takes what was used; empty when there is none.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <param name="reserve">Bytes of the capacity that must stay free behind it.</param>
    public Span<byte> Reserve(int bytes, int reserve = 0)
    {
        if (bytes > Capacity - reserve - Count)
            return default;

        if (_size - _tail < bytes)
            MakeRoom(bytes);
        return new Span<byte>(_bytes + _tail, _size - _tail);
    }

    public void Commit(int bytes) => _tail += bytes;

    public void Take(int bytes)
    {
        _head += bytes;
        if (_head < _tail)
            return;

        _head = _tail = 0;
        if (_size > SmallestSize)
            Dispose();
    }

    public void Clear() => Take(Count);

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        _size = _head = _tail = 0;
    }

    private void MakeRoom(int bytes)
    {
        int count = Count;
        int size = Math.Max(_size, Math.Min(SmallestSize, Capacity * 2));
        while (size < Capacity * 2 && size < (count + bytes) * 2L)
            size *= 2;

        if (size == _size)
        {
            Pending.CopyTo(new Span<byte>(_bytes, _size));
        }
        else
        {
            byte* grown = (byte*)NativeMemory.Alloc((nuint)size);
            Pending.CopyTo(new Span<byte>(grown, size));
            NativeMemory.Free(_bytes);
            _bytes = grown;
            _size = size;
        }

        (_head, _tail) = (0, count);
    }
}
