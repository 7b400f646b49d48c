using System.Collections.Immutable;
using System.Text;

namespace Init.Config.Expansion;

/// <summary>
/// A command written as one string: split into words as sh(1) would, without a shell and without anything else that a shell does.
/// </summary>
/// <remarks>
/// Single quotes keep everything as it is. Double quotes keep white space; <c>\"</c>, <c>\\</c>, <c>\$</c> and <c>\`</c> are escapes in
/// them. Elsewhere a backslash keeps the next character as it is. <c>${NAME}</c> is filled in outside single quotes; a word that consists
/// of nothing but unquoted expansions is split at white space, and disappears when it is empty, so <c>run ${FLAGS:-}</c> has zero or more
/// further arguments.
/// </remarks>
internal static class WordSplitter
{
    /// <summary>Most words of one command.</summary>
    public const int WordsMax = 65536;

    private const string OperatorHint = "no shell is run: quote it, or use [\"sh\", \"-c\", \"…\"]";

    private static readonly string[] Operators =
        ["|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>>", "&>", "<<", "2>&1", ">&2", "(", ")", "|&"];

    /// <summary>The words; null after a complaint.</summary>
    public static ImmutableArray<string>? Split(string text, Expander expander, Complain complain)
    {
        Reader reader = new(text, expander, complain);
        return reader.Run();
    }

    private sealed class Reader(string text, Expander expander, Complain complain)
    {
        private readonly ImmutableArray<string>.Builder _words = ImmutableArray.CreateBuilder<string>();
        private readonly StringBuilder _word = new();
        private int _at;
        private bool _ok = true;
        private long _length;

        // What the present word is made of so far.
        private bool _hasWord;
        private bool _onlyExpansions;
        private bool _isPlain;

        public ImmutableArray<string>? Run()
        {
            BeginWord();
            while (_at < text.Length && _length <= Expander.LengthMax && _words.Count <= WordsMax)
            {
                char c = text[_at];
                if (c is ' ' or '\t' or '\r' or '\n')
                {
                    EndWord();
                    _at++;
                }
                else if (c == '\'')
                {
                    ReadSingleQuotes();
                }
                else if (c == '"')
                {
                    ReadDoubleQuotes();
                }
                else if (c == '\\')
                {
                    ReadBackslash();
                }
                else if (c == '$')
                {
                    ReadExpansion();
                }
                else
                {
                    Add(c);
                    _at++;
                }
            }

            EndWord();
            if (_length > Expander.LengthMax || _words.Count > WordsMax)
                Fail($"has more than {WordsMax} words or {Expander.LengthMax} characters once expanded", null);

            return _ok ? _words.ToImmutable() : null;
        }

        private void BeginWord()
        {
            _word.Clear();
            _hasWord = false;
            _onlyExpansions = true;
            _isPlain = true;
        }

        private void EndWord()
        {
            if (_hasWord)
            {
                string word = _word.ToString();
                if (_onlyExpansions)
                {
                    foreach (string part in word.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
                        AddWord(part);
                }
                else
                {
                    if (_isPlain && Array.IndexOf(Operators, word) >= 0)
                        Fail($"\"{word}\" is for a shell", OperatorHint);

                    AddWord(word);
                }
            }

            BeginWord();
        }

        private void AddWord(string word)
        {
            if (_words.Count <= WordsMax)
                _words.Add(word);
        }

        /// <summary>A literal, unquoted character.</summary>
        private void Add(char c)
        {
            _hasWord = true;
            _onlyExpansions = false;
            _word.Append(c);
            _length++;
        }

        private void AddQuoted(string part)
        {
            _hasWord = true;
            _onlyExpansions = false;
            _isPlain = false;
            _word.Append(part);
            _length += part.Length;
        }

        private void ReadSingleQuotes()
        {
            int end = text.IndexOf('\'', _at + 1);
            if (end < 0)
            {
                Fail("a single quote is not closed", null);
                _at = text.Length;
                return;
            }

            AddQuoted(text[(_at + 1)..end]);
            _at = end + 1;
        }

        private void ReadDoubleQuotes()
        {
            AddQuoted("");
            for (_at++; _at < text.Length && text[_at] != '"';)
            {
                char c = text[_at];
                char next = _at + 1 < text.Length ? text[_at + 1] : '\0';
                if (c == '\\' && next is '"' or '\\' or '$' or '`')
                {
                    AddQuoted(next.ToString());
                    _at += 2;
                }
                else if (c == '\\' && next == '\n')
                {
                    _at += 2;
                }
                else if (c == '$')
                {
                    ReadExpansion();
                }
                else
                {
                    AddQuoted(c.ToString());
                    _at++;
                }
            }

            if (_at >= text.Length)
                Fail("a double quote is not closed", null);

            _at++;
        }

        private void ReadBackslash()
        {
            if (_at + 1 >= text.Length)
            {
                Fail("a backslash has nothing after it", null);
                _at++;
                return;
            }

            // A backslash before the end of a line continues the line.
            if (text[_at + 1] != '\n')
                AddQuoted(text[_at + 1].ToString());

            _at += 2;
        }

        private void ReadExpansion()
        {
            if (!expander.ReadDollar(text, ref _at, complain, out string? value, out bool isVariable))
            {
                _ok = false;
                _hasWord = true;
                return;
            }

            _hasWord = true;
            _isPlain = false;
            // Within quotes it is false already: the opening quote saw to that.
            _onlyExpansions &= isVariable;
            _word.Append(value);
            _length += value.Length;
        }

        private void Fail(string message, string? hint)
        {
            _ok = false;
            complain(message, hint);
        }
    }
}
