using System.Buffers;
using System.Text.Json;

namespace Init.Chat.OpenAi;

internal static class TextLengths
{
    /// <summary>
    /// How many tokens a text has, roughly, when nobody says it: four characters each, as OpenAI's rule of thumb is. Chinese has more than that; a key's day is then longer than it should be, and never shorter.
    /// </summary>
    public static long Tokens(long codePoints) => (codePoints + 3) / 4;

    /// <summary>Of the string that the reader stands at.</summary>
    public static long CodePoints(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> written = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
            return CodePoints(written);

        byte[] plain = ArrayPool<byte>.Shared.Rent(written.Length);
        long count = CodePoints(plain.AsSpan(0, reader.CopyString(plain)));
        ArrayPool<byte>.Shared.Return(plain);
        return count;
    }

    private static long CodePoints(ReadOnlySpan<byte> utf8)
    {
        long count = 0;
        foreach (byte unit in utf8)
            count += (unit & 0xC0) != 0x80 ? 1 : 0;
        return count;
    }
}
