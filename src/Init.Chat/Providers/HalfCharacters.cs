using System.Globalization;
using System.Text;

namespace Init.Chat.Providers;

/// <summary>Some providers cut texts between the two halves of a character that UTF-16 writes as two, and write each half as an escape (\ud83d) into a piece of its own. The framework's reader refuses such a text.</summary>
internal static class HalfCharacters
{
    /// <param name="json">A JSON string with its quotes, as a reader has found it: its escapes are complete.</param>
    public static string Unescape(string json)
    {
        StringBuilder text = new(json.Length);
        for (int i = 1; i < json.Length - 1; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }

            i++;
            if (json[i] == 'u')
            {
                text.Append((char)ushort.Parse(json.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
                continue;
            }

            text.Append(json[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var other => other });
        }

        return text.ToString();
    }
}

/// <summary>Puts halves together: what it gives ends with a whole character.</summary>
internal struct CharacterJoiner
{
    private char? _half;

    public string Take(string text)
    {
        if (_half is { } half && text.Length > 0)
        {
            text = half + text;
            _half = null;
        }

        if (text.Length == 0 || !char.IsHighSurrogate(text[^1]))
            return text;
        _half = text[^1];
        return text[..^1];
    }
}
