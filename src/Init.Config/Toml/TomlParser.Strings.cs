using System.Buffers;
using System.Globalization;
using System.Text;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>The four kinds of strings.</summary>
internal ref partial struct TomlParser
{
    private static readonly SearchValues<byte> NotPlainInString = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(b => b != '\t').Select(b => (byte)b), (byte)'"', (byte)'\'', (byte)'\\', 0x7F]);

    /// <summary>Null when something in it was reported.</summary>
    private string? ReadString()
    {
        SourcePosition start = Here;
        char quote = Peek;
        ReadOnlySpan<byte> triple = quote == '"' ? "\"\"\""u8 : "'''"u8;
        bool isMultiLine = _text[_at..].StartsWith(triple);
        _at += isMultiLine ? 3 : 1;
        if (isMultiLine)
            SkipNewline();

        bool isGood = true;
        StringBuilder? built = null;
        while (true)
        {
            int plain = _text[_at..].IndexOfAny(NotPlainInString);
            ReadOnlySpan<byte> chunk = plain < 0 ? _text[_at..] : _text.Slice(_at, plain);
            _at += chunk.Length;
            int newline = _at < _text.Length ? NewlineLength(_at) : 0;
            if (_at == _text.Length || (newline > 0 && !isMultiLine))
            {
                LoseInString(start, quote, isMultiLine);
                return null;
            }

            int closing = Peek == quote ? ClosingQuotes(quote, isMultiLine) : 0;
            if (closing > 0 && built is null)
            {
                // Nearly every string is one chunk. Quotes before the closing three belong to the text.
                string whole = Encoding.UTF8.GetString(_text.Slice(_at - chunk.Length, chunk.Length + closing - (isMultiLine ? 3 : 1)));
                _at += closing;
                return isGood ? whole : null;
            }

            built ??= new StringBuilder();
            built.Append(Encoding.UTF8.GetString(chunk));
            if (closing > 0)
            {
                built.Append(quote, closing - (isMultiLine ? 3 : 1));
                _at += closing;
                return isGood ? built.ToString() : null;
            }

            if (newline > 0)
            {
                // TOML leaves the choice; a file that was saved on Windows must not give commands another argument.
                built.Append('\n');
                SkipNewline();
            }
            else if (Peek == '\\' && quote == '"')
            {
                isGood &= ReadEscape(built, isMultiLine);
            }
            else
            {
                if (IsForbiddenControl(_text[_at]))
                {
                    Report(Here, $"a string cannot contain {Found()}", quote == '"' ? $"write \\u{(int)_text[_at]:X4}" : $"write \"\\u{(int)_text[_at]:X4}\"");
                    isGood = false;
                }

                built.Append(Peek);
                _at++;
            }
        }
    }

    /// <summary>How many quotes here end the string: up to two of the text and the closing three in a string of several lines; 0 = none does.</summary>
    private readonly int ClosingQuotes(char quote, bool isMultiLine)
    {
        if (!isMultiLine)
            return 1;

        int count = 1;
        while (count < 5 && _at + count < _text.Length && _text[_at + count] == quote)
            count++;

        return count < 3 ? 0 : count;
    }

    private void LoseInString(SourcePosition start, char quote, bool isMultiLine)
    {
        if (isMultiLine)
            Lose(start, "the string is not closed before the end of the file", $"close it with {new string(quote, 3)}");
        else
            Lose(start, "the string is not closed before the end of the line", $"close it with {quote}; text of several lines has {new string(quote, 3)} on each side");
    }

    /// <summary>False when the escape was reported.</summary>
    private bool ReadEscape(StringBuilder built, bool isMultiLine)
    {
        int start = _at;
        _at++;
        char letter = Peek;
        if (isMultiLine && TrySkipLineContinuation())
            return true;

        int digits = letter switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
            return ReadUnicodeEscape(built, start, digits);

        char? meant = letter switch
        {
            'b' => '\b',
            't' => '\t',
            'n' => '\n',
            'f' => '\f',
            'r' => '\r',
            '"' => '"',
            '\\' => '\\',
            _ => null,
        };
        if (meant is { } c)
        {
            built.Append(c);
            _at++;
            return true;
        }

        // A newline or control character after the backslash is not part of the escape; the string's loop deals with it.
        int length = 0;
        if (!AtLineEnd && !IsForbiddenControl(_text[_at]))
            Rune.DecodeFromUtf8(_text[_at..], out _, out length);

        string? hint = letter switch
        {
            'e' => "write \\u001B",
            'x' => "write \\u00 and two digits",
            ' ' or '\t' => "a backslash at the end of a line must be its last character",
            _ => "write \\\\ for a backslash, or put the text in single quotes",
        };
        SourcePosition at = PositionOf(start);
        _at += length;
        Report(at, $"{TomlText.Excerpt(_text[start.._at])} is not an escape", hint);
        return false;
    }

    private bool ReadUnicodeEscape(StringBuilder built, int start, int digits)
    {
        _at++;
        int length = 0;
        while (length < digits && _at + length < _text.Length && char.IsAsciiHexDigit((char)_text[_at + length]))
            length++;

        ReadOnlySpan<byte> hex = _text.Slice(_at, length);
        _at += length;
        if (length < digits)
        {
            Report(PositionOf(start), $"the escape {TomlText.Excerpt(_text[start.._at])} must have {digits} hexadecimal digits", digits == 4 ? "\\u0041 is A" : "\\U00000041 is A");
            return false;
        }

        uint value = uint.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (!Rune.TryCreate(value, out Rune rune))
        {
            Report(PositionOf(start), $"the escape {TomlText.Excerpt(_text[start.._at])} is not a Unicode character", "U+D800 to U+DFFF and all after U+10FFFF are none");
            return false;
        }

        built.Append(rune.ToString());
        return true;
    }

    /// <summary>A backslash at the end of a line swallows all space and newlines up to the next other character.</summary>
    private bool TrySkipLineContinuation()
    {
        int afterSpace = _at;
        while (afterSpace < _text.Length && _text[afterSpace] is (byte)' ' or (byte)'\t')
            afterSpace++;

        if (afterSpace == _text.Length || NewlineLength(afterSpace) == 0)
            return false;

        _at = afterSpace;
        while (SkipNewline())
            SkipSpace();

        return true;
    }
}
