using System.Collections.Immutable;
using System.Text;

namespace Init.Chat.Variables;

/// <summary>Splits text into words as a POSIX shell does: quotes group, a backslash takes the meaning from the character after it. Python's <c>shlex.split</c>, which the original uses.</summary>
internal static class ShellWords
{
    private static readonly System.Buffers.SearchValues<char> Blanks = System.Buffers.SearchValues.Create(" \t\r\n");

    /// <returns>Where a quote is not closed, or a backslash is last: the words between blanks, with quotes and backslashes in them.</returns>
    public static ImmutableArray<string> Split(string text) => Parse(text) ?? [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    private static ImmutableArray<string>? Parse(string text)
    {
        ImmutableArray<string>.Builder words = ImmutableArray.CreateBuilder<string>();
        StringBuilder word = new();
        bool isWord = false; // Empty quotes are an empty word.
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (character == '\\' && quote != '\'')
            {
                if (++i == text.Length)
                    return null;
                if (quote == '"' && text[i] is not ('"' or '\\'))
                    word.Append('\\');
                word.Append(text[i]);
                isWord = true;
            }
            else if (quote != '\0' && character == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && character is '"' or '\'')
            {
                quote = character;
                isWord = true;
            }
            else if (quote == '\0' && Blanks.Contains(character))
            {
                if (isWord)
                    words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
            else
            {
                word.Append(character);
                isWord = true;
            }
        }

        if (quote != '\0')
            return null;
        if (isWord)
            words.Add(word.ToString());
        return words.ToImmutable();
    }
}
