using System.Text;
using Init.Base;
using Init.Config.Reading;

namespace Init.Config.Supervisord;

/// <summary>
/// Reads one file into an <see cref="IniDocument"/>, as Python's configparser does with the settings that supervisord gives it: comments begin with ";" or "#"
/// at the start of a line or after white space, a line that is indented deeper than its key continues the value, later values win.
/// </summary>
internal sealed class IniParser
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly IniDocument _document;
    private readonly ProblemList _problems;

    private IniSection? _section;
    private IniEntry? _entry;
    private List<string>? _lines;
    private int _indent;
    private bool _isWhole = true;

    private IniParser(string file, IniDocument document, ProblemList problems)
    {
        _file = file;
        _document = document;
        _problems = problems;
    }

    /// <param name="utf8">The whole file.</param>
    /// <param name="file">As positions show it.</param>
    /// <param name="document">What was read before; sections of the same name are completed.</param>
    /// <param name="problems">Everything that supervisord would refuse the file for.</param>
    /// <returns>False: something could not be read, so that what is missing in the document may well be in the file.</returns>
    public static bool Parse(ReadOnlySpan<byte> utf8, string file, IniDocument document, ProblemList problems)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException exception)
        {
            int line = utf8[..Math.Clamp(exception.Index, 0, utf8.Length)].Count((byte)'\n') + 1;
            problems.Add(new SourcePosition(file, line, 1), "file", "is not UTF-8");
            return false;
        }

        IniParser parser = new(file, document, problems);
        parser.Run(text);
        return parser._isWhole;
    }

    private void Run(string text)
    {
        // Python's universal newlines.
        string[] lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            // What follows the last newline is a line only if there is something.
            if (i == lines.Length - 1 && lines[i].Length == 0)
                break;

            if (!ReadLine(lines[i], i + 1))
                break;
        }

        FinishEntry();
    }

    /// <summary>False: nothing more can be made of the file.</summary>
    private bool ReadLine(string line, int number)
    {
        int? comment = FindComment(line);
        string value = PythonText.Strip(line[..(comment ?? line.Length)]);
        if (value.Length == 0)
        {
            // An empty line is part of the value that it may be in the middle of; a comment is not.
            if (comment is null)
                _lines?.Add("");

            return true;
        }

        int indent = 0;
        while (indent < line.Length && PythonText.IsSpace(line[indent]))
            indent++;

        if (_lines is not null && indent > _indent)
        {
            _lines.Add(value);
            return true;
        }

        FinishEntry();
        _indent = indent;
        SourcePosition at = Position(line, number, indent);
        if (HeaderOf(value) is { } header)
        {
            _section = _document.GetOrAdd(header, at);
            return true;
        }

        if (_section is null)
        {
            string? hint = value[0] == '\uFEFF' ? "the file begins with a byte order mark, which supervisord does not skip: take it away" : "write [supervisord] above it";
            _isWhole = false;
            _problems.Add(at, "file", $"{ConfigText.Quote(value)} stands before the first section", hint);
            return false;
        }

        ReadKey(line, number, indent, value, at);
        return true;
    }

    private void ReadKey(string line, int number, int indent, string value, SourcePosition at)
    {
        int delimiter = value.AsSpan().IndexOfAny('=', ':');
        string key = delimiter < 0 ? "" : PythonText.StripEnd(value[..delimiter]).ToLowerInvariant();
        if (key.Length == 0)
        {
            string hint = delimiter == 0 ? "a key stands before it" : "write KEY = VALUE; a line that continues a value is indented deeper than its key";
            _isWhole = false;
            _problems.Add(at, ConfigText.Clean(_section!.Name), $"{ConfigText.Quote(value)} is not a key with a value", hint);
            return;
        }

        string first = PythonText.Strip(value[(delimiter + 1)..]);
        int start = indent + delimiter + 1;
        while (first.Length > 0 && PythonText.IsSpace(line[start]))
            start++;

        _entry = new IniEntry(key, "", at, first.Length > 0 ? Position(line, number, start) : at);
        _lines = [first];
    }

    private void FinishEntry()
    {
        if (_lines is not null)
            _section!.Set(_entry! with { Value = PythonText.StripEnd(string.Join('\n', _lines)) });

        _lines = null;
    }

    /// <summary>
    /// Where the comment begins; null when there is none. Both characters are looked for side by side, occurrence by occurrence, and the first round in which one of
    /// them stands after white space decides: in <c>a;b ;c #d</c> it is the "#", for in the first round the ";" is not a comment and the "#" is.
    /// </summary>
    private static int? FindComment(string line)
    {
        int start = 0;
        while (start < line.Length && PythonText.IsSpace(line[start]))
            start++;

        if (start < line.Length && line[start] is ';' or '#')
            return 0;

        int semicolon = -1, hash = -1;
        bool hasSemicolon = true, hasHash = true;
        while (hasSemicolon || hasHash)
        {
            int found = int.MaxValue;
            hasSemicolon = hasSemicolon && Next(';', ref semicolon, ref found);
            hasHash = hasHash && Next('#', ref hash, ref found);
            if (found != int.MaxValue)
                return found;
        }

        return null;

        bool Next(char prefix, ref int at, ref int found)
        {
            at = line.IndexOf(prefix, at + 1);
            if (at < 0)
                return false;

            if (at == 0 || PythonText.IsSpace(line[at - 1]))
                found = Math.Min(found, at);

            return true;
        }
    }

    /// <summary>What stands between the first bracket and the last one; what follows that is passed over.</summary>
    private static string? HeaderOf(string value)
    {
        int end = value.LastIndexOf(']');
        return value[0] == '[' && end > 1 ? value[1..end] : null;
    }

    private SourcePosition Position(string line, int number, int index)
    {
        int column = 1;
        foreach (Rune _ in line.AsSpan(0, index).EnumerateRunes())
            column++;

        return new SourcePosition(_file, number, column);
    }
}
