using System.Net;
using System.Text;

namespace Init.Chat.Rendering.Code;

/// <summary>Turns code into HTML with classes. One pass; every character of the code comes out once, escaped.</summary>
internal static class CodeColouring
{
    /// <param name="html">What is written to.</param>
    /// <param name="code">As it stands in the fence.</param>
    /// <param name="languageName">As written behind the fence; null or unknown: it is only escaped.</param>
    public static void Write(StringBuilder html, string code, string? languageName)
    {
        CodeLanguage language = CodeLanguages.Find(languageName);
        switch (language.Shape)
        {
            case CodeShape.Plain:
                Escape(html, code);
                break;
            case CodeShape.Difference:
                WriteDifference(html, code);
                break;
            case CodeShape.Markup:
                WriteMarkup(html, code);
                break;
            default:
                new CodeScanner(html, code, language).Run();
                break;
        }
    }

    public static void Span(StringBuilder html, string kind, ReadOnlySpan<char> text)
    {
        html.Append("<i class=").Append(kind).Append('>');
        Escape(html, text);
        html.Append("</i>");
    }

    public static void Escape(StringBuilder html, ReadOnlySpan<char> text) => html.Append(WebUtility.HtmlEncode(text.ToString()));

    private static void WriteDifference(StringBuilder html, string code)
    {
        foreach (Range range in code.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = code.AsSpan(range);
            string? kind = line switch
            {
                ['+', ..] => "s",
                ['-', ..] => "d",
                ['@', '@', ..] => "k",
                ['d', 'i', 'f', 'f', ' ', ..] or ['i', 'n', 'd', 'e', 'x', ' ', ..] => "c",
                _ => null,
            };
            if (kind is null)
                Escape(html, line);
            else
                Span(html, kind, line);
            if (range.End.Value < code.Length)
                html.Append('\n');
        }
    }

    private static void WriteMarkup(StringBuilder html, string code)
    {
        int at = 0;
        while (at < code.Length)
        {
            if (code.AsSpan(at).StartsWith("<!--"))
            {
                int end = code.IndexOf("-->", at + 4, StringComparison.Ordinal);
                end = end < 0 ? code.Length : end + 3;
                Span(html, "c", code.AsSpan(at..end));
                at = end;
            }
            else if (code[at] == '<' && at + 1 < code.Length && (char.IsAsciiLetter(code[at + 1]) || code[at + 1] is '/' or '!' or '?'))
            {
                at = WriteTag(html, code, at);
            }
            else
            {
                int end = code.IndexOf('<', at + 1);
                end = end < 0 ? code.Length : end;
                Escape(html, code.AsSpan(at..end));
                at = end;
            }
        }
    }

    private static int WriteTag(StringBuilder html, string code, int at)
    {
        int name = at + 1;
        while (name < code.Length && (char.IsAsciiLetterOrDigit(code[name]) || code[name] is '/' or '!' or '?' or '-' or ':' or '_' or '.'))
            name++;
        Span(html, "k", code.AsSpan(at..name));
        at = name;
        while (at < code.Length && code[at] != '>')
        {
            int begin = at;
            if (code[at] is '"' or '\'')
            {
                int end = code.IndexOf(code[at], at + 1);
                at = end < 0 ? code.Length : end + 1;
                Span(html, "s", code.AsSpan(begin..at));
            }
            else if (char.IsLetter(code[at]) || code[at] is ':' or '@' or '_')
            {
                while (at < code.Length && (char.IsLetterOrDigit(code[at]) || code[at] is '-' or ':' or '@' or '_' or '.'))
                    at++;
                Span(html, "f", code.AsSpan(begin..at));
            }
            else
            {
                Escape(html, code.AsSpan(at++, 1));
            }
        }

        if (at < code.Length)
            Span(html, "k", code.AsSpan(at++, 1));
        return at;
    }
}
