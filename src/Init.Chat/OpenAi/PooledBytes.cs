using System.Buffers;

namespace Init.Chat.OpenAi;

/// <summary>Bytes in a buffer of the pool, which grows with what really comes: what a header promises takes no memory.</summary>
internal sealed class PooledBytes : IDisposable
{
    private const int SizeMin = 4096;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SizeMin);

    private int _length;

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>All that there is to come.</summary>
    public async ValueTask FillAsync(Stream stream, CancellationToken cancellation)
    {
        while (true)
        {
            if (_length == _buffer.Length)
                Grow();
            int count = await stream.ReadAsync(_buffer.AsMemory(_length), cancellation);
            if (count == 0)
                return;
            _length += count;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        Memory.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
