using System.Buffers;
using System.Globalization;
using System.Text;

namespace Init.Config.Toml;

/// <summary>How keys and pieces of the file are shown in messages: short, and without anything that a terminal would obey.</summary>
internal static class TomlText
{
    private const int PathMax = 200;
    private const int ExcerptMax = 40;

    /// <summary>What a key can have without quotes.</summary>
    public static SearchValues<byte> BareKeyBytes { get; } =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>The key as it would be written, such as <c>program."my app".command</c>; cut off when very long.</summary>
    public static string Path(IEnumerable<string> keys)
    {
        StringBuilder text = new();
        foreach (string key in keys)
        {
            if (text.Length > 0)
                text.Append('.');

            bool bare = key.Length > 0 && key.All(c => c < 128 && BareKeyBytes.Contains((byte)c));
            text.Append(bare ? Shorten(key, PathMax) : $"\"{Shorten(key, PathMax)}\"");
            if (text.Length > PathMax)
                return Shorten(text.ToString(), PathMax);
        }

        return text.ToString();
    }

    /// <summary>The text in quotes, cut off when long.</summary>
    public static string Excerpt(ReadOnlySpan<byte> utf8)
    {
        // One character takes at most four bytes, so this much shows that there is more than will be shown.
        int take = Math.Min(utf8.Length, 4 * (ExcerptMax + 1));
        while (take < utf8.Length && (utf8[take] & 0xC0) == 0x80)
            take++;

        string text = Shorten(Encoding.UTF8.GetString(utf8[..take]), ExcerptMax);
        return text.Contains('"') && !text.Contains('\'') ? $"'{text}'" : $"\"{text}\"";
    }

    /// <summary>The text as a TOML string, or null when it is too long to be of use in a hint.</summary>
    public static string? Quoted(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > ExcerptMax)
            return null;

        string text = Encoding.UTF8.GetString(utf8);
        if (text.EnumerateRunes().Any(MustBeEscaped))
            return null;

        if (!text.Contains('"') && !text.Contains('\\'))
            return $"\"{text}\"";

        return text.Contains('\'') ? null : $"'{text}'";
    }

    public static string CodePoint(int value) => "U+" + value.ToString("X4", CultureInfo.InvariantCulture);

    private static string Shorten(string text, int max)
    {
        StringBuilder shown = new();
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (count++ == max)
                return shown.Append('…').ToString();

            if (MustBeEscaped(rune))
                shown.Append(rune.Value > 0xFFFF ? $"\\U{rune.Value:X8}" : $"\\u{rune.Value:X4}");
            else
                shown.Append(rune.ToString());
        }

        return shown.ToString();
    }

    /// <summary>Control characters, and the invisible ones that can reorder a line.</summary>
    private static bool MustBeEscaped(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
