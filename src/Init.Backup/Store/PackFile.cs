using System.Buffers.Binary;
using System.Security.Cryptography;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>
/// One pack (gitformat-pack, version 2) while it is written, under a name that git does not look at. Several threads append objects; the others are for one thread, when no
/// append is under way.
/// </summary>
internal sealed class PackFile : IDisposable
{
    public const string TemporaryPrefix = "tmp_init_";

    private const int HeaderBytes = 12;

    private readonly Lock _gate = new();
    private readonly List<(ObjectId Id, uint Crc, uint At)> _objects = [];
    private readonly string _directory;
    private readonly string _path;
    private readonly int _fd;
    private string _name = "";

    /// <param name="number">Another for each pack of a run.</param>
    public PackFile(string directory, int number)
    {
        _directory = directory;
        _path = Path.Combine(directory, $"{TemporaryPrefix}{number}");
        _fd = Files.Open(_path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, 0x124 /* 0444, as git's */).OrThrow("make", _path);
    }

    /// <summary>Bytes so far.</summary>
    public long End { get; private set; } = HeaderBytes;

    /// <param name="object">With its header.</param>
    public void Append(ObjectId id, ReadOnlySpan<byte> @object)
    {
        uint crc = Checksums.Crc32(0, @object);
        long at;
        lock (_gate)
        {
            at = End;
            End += @object.Length;
            _objects.Add((id, crc, (uint)at));
        }

        Write(@object, at);
    }

    /// <summary>A piece of an object whose name is known only at its end.</summary>
    public void AppendPiece(ReadOnlySpan<byte> piece)
    {
        Write(piece, End);
        End += piece.Length;
    }

    public void EndObject(ObjectId id, uint crc, long at) => _objects.Add((id, crc, (uint)at));

    /// <summary>Takes away what has been appended from a place on.</summary>
    public void Cut(long at)
    {
        Require(Files.Truncate(_fd, at), "shorten");
        End = at;
    }

    /// <summary>Counts, checks and indexes what is in it, and waits until the disk has it.</summary>
    public void Seal()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        "PACK"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], (uint)_objects.Count);
        Write(header, 0);

        // Only now: the count comes first, and is known last.
        Span<byte> checksum = stackalloc byte[ObjectId.Bytes];
        using IncrementalHash hash = GitHash.Begin();
        byte[] buffer = new byte[256 * 1024];
        for (long at = 0; at < End;)
        {
            IoResult read = Files.ReadAt(_fd, buffer.AsSpan(0, (int)Math.Min(buffer.Length, End - at)), at);
            Require(read.Succeeded && read.Count == 0 ? Errno.EIO : read.Errno, "read");
            hash.AppendData(buffer, 0, read.Count);
            at += read.Count;
        }

        _ = hash.GetHashAndReset(checksum);
        Write(checksum, End);
        Require(Files.Synchronize(_fd), "synchronize");

        _objects.Sort((one, other) => one.Id.CompareTo(other.Id));
        WriteSynchronized(_path + ".idx", PackIndex.Make(_objects, checksum));
        _name = Path.Combine(_directory, "pack-" + Convert.ToHexStringLower(checksum));
        _objects.Clear();
    }

    /// <summary>Gives a sealed pack to git, marked as one that nothing may name yet.</summary>
    /// <param name="mark">See <see cref="PackMarks"/>.</param>
    public void Publish(ReadOnlySpan<byte> mark)
    {
        if (File.Exists(_name + ".pack"))
            return; // The same objects: they are there, and stay.

        WriteSynchronized(_name + ".keep", mark);
        Require(Files.Rename(_path, _name + ".pack"), "rename");
        Require(Files.Rename(_path + ".idx", _name + ".idx"), "rename"); // Last: by this git finds it.
    }

    public void Dispose()
    {
        Files.Close(_fd);
        _ = Files.Unlink(_path);
        _ = Files.Unlink(_path + ".idx");
    }

    private static void WriteSynchronized(string path, ReadOnlySpan<byte> content)
    {
        int fd = Files.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, 0x124 /* 0444 */).OrThrow("make", path);
        int errno = Files.WriteAllAt(fd, content, 0);
        if (errno == 0)
            errno = Files.Synchronize(fd);
        Files.Close(fd);
        if (errno != 0)
            throw new SyscallException("write", path, errno);
    }

    private void Write(ReadOnlySpan<byte> bytes, long at) => Require(Files.WriteAllAt(_fd, bytes, at), "write");

    private void Require(int errno, string operation)
    {
        if (errno != 0)
            throw new SyscallException(operation, _path, errno);
    }
}
