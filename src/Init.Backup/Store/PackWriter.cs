using System.Collections.Concurrent;
using System.Security.Cryptography;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>
/// Writes blobs into packs of our own, compressed on all cores; trees and commit are left to git. What the store has already is not written again. For one thread, which does
/// the reading and hashing; a fixed number of buffers goes round between it and those that compress.
/// </summary>
internal sealed class PackWriter : IDisposable
{
    /// <summary>Bytes that are compressed in one piece. What is larger goes in several, which do not share a window.</summary>
    public const int PieceBytes = 1024 * 1024;

    /// <summary>Far below 2 GiB, up to which an index of 32-bit places reaches; and while one is sealed, the next is written.</summary>
    private const long PackBytesMax = 256 * 1024 * 1024;

    private const int BuffersMax = 10;
    private const int BlobType = 3;

    private readonly string _directory;
    private readonly List<PackIndex> _existing;
    private readonly HashSet<ObjectId> _written = [];
    private readonly List<PackFile> _packs = [];
    private readonly List<Task> _seals = [];
    private readonly int _bufferCount = Math.Min(Environment.ProcessorCount + 2, BuffersMax);
    private readonly BlockingCollection<Buffer> _free = [];
    private readonly IncrementalHash _hash = GitHash.Begin();
    private readonly Queue<Task<Buffer>> _pieces = [];
    private Exception? _failure;
    private PackFile? _pack;
    private Buffer? _piece;
    private uint _adler;
    private uint _crc;
    private long _begun;

    /// <param name="directory">objects/pack of the repository.</param>
    public PackWriter(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        _existing = PackIndex.OpenAll(directory);
        for (int i = 0; i < _bufferCount; i++)
            _free.Add(new Buffer());
    }

    /// <summary>A blob of at most <see cref="PieceBytes"/>.</summary>
    /// <returns>Its name. It is in the store after <see cref="Publish"/>.</returns>
    public string Put(ReadOnlySpan<byte> content)
    {
        _hash.AppendBlobHeader(content.Length);
        _hash.AppendData(content);
        ObjectId id = _hash.EndId();
        if (IsThere(id))
            return id.ToString();

        PackFile pack = Pack();
        Buffer buffer = _free.Take();
        content.CopyTo(buffer.Content);
        buffer.Length = content.Length;
        _ = Task.Run(() => DeflateAndAppend(buffer, pack, id));
        ThrowFailure();
        return id.ToString();
    }

    /// <summary>A blob in pieces: exactly this many bytes follow by <see cref="Append"/>, then <see cref="End"/>.</summary>
    public void Begin(long length)
    {
        PackFile pack = Pack();
        Drain(); // One blob is in one place.
        ThrowFailure();

        _begun = pack.End;
        _adler = Checksums.AdlerStart;
        _crc = 0;
        _hash.AppendBlobHeader(length);
        MemoryStream start = new();
        WriteHeader(length, start);
        BlobDeflater.WriteBegin(start);
        AppendToPack(start);
    }

    public void Append(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            if (_piece is null)
            {
                if (_pieces.Count == _bufferCount - 1)
                    AppendOldestPiece();
                _piece = _free.Take();
                _piece.Length = 0;
            }

            ReadOnlySpan<byte> taken = content[..Math.Min(content.Length, PieceBytes - _piece.Length)];
            taken.CopyTo(_piece.Content.AsSpan(_piece.Length));
            _piece.Length += taken.Length;
            content = content[taken.Length..];
            if (_piece.Length == PieceBytes)
                EndPiece();
        }
    }

    public string End()
    {
        EndPiece();
        while (_pieces.Count > 0)
            AppendOldestPiece();

        ObjectId id = _hash.EndId();
        if (IsThere(id))
        {
            _pack!.Cut(_begun);
            return id.ToString();
        }

        MemoryStream end = new();
        BlobDeflater.WriteEnd(_adler, end);
        AppendToPack(end);
        _pack!.EndObject(id, _crc, _begun);
        return id.ToString();
    }

    /// <summary>Everything is on disk, and git finds it.</summary>
    /// <param name="mark">See <see cref="PackMarks"/>.</param>
    public void Publish(ReadOnlySpan<byte> mark)
    {
        EndPack();
        Task.WaitAll(_seals);
        foreach (PackFile pack in _packs)
            pack.Publish(mark);

        int fd = Files.Open(_directory, OpenFlags.Read).OrThrow("open", _directory);
        int errno = Files.Synchronize(fd);
        Files.Close(fd);
        if (errno != 0)
            throw new SyscallException("synchronize", _directory, errno);
    }

    public void Dispose()
    {
        while (_pieces.TryDequeue(out var piece))
            _free.Add(piece.Result);
        if (_piece is not null)
            _free.Add(_piece);
        Drain();
        Task.WhenAll(_seals).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        foreach (PackFile pack in _packs)
            pack.Dispose();
        foreach (PackIndex index in _existing)
            index.Dispose();
        _hash.Dispose();
        _free.Dispose();
    }

    private bool IsThere(ObjectId id) => !_written.Add(id) || _existing.Exists(index => index.Find(id) >= 0);

    private PackFile Pack()
    {
        if (_pack is { End: >= PackBytesMax })
            EndPack();
        if (_pack is null)
            _packs.Add(_pack = new PackFile(_directory, _packs.Count));
        return _pack;
    }

    private void EndPack()
    {
        Drain();
        ThrowFailure();
        if (_pack is { } pack)
            _seals.Add(Task.Run(pack.Seal));
        _pack = null;
    }

    private void DeflateAndAppend(Buffer buffer, PackFile pack, ObjectId id)
    {
        try
        {
            buffer.Output.SetLength(0);
            WriteHeader(buffer.Length, buffer.Output);
            BlobDeflater.Deflate(buffer.Content, buffer.Length, buffer.Output);
            pack.Append(id, buffer.Output.GetBuffer().AsSpan(0, (int)buffer.Output.Length));
        }
#pragma warning disable CA1031 // Whatever it is: the next call on the other thread throws it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _failure, exception);
        }
        finally
        {
            _free.Add(buffer);
        }
    }

    private void EndPiece()
    {
        if (_piece is not { } piece)
            return;

        _piece = null;
        _pieces.Enqueue(Task.Run(() =>
        {
            piece.Output.SetLength(0);
            BlobDeflater.WriteBlocks(piece.Content, piece.Length, piece.Output);
            return piece;
        }));
        _hash.AppendData(piece.Content, 0, piece.Length);
        _adler = Checksums.Adler32(_adler, piece.Content.AsSpan(0, piece.Length));
    }

    private void AppendOldestPiece()
    {
        Buffer piece = _pieces.Dequeue().GetAwaiter().GetResult();
        try
        {
            AppendToPack(piece.Output);
        }
        finally
        {
            _free.Add(piece);
        }
    }

    private void AppendToPack(MemoryStream output)
    {
        ReadOnlySpan<byte> bytes = output.GetBuffer().AsSpan(0, (int)output.Length);
        _crc = Checksums.Crc32(_crc, bytes);
        _pack!.AppendPiece(bytes);
    }

    /// <summary>Waits until nobody compresses: whoever has all buffers is alone.</summary>
    private void Drain()
    {
        Buffer[] all = new Buffer[_bufferCount];
        for (int i = 0; i < all.Length; i++)
            all[i] = _free.Take();
        foreach (Buffer buffer in all)
            _free.Add(buffer);
    }

    private void ThrowFailure()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            throw new GitException($"cannot write a pack in {_directory}: {failure.Message}");
    }

    /// <summary>Type and length before an object's stream: four bits of the length, then seven at a time, the lowest first.</summary>
    private static void WriteHeader(long length, MemoryStream output)
    {
        long rest = length >> 4;
        output.WriteByte((byte)((BlobType << 4) | (int)(length & 15) | (rest > 0 ? 0x80 : 0)));
        for (; rest > 0; rest >>= 7)
            output.WriteByte((byte)((rest & 0x7F) | (rest > 0x7F ? 0x80L : 0)));
    }

    private sealed class Buffer
    {
        public byte[] Content { get; } = new byte[PieceBytes];

        public int Length { get; set; }

        public MemoryStream Output { get; } = new();
    }
}
