using System.Collections.Immutable;
using System.Text;

namespace Init.Base;

/// <summary>Words as a POSIX shell has them, without comments, operators and expansions: Python's <c>shlex.split</c>, which supervisord and others read commands with.</summary>
public static class ShellWords
{
    /// <param name="text">The words.</param>
    /// <param name="fault">Python's words for why the result is null.</param>
    public static ImmutableArray<string>? Split(string text, out string? fault)
    {
        ImmutableArray<string>.Builder words = ImmutableArray.CreateBuilder<string>();
        StringBuilder word = new();
        bool hasWord = false;
        fault = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is ' ' or '\t' or '\r' or '\n')
            {
                if (hasWord)
                    words.Add(word.ToString());

                word.Clear();
                hasWord = false;
            }
            else if (c is '\'' or '"')
            {
                hasWord = true;
                for (i++; i < text.Length && text[i] != c; i++)
                {
                    // In double quotes a backslash quotes itself and the quote, and is itself before anything else.
                    if (c == '"' && text[i] == '\\')
                    {
                        i++;
                        if (i >= text.Length)
                        {
                            fault = "No escaped character";
                            return null;
                        }

                        if (text[i] is not ('"' or '\\'))
                            word.Append('\\');
                    }

                    word.Append(text[i]);
                }

                if (i >= text.Length)
                {
                    fault = "No closing quotation";
                    return null;
                }
            }
            else if (c == '\\')
            {
                hasWord = true;
                if (++i >= text.Length)
                {
                    fault = "No escaped character";
                    return null;
                }

                word.Append(text[i]);
            }
            else
            {
                hasWord = true;
                word.Append(c);
            }
        }

        if (hasWord)
            words.Add(word.ToString());

        return words.ToImmutable();
    }
}
