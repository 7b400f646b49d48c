namespace Init.Chat.Transfer;

/// <summary>
/// What a zip writer writes for one entry, until it is sent on. A zip writer goes back to fill in an entry's length and checksum, which the receiving stream cannot; behind it nothing changes. And it writes without waiting, which a
/// server's stream refuses.
/// </summary>
internal sealed class ZipWindow : Stream
{
    private readonly MemoryStream _held = new();
    private long _sent;

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _sent + _held.Length;

    public override long Position
    {
        get => _sent + _held.Position;
        set => _held.Position = value - _sent;
    }

    public async Task SendAsync(Stream output, CancellationToken cancellation)
    {
        await output.WriteAsync(_held.GetBuffer().AsMemory(0, (int)_held.Length), cancellation);
        _sent += _held.Length;
        _held.SetLength(0);
        if (_held.Capacity > 1 << 20)
            _held.Capacity = 0; // A long context does not stay in memory for the short ones behind it.
    }

    public override void Write(byte[] buffer, int offset, int count) => _held.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => _held.Write(buffer);

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _held.Dispose();
        base.Dispose(disposing);
    }
}
