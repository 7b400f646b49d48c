using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>
/// Reads one document, statement by statement: a <c>[header]</c>, or a <c>key = value</c>. It looks at each byte a bounded number of times.
/// <para>
/// A mistake is one of two kinds. After the first kind it is still clear how to read on (an unknown word, a bad escape, a key that exists
/// already): it is reported, the value is left out (null), and reading continues. After the second the place is lost (<c>_lost</c>): every
/// method returns at once, and <see cref="Resume"/> looks for the line on which the next statement probably begins.
/// </para>
/// </summary>
/// <remarks>The bytes must be valid UTF-8.</remarks>
internal ref partial struct TomlParser
{
    private static readonly SearchValues<byte> WordEnds = SearchValues.Create(" \t\r\n,]}#"u8);
    private static readonly SearchValues<byte> PhraseEnds = SearchValues.Create("\r\n#"u8);
    private static readonly SearchValues<byte> PhraseEndsInBrackets = SearchValues.Create("\r\n,]}#"u8);

    private readonly ReadOnlySpan<byte> _text;
    private readonly string _file;
    private readonly List<ConfigProblem> _problems;

    /// <summary>Where reading stands, the line it is on, and where that line begins.</summary>
    private int _at, _line = 1, _lineStart;

    /// <summary>The last offset of this line whose column was asked for, and that column: counting goes on from there.</summary>
    private int _columnAt, _column = 1;

    private bool _lost;

    /// <summary>How many brackets and braces of the statement are open.</summary>
    private int _open;

    /// <summary>The table that keys belong to, from the last header.</summary>
    private TableDraft _table;

    /// <summary>The key being read, from the root; its first <c>_headerLength</c> parts are the last header's. Problems are filed under it.</summary>
    private readonly List<string> _path = [];
    private int _headerLength;

    public TomlParser(ReadOnlySpan<byte> text, string file, List<ConfigProblem> problems)
    {
        _text = text;
        _file = file;
        _problems = problems;
        _table = new TableDraft(TableOrigin.Header, new SourcePosition(file, 1, 1), depth: 0);

        // A byte order mark is not part of the text, so that the first key is in column 1.
        if (text.StartsWith("\uFEFF"u8))
            _at = _lineStart = _columnAt = 3;
    }

    public TomlTable ReadDocument()
    {
        TableDraft root = _table;
        while (_at < _text.Length && _problems.Count < TomlReader.ProblemsMax)
        {
            int statementLine = _line;
            _lost = false;
            _open = 0;
            _path.RemoveRange(_headerLength, _path.Count - _headerLength);

            SkipSpace();
            if (Peek == '[')
                ReadHeader(root);
            else if (!AtLineEnd && Peek != '#')
                ReadKeyValue(_table);

            if (!_lost)
                EndLine();
            if (_lost)
                Resume(statementLine);
        }

        return root.ToValue();
    }

    private void ReadHeader(TableDraft root)
    {
        SourcePosition at = Here;
        bool isArray = _text[_at..].StartsWith("[["u8);
        _at += isArray ? 2 : 1;
        _path.Clear();
        _headerLength = 0;

        // Keys below a header that cannot be understood must not end up in the table before it.
        _table = new TableDraft(TableOrigin.Header, at, depth: 0);

        bool known = ReadKey(out List<TomlKey> keys, 0);
        _headerLength = _path.Count;
        if (_lost)
            return;

        ReadOnlySpan<byte> close = isArray ? "]]"u8 : "]"u8;
        if (!_text[_at..].StartsWith(close))
        {
            string expected = isArray ? "\"]]\" after the name of the array of tables" : "\"]\" after the name of the table";
            Lose(Here, $"expected {expected}, found {Found()}", IsBareLetter(Peek) ? "a name with other characters than A-Z a-z 0-9 _ - needs quotes" : null);
            return;
        }

        _at += close.Length;
        if (!known)
            return;

        TableDraft? table = isArray ? root.AppendTable(keys, at, out DefinitionConflict? conflict) : root.DefineTable(keys, at, out conflict);
        if (table is not null)
            _table = table;
        else if (conflict is { } found)
            Report(found.At, found.Message, found.Hint);
    }

    private void ReadKeyValue(TableDraft table)
    {
        bool known = ReadKey(out List<TomlKey> keys, table.Depth);
        if (_lost)
            return;

        if (Peek != '=')
        {
            string? hint = Peek switch
            {
                ':' => "TOML has \"=\" between key and value",
                _ when AtLineEnd => "a key needs a value: key = \"value\"",
                _ when IsBareLetter(Peek) => "a key with other characters than A-Z a-z 0-9 _ - needs quotes",
                _ => null,
            };
            Lose(Here, $"expected \"=\" after the key, found {Found()}", hint);
            return;
        }

        _at++;
        SkipSpace();
        TomlValue? value = ReadValue(table.Depth + keys.Count);
        if (_lost)
            return;

        if (known && value is not null && !table.TrySet(keys, value, out DefinitionConflict? conflict) && conflict is { } found)
            Report(found.At, found.Message, found.Hint);
    }

    /// <summary>Reads <c>a."b c".d</c> and the space after it. False when a part was reported, so that its name is not known.</summary>
    private bool ReadKey(out List<TomlKey> keys, int depth)
    {
        bool known = true;
        keys = [];
        while (true)
        {
            SkipSpace();
            SourcePosition at = Here;
            string? name = ReadKeyPart();
            if (_lost)
                return false;

            known &= name is not null;
            keys.Add(new TomlKey(name ?? "", at));
            if (name is not null)
                _path.Add(name);
            if (depth + keys.Count > TomlReader.DepthMax)
            {
                Lose(at, $"tables are nested more than {TomlReader.DepthMax} deep");
                return false;
            }

            SkipSpace();
            if (Peek != '.')
                return known;

            _at++;
        }
    }

    private string? ReadKeyPart()
    {
        if (Peek is '"' or '\'')
        {
            if (!_text[_at..].StartsWith("\"\"\""u8) && !_text[_at..].StartsWith("'''"u8))
                return ReadString();

            Lose(Here, "a key cannot be a string of several lines", "write it with one quote on each side");
            return null;
        }

        int length = _text[_at..].IndexOfAnyExcept(TomlText.BareKeyBytes);
        length = length < 0 ? _text.Length - _at : length;
        if (length == 0)
        {
            string? hint = Peek switch
            {
                ';' or '/' => "a comment begins with #",
                _ when IsBareLetter(Peek) => "a key with other characters than A-Z a-z 0-9 _ - needs quotes",
                _ => null,
            };
            Lose(Here, $"expected a key, found {Found()}", hint);
            return null;
        }

        string name = Encoding.ASCII.GetString(_text.Slice(_at, length));
        _at += length;
        return name;
    }

    /// <param name="depth">How many tables and arrays are around the value.</param>
    private TomlValue? ReadValue(int depth)
    {
        if (depth > TomlReader.DepthMax)
        {
            Lose(Here, $"values are nested more than {TomlReader.DepthMax} deep");
            return null;
        }

        SourcePosition at = Here;
        return Peek switch
        {
            '"' or '\'' => ReadString() is { } text ? new TomlString(at, text) : null,
            '[' => ReadArray(at, depth),
            '{' => ReadInlineTable(at, depth),
            _ => ReadWord(at),
        };
    }

    private TomlArray? ReadArray(SourcePosition at, int depth)
    {
        var items = ImmutableArray.CreateBuilder<TomlValue>();
        _at++;
        _open++;
        while (true)
        {
            SkipSpaceAndLines();
            if (Peek != ']')
            {
                TomlValue? item = ReadValue(depth + 1);
                if (_lost)
                    return null;

                if (item is not null)
                    items.Add(item);
                SkipSpaceAndLines();
            }

            if (Peek == ']')
            {
                _at++;
                _open--;
                return new TomlArray(at, items.DrainToImmutable());
            }

            if (Peek != ',')
            {
                Lose(Here, $"expected \",\" or \"]\" in the array, found {Found()}", Opened("array", at));
                return null;
            }

            _at++;
        }
    }

    private TomlTable? ReadInlineTable(SourcePosition at, int depth)
    {
        TableDraft table = new(TableOrigin.Inline, at, depth);
        _at++;
        _open++;

        // TOML 1.0 wants an inline table on one line, without a comma at the end. When one is otherwise, that is said once, and it is read
        // on: the author meant either that, or has forgotten the brace, and then the next thing does not fit and need not be reported.
        int pathLength = _path.Count;
        bool toldOfLine = false;
        SkipInlineSpace(ref toldOfLine);
        while (Peek != '}')
        {
            if (toldOfLine && !AtStatementInLine())
            {
                _lost = true;
                return null;
            }

            ReadKeyValue(table);
            if (_lost)
                return null;

            _path.RemoveRange(pathLength, _path.Count - pathLength);
            SkipInlineSpace(ref toldOfLine);
            if (Peek == '}')
                break;

            if (Peek != ',')
            {
                if (toldOfLine)
                    _lost = true;
                else
                    Lose(Here, $"expected \",\" or \"}}\" in the inline table, found {Found()}", Opened("table", at));
                return null;
            }

            SourcePosition comma = Here;
            _at++;
            SkipInlineSpace(ref toldOfLine);
            if (Peek == '}' && !toldOfLine)
                Report(comma, "an inline table cannot have a comma after its last key");
        }

        _at++;
        _open--;
        return table.ToValue();
    }

    private static string Opened(string what, SourcePosition at) => $"the {what} begins at line {at.Line}, column {at.Column}";

    /// <summary>A boolean, number, date or time; or, with a problem, the text up to where the value must have ended.</summary>
    private TomlValue? ReadWord(SourcePosition at)
    {
        ReadOnlySpan<byte> word = WordAt(_at);
        if (word.IsEmpty)
        {
            Lose(at, $"expected a value, found {Found()}", _open == 0 && (AtLineEnd || Peek == '#') ? "a key needs a value; the empty text is \"\"" : null);
            return null;
        }

        int afterWord = _at + word.Length;
        if (word.Length == 10 && TomlScalar.LooksLikeDate(word) && afterWord + 1 < _text.Length
            && _text[afterWord] == ' ' && char.IsAsciiDigit((char)_text[afterWord + 1]))
        {
            word = _text.Slice(_at, word.Length + 1 + WordAt(afterWord + 1).Length);
        }

        TomlScalar scalar = TomlScalar.Read(word, at);
        if (scalar.Value is not null)
        {
            _at += word.Length;
            return scalar.Value;
        }

        ReadOnlySpan<byte> phrase = PhraseAt(_at);
        if (scalar.Problem is null)
            Report(at, $"{TomlText.Excerpt(phrase)} is not a value", TomlScalar.HintFor(phrase));
        else
            Report(at, scalar.Problem, scalar.Hint);

        _at += Math.Max(phrase.Length, word.Length);
        return null;
    }

    /// <summary>Up to a space or anything that ends a value.</summary>
    private readonly ReadOnlySpan<byte> WordAt(int start)
    {
        ReadOnlySpan<byte> rest = _text[start..];
        int length = rest.IndexOfAny(WordEnds);
        return length < 0 ? rest : rest[..length];
    }

    /// <summary>What the author of unquoted text probably meant by it: up to a comment or the end of the line; in brackets also up to a comma or bracket.</summary>
    private readonly ReadOnlySpan<byte> PhraseAt(int start)
    {
        ReadOnlySpan<byte> rest = _text[start..];
        int length = rest.IndexOfAny(_open > 0 ? PhraseEndsInBrackets : PhraseEnds);
        return (length < 0 ? rest : rest[..length]).TrimEnd(" \t"u8);
    }
}
