using System.Buffers;
using System.Text;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>Spaces, comments, lines, positions, and how to go on after a mistake.</summary>
internal ref partial struct TomlParser
{
    private static readonly SearchValues<byte> KeyEnds = SearchValues.Create("\n=,[]{}#"u8);

    /// <summary>The byte at hand as a character; NUL, which TOML does not allow anywhere, at the end of the file.</summary>
    private readonly char Peek => _at < _text.Length ? (char)_text[_at] : '\0';

    private readonly bool AtLineEnd => _at == _text.Length || NewlineLength(_at) > 0;

    private SourcePosition Here => PositionOf(_at);

    /// <summary>The place of an offset in the current line.</summary>
    private SourcePosition PositionOf(int offset)
    {
        if (offset < _columnAt)
            (_columnAt, _column) = (_lineStart, 1);

        for (; _columnAt < offset; _columnAt++)
        {
            // Every scalar value has one byte that is not a continuation byte (10xxxxxx).
            if ((_text[_columnAt] & 0xC0) != 0x80)
                _column++;
        }

        return new SourcePosition(_file, _line, _column);
    }

    private readonly int NewlineLength(int offset) =>
        _text[offset..] switch
        {
            [(byte)'\n', ..] => 1,
            [(byte)'\r', (byte)'\n', ..] => 2,
            _ => 0,
        };

    private void SkipSpace()
    {
        while (Peek is ' ' or '\t')
            _at++;
    }

    private bool SkipNewline()
    {
        int length = NewlineLength(_at);
        if (length == 0)
            return false;

        _at += length;
        _line++;
        _lineStart = _columnAt = _at;
        _column = 1;
        return true;
    }

    private void SkipComment()
    {
        if (Peek != '#')
            return;

        bool told = false;
        for (; !AtLineEnd; _at++)
        {
            if (!told && IsForbiddenControl(_text[_at]))
            {
                Report(Here, $"a comment cannot contain {Found()}");
                told = true;
            }
        }
    }

    private void SkipSpaceAndLines()
    {
        do
        {
            SkipSpace();
            SkipComment();
        }
        while (SkipNewline());
    }

    private void SkipInlineSpace(ref bool toldOfLine)
    {
        SkipSpace();
        if (!toldOfLine && (AtLineEnd || Peek == '#'))
        {
            string ownTable = _open == 1 ? $", or write a table of its own: [{TomlText.Path(_path)}]" : "";
            Report(Here, "an inline table must be closed on the line on which it begins", $"close it with }}{ownTable}");
            toldOfLine = true;
        }

        if (toldOfLine)
            SkipSpaceAndLines();
    }

    private void EndLine()
    {
        SkipSpace();
        SkipComment();
        if (_at < _text.Length && !SkipNewline())
            Lose(Here, $"expected the end of the line, found {Found()}", Peek == ',' ? "several values need brackets: [1, 2]" : null);
    }

    /// <summary>
    /// Goes to the next line that is probably the start of a statement. When brackets are open, that is the line after the last of them is
    /// closed, or before that a line that looks like a statement: then a bracket has been forgotten. It may be the line at hand.
    /// </summary>
    private void Resume(int statementLine)
    {
        if (_open > 0 && _line > statementLine && LineIsStatement())
        {
            _at = _columnAt = _lineStart;
            _column = 1;
            return;
        }

        bool inBrackets = _open > 0;
        do
        {
            SkipLineCountingBrackets();
        }
        while (inBrackets && _open > 0 && _at < _text.Length && !LineIsStatement());
    }

    private void SkipLineCountingBrackets()
    {
        while (!AtLineEnd && Peek != '#')
        {
            char c = Peek;
            _at++;
            if (c is '[' or '{')
                _open++;
            else if (c is ']' or '}')
                _open--;
            else if (c is '"' or '\'')
                SkipToQuote(c);
        }

        while (!SkipNewline() && _at < _text.Length)
            _at++;
    }

    private void SkipToQuote(char quote)
    {
        while (!AtLineEnd && Peek != quote)
            _at += quote == '"' && Peek == '\\' && NewlineLength(_at + 1) == 0 && _at + 1 < _text.Length ? 2 : 1;

        if (Peek == quote)
            _at++;
    }

    /// <summary>Whether the current line begins as <c>key =</c> or <c>[header]</c> does.</summary>
    private readonly bool LineIsStatement()
    {
        ReadOnlySpan<byte> line = _text[_lineStart..];
        int end = line.IndexOf((byte)'\n');
        line = (end < 0 ? line : line[..end]).Trim(" \t\r"u8);

        bool isHeader = line.StartsWith("["u8);
        line = isHeader ? line.TrimStart((byte)'[') : line;
        int keyLength = line.IndexOfAny(KeyEnds);
        if (keyLength <= 0 || !isHeader)
            return keyLength > 0 && line[keyLength] == '=';

        // A row of an array of arrays goes on with a comma, a header with nothing or a comment.
        ReadOnlySpan<byte> rest = line[keyLength..].TrimStart((byte)']').TrimStart(" \t"u8);
        return line[keyLength] == ']' && (rest.IsEmpty || rest[0] == '#');
    }

    /// <summary>As <see cref="LineIsStatement"/>, from where reading stands: whether a <c>key =</c> comes.</summary>
    private readonly bool AtStatementInLine()
    {
        int length = _text[_at..].IndexOfAny(KeyEnds);
        return length > 0 && _text[_at + length] == '=';
    }

    private static bool IsForbiddenControl(byte b) => b is < 0x20 and not (byte)'\t' or 0x7F;

    private static bool IsBareLetter(char first) => first >= 0x80 || char.IsAsciiLetterOrDigit(first) || first is '-' or '_' or '!' or '/' or ':' or '@' or '$' or '*';

    /// <summary>What stands at the current place, for "expected …, found …".</summary>
    private readonly string Found()
    {
        if (_at == _text.Length)
            return "the end of the file";
        if (NewlineLength(_at) > 0)
            return "the end of the line";
        if (_text[_at] == '\r')
            return "a carriage return without a line feed (U+000D)";
        if (IsForbiddenControl(_text[_at]))
            return $"the control character {TomlText.CodePoint(_text[_at])}";

        int length = _text[_at..].IndexOfAnyExcept(TomlText.BareKeyBytes);
        length = length < 0 ? _text.Length - _at : length;
        if (length == 0)
            Rune.DecodeFromUtf8(_text[_at..], out _, out length);

        return TomlText.Excerpt(_text.Slice(_at, length));
    }

    private readonly void Report(SourcePosition at, string message, string? hint = null)
    {
        if (_problems.Count < TomlReader.ProblemsMax)
            _problems.Add(new ConfigProblem(at, _path.Count == 0 ? "toml" : TomlText.Path(_path), message, hint));
    }

    private void Lose(SourcePosition at, string message, string? hint = null)
    {
        Report(at, message, hint);
        _lost = true;
    }
}
