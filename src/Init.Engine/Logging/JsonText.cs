using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Init.Engine.Logging;

/// <summary>The inside of a JSON string (RFC 8259, section 7) from any bytes: what is not UTF-8 becomes U+FFFD, control characters are escaped.</summary>
internal static class JsonText
{
    /// <summary>No byte becomes longer than this (\u001f).</summary>
    public const int LongestEscape = 6;

    private static readonly SearchValues<byte> NeedsEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (byte)code), (byte)'"', (byte)'\\', 0x7F]);

    /// <summary>Returns the number of bytes written; <paramref name="target"/> must have room for <see cref="LongestEscape"/> times the source.</summary>
    public static int Write(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!Utf8.IsValid(source))
            return WriteRepaired(source, target);

        int written = 0;
        while (true)
        {
            int plain = source.IndexOfAny(NeedsEscape);
            if (plain < 0)
            {
                source.CopyTo(target[written..]);
                return written + source.Length;
            }

            source[..plain].CopyTo(target[written..]);
            written += plain;
            written += WriteEscape(source[plain], target[written..]);
            source = source[(plain + 1)..];
        }
    }

    public static byte[] Of(string text)
    {
        byte[] source = Encoding.UTF8.GetBytes(text);
        byte[] target = new byte[source.Length * LongestEscape];
        return target[..Write(source, target)];
    }

    private static int WriteRepaired(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int written = 0;
        while (!source.IsEmpty)
        {
            // An ill-formed sequence is consumed as the Unicode standard recommends (its maximal subpart), and yields the replacement character.
            _ = Rune.DecodeFromUtf8(source, out Rune rune, out int consumed);
            written += rune.IsAscii && NeedsEscape.Contains((byte)rune.Value)
                ? WriteEscape((byte)rune.Value, target[written..])
                : rune.EncodeToUtf8(target[written..]);
            source = source[consumed..];
        }

        return written;
    }

    private static int WriteEscape(byte value, Span<byte> target)
    {
        target[0] = (byte)'\\';
        byte shortForm = value switch
        {
            (byte)'"' or (byte)'\\' => value,
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            _ => 0,
        };
        if (shortForm != 0)
        {
            target[1] = shortForm;
            return 2;
        }

        "u00"u8.CopyTo(target[1..]);
        target[4] = HexDigit(value >> 4);
        target[5] = HexDigit(value & 0xF);
        return 6;
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);
}
