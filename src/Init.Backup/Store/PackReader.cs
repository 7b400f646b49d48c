using System.Buffers;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Init.Backup.Store;

/// <summary>
/// Reads blobs straight from packs, on any number of threads: no process and no pipe between. Only what is there as it is; what git has as a difference from another object
/// is left to git. Content is compared with the manifest's SHA-256 by whoever asks, so that no name is checked here.
/// </summary>
internal sealed class PackReader : IDisposable
{
    public const int PieceBytes = 64 * 1024;

    private readonly List<(PackIndex Index, Lazy<SafeFileHandle> File)> _packs;

    /// <param name="directory">objects/pack of the repository.</param>
    public PackReader(string directory) =>
        _packs = [.. PackIndex.OpenAll(directory).Select(index => (index, new Lazy<SafeFileHandle>(() => File.OpenHandle(index.PackPath))))];

    /// <returns>Bytes of the blob; -1 when it is not here to be read: nothing has been received then.</returns>
    /// <exception cref="GitException">It is damaged.</exception>
    public long TryRead(string id, ContentReceiver receive)
    {
        ObjectId name = ObjectId.Parse(id);
        foreach (var (index, file) in _packs)
        {
            long at = index.Find(name);
            if (at < 0)
                continue;

            try
            {
                return Read(file.Value, at, receive);
            }
            catch (FileNotFoundException)
            {
                // Packs were put together since their indexes were read. Git looks again for what it does not find.
            }
            catch (Exception exception) when (exception is IOException or InvalidDataException)
            {
                throw new GitException($"cannot read blob {id} from {index.PackPath}: {exception.Message}; see git fsck");
            }
        }

        return -1;
    }

    public void Dispose()
    {
        foreach (var (index, file) in _packs)
        {
            index.Dispose();
            if (file.IsValueCreated)
                file.Value.Dispose();
        }
    }

    private static long Read(SafeFileHandle pack, long at, ContentReceiver receive)
    {
        const int BlobType = 3;
        using PackStream stream = new(pack, at);
        int first = stream.ReadByte();
        if (((first >> 4) & 7) != BlobType)
            return -1;

        long size = first & 15;
        int last = first;
        for (int shift = 4; (last & 0x80) != 0 && shift < 60; shift += 7)
        {
            last = stream.ReadByte();
            size |= (last & 0x7FL) << shift;
        }

        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            using ZLibStream inflate = new(stream, CompressionMode.Decompress, leaveOpen: true);
            for (long left = size; left > 0;)
            {
                int count = inflate.ReadAtLeast(piece.AsSpan(0, (int)Math.Min(PieceBytes, left)), (int)Math.Min(PieceBytes, left), throwOnEndOfStream: false);
                if (count == 0)
                    throw new InvalidDataException("it is too short");
                receive(piece.AsSpan(0, count));
                left -= count;
            }

            return size;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>A pack from a place on. Where an object ends is not known before it has been inflated, and too much is read.</summary>
    private sealed class PackStream(SafeFileHandle pack, long start) : Stream
    {
        private long _at = start;
        private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        private int _start;
        private int _end;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = RandomAccess.Read(pack, _buffer.AsSpan(0, PieceBytes), _at);
                _at += _end;
            }

            int count = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(buffer);
            _start += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int ReadByte()
        {
            Span<byte> value = stackalloc byte[1];
            return Read(value) == 1 ? value[0] : -1;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            base.Dispose(disposing);
        }
    }
}
