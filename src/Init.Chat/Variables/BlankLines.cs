using System.Text;

namespace Init.Chat.Variables;

/// <summary>Blank lines in a row become one, the first: what variables have left empty does not show. For prompts and messages.</summary>
public static class BlankLines
{
    public static string Limit(string text)
    {
        StringBuilder result = new(text.Length);
        bool wasBlank = false;
        for (int at = 0; at < text.Length;)
        {
            int end = text.IndexOf('\n', at) is >= 0 and var feed ? feed + 1 : text.Length;
            bool isBlank = text.AsSpan(at, end - at).IsWhiteSpace();
            if (!isBlank || !wasBlank)
                result.Append(text, at, end - at);
            wasBlank = isBlank;
            at = end;
        }

        return result.ToString();
    }
}
