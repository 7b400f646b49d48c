using System.Buffers.Binary;
using System.IO.Compression;

namespace Init.Backup.Store;

/// <summary>
/// Makes zlib streams as git reads them. What looks as if it could not be made smaller is stored: trying takes most of the time of a backup of pictures, archives and
/// models, and gains nothing. The decision is made for each 16 KiB, for there are files of both kinds of content.
/// </summary>
internal static class BlobDeflater
{
    private const int SegmentBytes = 16 * 1024;
    private const int SampleBytes = 2 * 1024;
    private const int StoredBytesMax = 65535;

    /// <summary>Begins a stream: deflate, window of 32 KiB, fastest (RFC 1950).</summary>
    private static ReadOnlySpan<byte> Begin => [0x78, 0x01];

    /// <summary>The last block, stored and empty (RFC 1951).</summary>
    private static ReadOnlySpan<byte> Last => [0x01, 0x00, 0x00, 0xFF, 0xFF];

    /// <summary>The whole of a blob, as one stream.</summary>
    public static void Deflate(byte[] content, int length, MemoryStream output)
    {
        // Of nothing a ZLibStream makes nothing, not even an empty stream.
        if (length > 0 && RunEnd(content, length, 0, out bool isStored) == length && !isStored)
        {
            using ZLibStream whole = new(output, CompressionLevel.Fastest, leaveOpen: true);
            whole.Write(content, 0, length);
            return;
        }

        WriteBegin(output);
        WriteBlocks(content, length, output);
        WriteEnd(Checksums.Adler32(Checksums.AdlerStart, content.AsSpan(0, length)), output);
    }

    public static void WriteBegin(MemoryStream output) => output.Write(Begin);

    /// <summary>A part of a stream that ends at a byte, so that parts made at the same time can be put one behind the other.</summary>
    public static void WriteBlocks(byte[] content, int length, MemoryStream output)
    {
        for (int at = 0; at < length;)
        {
            int end = RunEnd(content, length, at, out bool isStored);
            if (isStored)
                Store(content.AsSpan(at..end), output);
            else
                Compress(content.AsSpan(at..end), output);
            at = end;
        }
    }

    /// <param name="adler">Of everything in the stream.</param>
    public static void WriteEnd(uint adler, MemoryStream output)
    {
        Span<byte> check = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(check, adler);
        output.Write(Last);
        output.Write(check);
    }

    /// <summary>Where segments of the same kind as the one at a place end.</summary>
    private static int RunEnd(byte[] content, int length, int at, out bool isStored)
    {
        isStored = IsRandom(content.AsSpan(at, Math.Min(SegmentBytes, length - at)));
        do
            at = Math.Min(at + SegmentBytes, length);
        while (at < length && IsRandom(content.AsSpan(at, Math.Min(SegmentBytes, length - at))) == isStored);
        return at;
    }

    /// <summary>Whether its bytes are spread evenly: the sum of squares of how often each occurs is at most a sixth above that of random ones, which is some 7.8 bits a byte.</summary>
    private static bool IsRandom(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < 2 * SampleBytes)
            return false; // Too few to tell, and soon compressed.

        Span<int> counts = stackalloc int[256];
        foreach (byte value in segment[..SampleBytes])
            counts[value]++;
        foreach (byte value in segment.Slice(segment.Length - SampleBytes, SampleBytes))
            counts[value]++;

        const int Samples = 2 * SampleBytes;
        const int RandomSum = Samples + (Samples * (Samples / 256));
        int sum = 0;
        foreach (int count in counts)
            sum += count * count;
        return sum < RandomSum + (RandomSum / 6);
    }

    private static void Store(ReadOnlySpan<byte> content, MemoryStream output)
    {
        Span<byte> header = stackalloc byte[5];
        for (; !content.IsEmpty; content = content[Math.Min(content.Length, StoredBytesMax)..])
        {
            ReadOnlySpan<byte> block = content[..Math.Min(content.Length, StoredBytesMax)];
            header[0] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(header[1..], (ushort)block.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(header[3..], (ushort)~block.Length);
            output.Write(header);
            output.Write(block);
        }
    }

    private static void Compress(ReadOnlySpan<byte> content, MemoryStream output)
    {
        using DeflateStream deflate = new(output, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(content);
        deflate.Flush(); // To a byte, and not yet the last block: that is what this does not end with.
        long end = output.Length;
        deflate.Dispose();
        output.SetLength(end);
    }
}
