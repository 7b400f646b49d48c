using System.Globalization;
using System.Text;

namespace Init.Chat.Store.Sql;

/// <summary>
/// Every text of .NET as a text that every database takes, and back: PostgreSQL refuses U+0000, and half a surrogate pair has no UTF-8, so that two names could become one. Nearly all texts are what they are;
/// U+001A (SUBSTITUTE) marks what is not: itself, "0" for U+0000, four hexadecimal digits for half a pair.
/// </summary>
internal static class SqlText
{
    private const char Mark = '\u001A';

    public static string Encode(string text)
    {
        int first = FirstToMark(text);
        if (first < 0)
            return text;

        StringBuilder encoded = new(text, 0, first, text.Length + 16);
        for (int i = first; i < text.Length; i++)
        {
            char character = text[i];
            if (char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                encoded.Append(character).Append(text[++i]);
            else if (char.IsSurrogate(character))
                encoded.Append(Mark).Append(((int)character).ToString("X4", CultureInfo.InvariantCulture));
            else if (character == Mark)
                encoded.Append(Mark).Append(Mark);
            else if (character == '\0')
                encoded.Append(Mark).Append('0');
            else
                encoded.Append(character);
        }

        return encoded.ToString();
    }

    public static string Decode(string text)
    {
        int first = text.IndexOf(Mark, StringComparison.Ordinal);
        if (first < 0)
            return text;

        StringBuilder decoded = new(text, 0, first, text.Length);
        for (int i = first; i < text.Length; i++)
        {
            if (text[i] != Mark || i + 1 == text.Length)
                decoded.Append(text[i]);
            else if (text[i + 1] is Mark or '0')
                decoded.Append(text[++i] == Mark ? Mark : '\0');
            else if (i + 4 < text.Length && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort half))
            {
                decoded.Append((char)half);
                i += 4;
            }
        }

        return decoded.ToString();
    }

    private static int FirstToMark(string text)
    {
        int marked = text.AsSpan().IndexOfAny('\0', Mark);
        int paired = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        while (paired >= 0 && paired + 1 < text.Length && char.IsHighSurrogate(text[paired]) && char.IsLowSurrogate(text[paired + 1]))
        {
            int next = text.AsSpan(paired + 2).IndexOfAnyInRange('\uD800', '\uDFFF');
            paired = next < 0 ? -1 : paired + 2 + next;
        }

        return marked < 0 ? paired : paired < 0 ? marked : Math.Min(marked, paired);
    }
}
