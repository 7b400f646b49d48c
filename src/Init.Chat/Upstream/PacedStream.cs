using System.Collections.Immutable;

namespace Init.Chat.Upstream;

/// <summary>Comes in these pieces, one with each read and a pause before each.</summary>
internal sealed class PacedStream(ImmutableArray<byte[]> pieces, TimeSpan pause, TimeProvider clock) : Stream
{
    private int _piece, _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_piece == pieces.Length)
            return 0;
        if (_at == 0 && _piece > 0 && pause > TimeSpan.Zero)
            await Task.Delay(pause, clock, cancellationToken);
        byte[] piece = pieces[_piece];
        int count = Math.Min(buffer.Length, piece.Length - _at);
        piece.AsSpan(_at, count).CopyTo(buffer.Span);
        _at += count;
        if (_at == piece.Length)
            (_piece, _at) = (_piece + 1, 0);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // There is nothing to flush.
    }
}
