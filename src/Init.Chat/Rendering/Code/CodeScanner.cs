using System.Text;

namespace Init.Chat.Rendering.Code;

/// <summary>Words, strings, comments and numbers of one piece of code.</summary>
/// <param name="html">What is written to.</param>
/// <param name="code">All of it.</param>
/// <param name="language">Its rules.</param>
internal sealed class CodeScanner(StringBuilder html, string code, CodeLanguage language)
{
    private int _at;

    public void Run()
    {
        int plain = 0;
        while (_at < code.Length)
        {
            int begin = _at;
            string? kind = Next();
            if (kind is null)
                continue;
            CodeColouring.Escape(html, code.AsSpan(plain..begin));
            CodeColouring.Span(html, kind, code.AsSpan(begin.._at));
            plain = _at;
        }

        CodeColouring.Escape(html, code.AsSpan(plain));
    }

    /// <summary>Goes on by at least one character. Null: it has no colour.</summary>
    private string? Next()
    {
        char first = code[_at];
        if (TryComment())
            return "c";
        if (TryString())
            return IsKey() ? "f" : "s";
        if (char.IsAsciiDigit(first))
            return Number();
        if (language.Sigils.Contains(first) && _at + 1 < code.Length && (IsWord(code[_at + 1]) || (first == '$' && code[_at + 1] == '{')))
            return Sigil();
        if (IsWordStart(first))
            return Word();
        _at++;
        return null;
    }

    private bool TryComment()
    {
        foreach ((string open, string close) in language.BlockComments)
        {
            if (!Starts(open))
                continue;
            int end = code.IndexOf(close, _at + open.Length, StringComparison.Ordinal);
            _at = end < 0 ? code.Length : end + close.Length;
            return true;
        }

        foreach (string open in language.LineComments)
        {
            if (!Starts(open) || (language.CommentsNeedSpace && _at > 0 && !char.IsWhiteSpace(code[_at - 1])))
                continue;
            _at = EndOfLine();
            return true;
        }

        return false;
    }

    private bool TryString()
    {
        foreach (StringRule rule in language.Strings)
        {
            // A letter before the quotation mark is part of it only where no word ends: f"…" and not conf"….
            if (!Starts(rule.Open) || (char.IsAsciiLetter(rule.Open[0]) && _at > 0 && IsWord(code[_at - 1])))
                continue;
            _at += rule.Open.Length;
            while (_at < code.Length)
            {
                if (rule.HasEscapes && code[_at] == '\\')
                {
                    _at = Math.Min(_at + 2, code.Length);
                }
                else if (Starts(rule.Close))
                {
                    _at += rule.Close.Length;
                    break;
                }
                else if (code[_at] == '\n' && !rule.IsMultiline)
                {
                    break;
                }
                else
                {
                    _at++;
                }
            }

            return true;
        }

        return false;
    }

    private string Number()
    {
        while (_at < code.Length && (char.IsAsciiLetterOrDigit(code[_at]) || code[_at] is '.' or '_'))
            _at++;
        return "n";
    }

    private string Sigil()
    {
        _at++;
        if (code[_at] == '{')
        {
            int end = code.AsSpan(_at..EndOfLine()).IndexOf('}');
            _at += end < 0 ? 1 : end + 1;
            return "t";
        }

        SkipWord();
        return "t";
    }

    private string? Word()
    {
        int begin = _at;
        _at++;
        SkipWord();
        string word = code[begin.._at];
        if (language.Keywords.Contains(word))
            return "k";
        if (language.Constants.Contains(word))
            return "n";
        if (IsKey())
            return "f";
        if (language.Types.Contains(word))
            return "t";
        if (language.HasCalls && _at < code.Length && code[_at] == '(')
            return "f";
        return language.HasCapitalTypes && char.IsAsciiLetterUpper(word[0]) && word.Length > 1 ? "t" : null;
    }

    private bool IsKey()
    {
        if (language.KeyEnd == '\0')
            return false;
        int next = _at;
        while (next < code.Length && code[next] is (' ' or '\t'))
            next++;
        return next < code.Length && code[next] == language.KeyEnd;
    }

    private bool Starts(string text) => code.AsSpan(_at).StartsWith(text, StringComparison.Ordinal);

    private int EndOfLine()
    {
        int end = code.IndexOf('\n', _at);
        return end < 0 ? code.Length : end;
    }

    private void SkipWord()
    {
        while (_at < code.Length && IsWord(code[_at]))
            _at++;
    }

    private bool IsWordStart(char c) => char.IsLetter(c) || c == '_' || language.WordCharacters.Contains(c);

    private bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_' || language.WordCharacters.Contains(c);
}
