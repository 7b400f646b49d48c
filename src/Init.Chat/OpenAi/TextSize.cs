using System.Buffers;
using System.Text.Json;

namespace Init.Chat.OpenAi;

/// <summary>How much text there is.</summary>
/// <param name="Length">Code points.</param>
/// <param name="Wide">Those of them that are Chinese, Japanese, Korean, or pictures.</param>
internal readonly record struct TextSize(long Length, long Wide)
{
    /// <summary>How many tokens it has, roughly, when nobody says it; as <see cref="Generation.TokenEstimate"/> counts.</summary>
    public long Tokens => (((Length - Wide) * 3) + (Wide * 6) + 9) / 10;

    public static TextSize operator +(TextSize left, TextSize right) => new(left.Length + right.Length, left.Wide + right.Wide);

    /// <summary>Of the string that the reader stands at.</summary>
    public static TextSize Of(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> written = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
            return Of(written);

        byte[] plain = ArrayPool<byte>.Shared.Rent(written.Length);
        TextSize size = Of(plain.AsSpan(0, reader.CopyString(plain)));
        ArrayPool<byte>.Shared.Return(plain);
        return size;
    }

    private static TextSize Of(ReadOnlySpan<byte> utf8)
    {
        long length = 0, wide = 0;
        foreach (byte unit in utf8)
        {
            length += (unit & 0xC0) != 0x80 ? 1 : 0;
            wide += unit >= 0xE3 ? 1 : 0; // The first byte of what is U+3000 or above.
        }

        return new TextSize(length, wide);
    }
}
