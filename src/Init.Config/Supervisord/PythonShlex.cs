using System.Text;

namespace Init.Config.Supervisord;

/// <summary>Python's shlex in its older mode; <see cref="Init.Base.ShellWords"/> is the newer one.</summary>
internal static class PythonShlex
{
    private const string Whitespace = " \t\r\n";

    /// <summary>
    /// <c>KEY="value",KEY2=value2</c> as supervisord 4.2.5 reads it: with shlex in its older mode, where quotes stay part of a token, "#" begins a comment, and any
    /// character but letters, digits and <c>_/.+-():</c> is a token of its own. The commas are not looked at: every fourth token is skipped, whatever it is.
    /// </summary>
    public static List<KeyValuePair<string, string>>? ReadPairs(string text, out string? fault)
    {
        fault = null;
        List<string>? tokens = Tokens(text);
        if (tokens is null)
        {
            fault = "a quotation mark is not closed";
            return null;
        }

        List<KeyValuePair<string, string>> pairs = [];
        for (int i = 0; i < tokens.Count; i += 4)
        {
            if (i + 2 >= tokens.Count || tokens[i + 1] != "=")
            {
                fault = pairs.Count == 0 ? "is not a list of KEY=\"value\"" : $"does not go on with KEY=\"value\" after {ConfigText.Quote(pairs[^1].Key)}";
                return null;
            }

            pairs.Add(new(tokens[i], tokens[i + 2].Trim('\'', '"')));
        }

        return pairs;
    }

    /// <summary>Null when a quotation mark is not closed.</summary>
    private static List<string>? Tokens(string text)
    {
        List<string> tokens = [];
        StringBuilder token = new();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '#')
            {
                // Up to the end of the line, which belongs to the comment: what follows continues the token.
                while (i < text.Length && text[i] != '\n')
                    i++;
            }
            else if (Whitespace.Contains(c, StringComparison.Ordinal))
            {
                Finish();
            }
            else if (token.Length == 0 && c is '\'' or '"')
            {
                // A token that begins with a quotation mark ends with the next one.
                int end = text.IndexOf(c, i + 1);
                if (end < 0)
                    return null;

                tokens.Add(text[i..(end + 1)]);
                i = end;
            }
            else if (IsWord(c) || c is '\'' or '"')
            {
                token.Append(c);
            }
            else
            {
                Finish();
                tokens.Add(c.ToString());
            }
        }

        Finish();
        return tokens;

        void Finish()
        {
            if (token.Length > 0)
                tokens.Add(token.ToString());

            token.Clear();
        }
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || "_/.+-():".Contains(c, StringComparison.Ordinal);
}
