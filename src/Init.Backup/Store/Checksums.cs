using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Init.Backup.Store;

/// <summary>The two checksums of git's packs that the framework does not have: CRC-32 of an index entry (RFC 1952) and Adler-32 of a zlib stream (RFC 1950).</summary>
internal static class Checksums
{
    public const uint AdlerStart = 1;

    private const uint AdlerModulus = 65521;

    /// <summary>Bytes after which the sums of Adler-32 would not fit in 32 bits.</summary>
    private const int AdlerBlock = 5552;

    private static readonly uint[] Tables = MakeTables();

    /// <param name="crc">Of what came before; 0 at the start.</param>
    public static uint Crc32(uint crc, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> tables = Tables;
        crc = ~crc;
        // Eight bytes at a time ("slicing by 8"): one byte at a time would take longer than SHA-1.
        for (; data.Length >= 8; data = data[8..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = tables[(int)(0x700 + (low & 0xFF))] ^ tables[(int)(0x600 + ((low >> 8) & 0xFF))]
                ^ tables[(int)(0x500 + ((low >> 16) & 0xFF))] ^ tables[(int)(0x400 + (low >> 24))]
                ^ tables[(int)(0x300 + (high & 0xFF))] ^ tables[(int)(0x200 + ((high >> 8) & 0xFF))]
                ^ tables[(int)(0x100 + ((high >> 16) & 0xFF))] ^ tables[(int)(high >> 24)];
        }

        foreach (byte value in data)
            crc = (crc >> 8) ^ tables[(int)((crc ^ value) & 0xFF)];
        return ~crc;
    }

    /// <param name="adler">Of what came before; <see cref="AdlerStart"/> at the start.</param>
    public static uint Adler32(uint adler, ReadOnlySpan<byte> data)
    {
        uint first = adler & 0xFFFF;
        uint second = adler >> 16;
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> block = data[..Math.Min(data.Length, AdlerBlock)];
            data = data[block.Length..];
            if (Ssse3.IsSupported)
                block = AddSixteens(block, ref first, ref second);
            foreach (byte value in block)
            {
                first += value;
                second += first;
            }

            first %= AdlerModulus;
            second %= AdlerModulus;
        }

        return (second << 16) | first;
    }

    /// <returns>What is left: fewer than 16 bytes.</returns>
    private static ReadOnlySpan<byte> AddSixteens(ReadOnlySpan<byte> block, scoped ref uint first, scoped ref uint second)
    {
        // Sixteen bytes add their sum to the first; to the second, sixteen times what the first was, and each byte as often as it is from the end.
        Vector128<sbyte> weights = Vector128.Create(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
        Vector128<uint> sums = Vector128<uint>.Zero;
        Vector128<uint> sumsBefore = Vector128<uint>.Zero;
        Vector128<int> weighted = Vector128<int>.Zero;
        uint count = (uint)block.Length / 16;
        for (; block.Length >= 16; block = block[16..])
        {
            Vector128<byte> bytes = Vector128.Create(block);
            sumsBefore += sums;
            sums += Sse2.SumAbsoluteDifferences(bytes, Vector128<byte>.Zero).AsUInt32();
            weighted += Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(bytes, weights), Vector128<short>.One);
        }

        second += (first * 16 * count) + (Vector128.Sum(sumsBefore) * 16) + (uint)Vector128.Sum(weighted);
        first += Vector128.Sum(sums);
        return block;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint value = 0; value < 256; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            tables[value] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[tables[i - 256] & 0xFF];
        return tables;
    }
}
