using System.Collections.Immutable;
using System.Text;
using Init.Base;

namespace Init.Config.Expansion;

/// <summary>One line KEY=VALUE of an env file.</summary>
public readonly record struct EnvEntry(string Name, string Value, SourcePosition At);

/// <summary>
/// Env files: KEY=VALUE per line, an optional <c>export</c>, <c>#</c> comments, quotes. In single quotes everything is literal; in double
/// quotes <c>\n \r \t \\ \" \$ \'</c> are escapes; both may span lines. An unquoted value ends at a <c>#</c> after white space. Nothing is expanded.
/// </summary>
public static class EnvFile
{
    /// <summary>Largest file that is read.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>Reads as much as it can; every line that makes no sense is a problem. A name given twice has two entries: the later one counts.</summary>
    public static ImmutableArray<EnvEntry> Read(ReadOnlySpan<byte> utf8, string fileName, ICollection<ConfigProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (utf8.Length > BytesMax)
        {
            problems.Add(new ConfigProblem(new SourcePosition(fileName, 1, 1), "env_file", $"is larger than {new ByteSize(BytesMax)}"));
            return [];
        }

        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];

        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            problems.Add(new ConfigProblem(new SourcePosition(fileName, 1, 1), "env_file", "is not valid UTF-8"));
            return [];
        }

        return new Reader(text, fileName, problems).Run();
    }

    private sealed class Reader(string text, string fileName, ICollection<ConfigProblem> problems)
    {
        /// <summary>A file full of rubbish gets this many messages, not one per line.</summary>
        private const int ProblemsMax = 100;

        private readonly ImmutableArray<EnvEntry>.Builder _entries = ImmutableArray.CreateBuilder<EnvEntry>();
        private int _at;
        private int _line = 1;
        private int _lineStart;
        private int _problemCount;

        private SourcePosition Here => PositionOf(_at);

        public ImmutableArray<EnvEntry> Run()
        {
            while (_at < text.Length && _problemCount < ProblemsMax)
            {
                ReadLine();
                SkipRestOfLine();
            }

            return _entries.ToImmutable();
        }

        private char Current => _at < text.Length ? text[_at] : '\n';

        private void ReadLine()
        {
            SkipBlanks();
            if (Current is '\n' or '#' || AtCrLf)
                return;

            SourcePosition start = Here;
            string name = ReadName();
            if (name == "export" && Current is ' ' or '\t')
            {
                SkipBlanks();
                start = Here;
                name = ReadName();
            }

            SkipBlanks();
            if (name.Length == 0 || char.IsAsciiDigit(name[0]))
            {
                Report(start, "env_file", "a line must begin with a name", "KEY=VALUE; a name has letters, digits and _, and does not begin with a digit");
                return;
            }

            if (Current != '=')
            {
                Report(Here, name, "expected \"=\" after the name", null);
                return;
            }

            _at++;
            SkipBlanks();
            if (ReadValue(name) is { } value)
            {
                if (value.Contains('\0', StringComparison.Ordinal))
                    Report(start, name, "the value contains a NUL character", "no environment variable can");
                else
                    _entries.Add(new EnvEntry(name, value, start));
            }
        }

        private string ReadName()
        {
            int start = _at;
            while (char.IsAsciiLetterOrDigit(Current) || Current == '_')
                _at++;

            return text[start.._at];
        }

        private string? ReadValue(string name)
        {
            if (Current is not ('"' or '\''))
                return ReadUnquoted();

            SourcePosition start = Here;
            string? value = Current == '"' ? ReadDoubleQuoted() : ReadSingleQuoted();
            if (value is null)
            {
                Report(start, name, "the quote is not closed", null);
                return null;
            }

            SkipBlanks();
            if (Current is '\n' or '#' || AtCrLf)
                return value;

            Report(Here, name, "unexpected text after the closing quote", null);
            return null;
        }

        private string ReadUnquoted()
        {
            int start = _at;
            while (Current != '\n' && !(Current == '#' && (_at == start || text[_at - 1] is ' ' or '\t')))
                _at++;

            return text[start..Math.Min(_at, text.Length)].TrimEnd(' ', '\t', '\r');
        }

        private string? ReadSingleQuoted()
        {
            int end = text.IndexOf('\'', _at + 1);
            if (end < 0)
            {
                _at = text.Length;
                return null;
            }

            string value = text[(_at + 1)..end];
            CountLines(_at, end);
            _at = end + 1;
            return value.Replace("\r\n", "\n", StringComparison.Ordinal);
        }

        private string? ReadDoubleQuoted()
        {
            StringBuilder value = new();
            for (_at++; _at < text.Length; _at++)
            {
                char c = text[_at];
                switch (c)
                {
                    case '"':
                        _at++;
                        return value.ToString();
                    case '\\' when _at + 1 < text.Length:
                        AppendEscape(value, text[++_at]);
                        break;
                    case '\r' when AtCrLf:
                        break;
                    default:
                        value.Append(c);
                        CountLines(_at, _at + 1);
                        break;
                }
            }

            return null;
        }

        private void AppendEscape(StringBuilder value, char c)
        {
            switch (c)
            {
                case 'n': value.Append('\n'); break;
                case 'r': value.Append('\r'); break;
                case 't': value.Append('\t'); break;
                case '\\' or '"' or '$' or '\'' or '`': value.Append(c); break;
                case '\n': CountLines(_at, _at + 1); break; // the line goes on
                default: value.Append('\\').Append(c); break;
            }
        }

        private bool AtCrLf => Current == '\r' && _at + 1 < text.Length && text[_at + 1] == '\n';

        private void SkipBlanks()
        {
            while (Current is ' ' or '\t')
                _at++;
        }

        private void SkipRestOfLine()
        {
            int end = text.IndexOf('\n', Math.Min(_at, text.Length));
            if (end < 0)
            {
                _at = text.Length;
                return;
            }

            _at = end + 1;
            _line++;
            _lineStart = _at;
        }

        private void CountLines(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                if (text[i] != '\n')
                    continue;

                _line++;
                _lineStart = i + 1;
            }
        }

        private SourcePosition PositionOf(int at)
        {
            int column = 1;
            for (int i = _lineStart; i < at && i < text.Length; i++)
            {
                if (!char.IsLowSurrogate(text[i]))
                    column++;
            }

            return new SourcePosition(fileName, _line, column);
        }

        private void Report(SourcePosition at, string name, string message, string? hint)
        {
            _problemCount++;
            problems.Add(new ConfigProblem(at, name, message, hint));
        }
    }
}
