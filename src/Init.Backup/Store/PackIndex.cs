using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Init.Backup.Store;

/// <summary>An object's name, as 20 bytes.</summary>
internal readonly record struct ObjectId(ulong First, ulong Second, uint Third) : IComparable<ObjectId>
{
    public const int Bytes = 20;

    public static ObjectId Of(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    public static ObjectId Parse(string hex) => Of(Convert.FromHexString(hex));

    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, First);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Second);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], Third);
    }

    public int CompareTo(ObjectId other) =>
        First != other.First ? First.CompareTo(other.First) : Second != other.Second ? Second.CompareTo(other.Second) : Third.CompareTo(other.Third);

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}

/// <summary>The index of one pack, version 2 (gitformat-pack): which objects are in it, and where.</summary>
internal sealed class PackIndex : IDisposable
{
    private const int FanoutAt = 8;
    private const int NamesAt = FanoutAt + (256 * 4);
    private const int TrailerBytes = 2 * ObjectId.Bytes;
    private const int EntryBytes = ObjectId.Bytes + 4 + 4;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _count;

    private PackIndex(string path, MemoryMappedFile file, MemoryMappedViewAccessor view, int count)
    {
        PackPath = Path.ChangeExtension(path, ".pack");
        _file = file;
        _view = view;
        _count = count;
    }

    public string PackPath { get; }

    /// <summary>
    /// Of the packs in a directory, the largest first. Each takes a descriptor; of more than that many, the small ones are left to git.
    /// </summary>
    public static List<PackIndex> OpenAll(string directory)
    {
        const int CountMax = 100;
        if (!Directory.Exists(directory))
            return [];

        return [.. new DirectoryInfo(directory).EnumerateFiles("*.idx").OrderByDescending(file => file.Length).Take(CountMax).Select(file => Open(file.FullName)).OfType<PackIndex>()];
    }

    /// <returns>Null when it is none that we read, or is gone because packs were put together: then git does.</returns>
    private static PackIndex? Open(string path)
    {
        MemoryMappedFile file;
        long length;
        try
        {
            length = new FileInfo(path).Length;
            if (length < NamesAt + TrailerBytes || !File.Exists(Path.ChangeExtension(path, ".pack")))
                return null;
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        uint count = Number(view, NamesAt - 4);
        if (Number(view, 0) == 0xFF744F63 && Number(view, 4) == 2 && NamesAt + TrailerBytes + (count * (long)EntryBytes) <= length)
            return new PackIndex(path, file, view, (int)count);

        view.Dispose();
        file.Dispose();
        return null;
    }

    /// <summary>Where an object begins in the pack; -1 when it is not in it, or beyond 2 GiB, where we do not look.</summary>
    public long Find(ObjectId id)
    {
        int first = (int)(id.First >> 56);
        int low = first == 0 ? 0 : (int)Number(_view, FanoutAt + ((first - 1) * 4));
        int high = Math.Min(_count, (int)Number(_view, FanoutAt + (first * 4)));
        Span<byte> name = stackalloc byte[ObjectId.Bytes];
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(NamesAt + ((long)middle * ObjectId.Bytes)), name);
            int order = id.CompareTo(ObjectId.Of(name));
            if (order == 0)
            {
                uint at = Number(_view, NamesAt + ((long)_count * (ObjectId.Bytes + 4)) + (middle * 4L));
                return at <= int.MaxValue ? at : -1;
            }

            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }

        return -1;
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    /// <param name="objects">Sorted by name.</param>
    /// <param name="pack">The checksum at the pack's end.</param>
    public static byte[] Make(List<(ObjectId Id, uint Crc, uint At)> objects, ReadOnlySpan<byte> pack)
    {
        byte[] index = new byte[NamesAt + (objects.Count * EntryBytes) + TrailerBytes];
        BinaryPrimitives.WriteUInt32BigEndian(index, 0xFF744F63);
        BinaryPrimitives.WriteUInt32BigEndian(index.AsSpan(4), 2);
        int crcsAt = NamesAt + (objects.Count * ObjectId.Bytes);
        int placesAt = crcsAt + (objects.Count * 4);
        for (int i = 0; i < objects.Count; i++)
        {
            objects[i].Id.CopyTo(index.AsSpan(NamesAt + (i * ObjectId.Bytes)));
            BinaryPrimitives.WriteUInt32BigEndian(index.AsSpan(crcsAt + (i * 4)), objects[i].Crc);
            BinaryPrimitives.WriteUInt32BigEndian(index.AsSpan(placesAt + (i * 4)), objects[i].At);
        }

        for (int first = 0, i = 0; first < 256; first++)
        {
            while (i < objects.Count && (int)(objects[i].Id.First >> 56) <= first)
                i++;
            BinaryPrimitives.WriteUInt32BigEndian(index.AsSpan(FanoutAt + (first * 4)), (uint)i);
        }

        int trailerAt = index.Length - TrailerBytes;
        pack.CopyTo(index.AsSpan(trailerAt));
        GitHash.Of(index.AsSpan(0, trailerAt + ObjectId.Bytes), index.AsSpan(trailerAt + ObjectId.Bytes));
        return index;
    }

    private static uint Number(MemoryMappedViewAccessor view, long at) => BinaryPrimitives.ReverseEndianness(view.ReadUInt32(at));
}
