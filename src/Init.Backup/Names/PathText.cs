using System.Globalization;
using System.Text;

namespace Init.Backup.Names;

/// <summary>
/// Names as text, in one line and back: UTF-8 that can be read stays as it is, everything else (spaces, controls, "%", what is no UTF-8) becomes %XX. One text for one
/// name, so that the same tree gives the same manifest.
/// </summary>
public static class PathText
{
    public static string Encode(ReadOnlySpan<byte> bytes) => ToText(bytes, IsReadable);

    /// <summary>For people's eyes only: spaces and "%" stay as well, so that there is no way back.</summary>
    public static string Show(ReadOnlySpan<byte> bytes) => ToText(bytes, rune => rune.Value is ' ' or '%' || IsReadable(rune));

    private static string ToText(ReadOnlySpan<byte> bytes, Func<Rune, bool> isReadable)
    {
        StringBuilder text = new(bytes.Length + 8);
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (valid && isReadable(rune))
                text.Append(rune.ToString());
            else
                AppendEncoded(text, bytes[..length]);
            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <returns>Null when it is not what <see cref="Encode"/> writes.</returns>
    public static byte[]? Decode(string text)
    {
        byte[] raw = Encoding.UTF8.GetBytes(text);
        byte[] bytes = new byte[raw.Length];
        int count = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != (byte)'%')
            {
                bytes[count++] = raw[i];
                continue;
            }

            if (i + 2 >= raw.Length || !byte.TryParse(raw.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
                return null;
            bytes[count++] = value;
            i += 2;
        }

        byte[] decoded = bytes[..count];
        return Encode(decoded) == text ? decoded : null;
    }

    /// <summary>Separators of lines and fields are encoded in every script, and what changes the direction of the text around it.</summary>
    private static bool IsReadable(Rune rune) =>
        rune.Value != '%' && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);

    private static void AppendEncoded(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
    }
}
