using System.Net;
using System.Text;

namespace Init.Chat.Rendering.Mathematics;

/// <summary>
/// Writes a formula of TeX as MathML, which browsers draw without any script. The part of TeX that chat models write: what is not known stands there as its name, and nothing is an error.
/// </summary>
internal sealed partial class TexFormula
{
    /// <summary>A longer one is shown as it is written.</summary>
    public const int CharactersMax = 5000;

    /// <summary>Braces in braces; what is deeper is shown as it is written.</summary>
    private const int DepthMax = 40;

    private readonly string _tex;
    private int _at;
    private int _depth;
    private MathAlphabet _alphabet = MathAlphabet.Italic;

    private TexFormula(string tex) => _tex = tex;

    /// <param name="tex">Without the dollars.</param>
    /// <param name="isDisplay">It stands on a line of its own.</param>
    public static string ToMathMl(string tex, bool isDisplay)
    {
        if (tex.Length > CharactersMax)
            return $"<code>{Escape(tex)}</code>";
        TexFormula formula = new(tex.Trim());
        StringBuilder rows = new();
        while (formula._at < formula._tex.Length)
        {
            rows.Append(formula.Row());
            if (formula._at < formula._tex.Length)
                rows.Append(Operator(formula._tex[formula._at++].ToString())); // A brace or an "&" that nothing opened.
        }

        return $"<math{(isDisplay ? " display=\"block\"" : "")}><mrow>{rows}</mrow></math>";
    }

    /// <summary>Up to a closing brace, "&amp;", "\\", "\right", "\middle" or "\end", or a closing bracket when <paramref name="inBrackets"/>.</summary>
    private string Row(bool inBrackets = false)
    {
        if (++_depth > DepthMax)
        {
            string rest = _tex[_at..];
            _at = _tex.Length;
            _depth--;
            return Text(rest);
        }

        StringBuilder row = new();
        MathAlphabet alphabet = _alphabet;
        while (_at < _tex.Length && !IsEndOfRow(inBrackets))
            row.Append(Scripted());
        _alphabet = alphabet;
        _depth--;
        return row.ToString();
    }

    private bool IsEndOfRow(bool inBrackets)
    {
        char next = _tex[_at];
        return next is '}' or '&' || (inBrackets && next == ']') || (next == '\\' && (Follows("\\\\") || FollowsWord("right") || FollowsWord("middle") || FollowsWord("end") || FollowsWord("cr")));
    }

    /// <summary>One thing with what stands below and above it.</summary>
    private string Scripted()
    {
        int begin = _at;
        (string body, bool hasLimits) = Atom();
        string? below = null, above = null;
        while (_at < _tex.Length)
        {
            SkipSpaces();
            if (FollowsWord("limits") || FollowsWord("nolimits"))
            {
                hasLimits = FollowsWord("limits");
                _at += hasLimits ? "\\limits".Length : "\\nolimits".Length;
                continue;
            }

            char next = _at < _tex.Length ? _tex[_at] : '\0';
            if (next == '_' && below is null)
            {
                _at++;
                below = Argument();
            }
            else if (next == '^' && above is null)
            {
                _at++;
                above = Argument();
            }
            else if (next == '\'' && above is null)
            {
                above = Primes();
            }
            else if (next == '^' && above is not null && above.StartsWith("<mo>′", StringComparison.Ordinal))
            {
                _at++;
                above += Argument(); // f'^2
            }
            else
            {
                break;
            }
        }

        if (_at == begin)
            _at++; // Nothing may stand still.
        body = body.Length == 0 && (below ?? above) is not null ? "<mrow></mrow>" : body;
        return (below, above, hasLimits) switch
        {
            (null, null, _) => body,
            ({ } low, { } high, true) => $"<munderover>{Single(body)}{Single(low)}{Single(high)}</munderover>",
            ({ } low, { } high, false) => $"<msubsup>{Single(body)}{Single(low)}{Single(high)}</msubsup>",
            ({ } low, null, true) => $"<munder>{Single(body)}{Single(low)}</munder>",
            ({ } low, null, false) => $"<msub>{Single(body)}{Single(low)}</msub>",
            (null, { } high, true) => $"<mover>{Single(body)}{Single(high)}</mover>",
            (null, { } high, false) => $"<msup>{Single(body)}{Single(high)}</msup>",
        };
    }

    private (string Body, bool HasLimits) Atom()
    {
        SkipSpaces();
        if (_at >= _tex.Length)
            return ("", false);
        char next = _tex[_at];
        if (next is '}' or '&' or '_' or '^' or '\'')
            return ("", false);
        if (next == '\\')
            return Command();
        if (next == '{')
            return (Single(Group()), false);
        if (next == '%')
        {
            int end = _tex.IndexOf('\n', _at);
            _at = end < 0 ? _tex.Length : end;
            return ("", false);
        }

        if (char.IsAsciiDigit(next))
            return (Number(), false);
        if (next == '~')
        {
            _at++;
            return (Space("0.3333"), false);
        }

        if (char.IsAsciiLetter(next))
        {
            _at++;
            return (Letter(next), false);
        }

        if (next > 0x2E7F || (char.IsLetter(next) && next > 0x24F && !(next is >= '\u0370' and <= '\u03FF')))
            return (Words(), false);
        _at++;
        return (char.IsLetter(next) ? Letter(next) : Operator(next.ToString()), false);
    }

    private string Number()
    {
        int begin = _at;
        while (_at < _tex.Length && (char.IsAsciiDigit(_tex[_at]) || (_tex[_at] == '.' && _at + 1 < _tex.Length && char.IsAsciiDigit(_tex[_at + 1]))))
            _at++;
        string digits = string.Concat(_tex[begin.._at].Select(digit => MathAlphabets.Letter(digit, _alphabet)));
        return $"<mn>{digits}</mn>";
    }

    private string Letter(char letter) =>
        _alphabet switch
        {
            MathAlphabet.Italic => $"<mi>{letter}</mi>",
            MathAlphabet.Upright => $"<mi mathvariant=\"normal\">{letter}</mi>",
            _ => $"<mi mathvariant=\"normal\">{MathAlphabets.Letter(letter, _alphabet)}</mi>",
        };

    /// <summary>Chinese and other scripts in a formula.</summary>
    private string Words()
    {
        int begin = _at;
        while (_at < _tex.Length && _tex[_at] > 0x24F)
            _at++;
        return Text(_tex[begin.._at]);
    }

    private string Primes()
    {
        int begin = _at;
        while (_at < _tex.Length && _tex[_at] == '\'')
            _at++;
        return $"<mo>{string.Concat(Enumerable.Repeat('′', Math.Min(_at - begin, 4)))}</mo>";
    }

    /// <summary>A group in braces, or the next thing.</summary>
    private string Argument()
    {
        SkipSpaces();
        if (_at >= _tex.Length)
            return "<mrow></mrow>";
        if (_tex[_at] == '{')
            return Group();
        if (char.IsAsciiDigit(_tex[_at]))
            return $"<mn>{MathAlphabets.Letter(_tex[_at++], _alphabet)}</mn>"; // x^12 is x¹2.
        string body = ++_depth > DepthMax ? "" : Atom().Body;
        _depth--;
        return body.Length == 0 ? "<mrow></mrow>" : body;
    }

    private string Group()
    {
        _at++;
        string row = Row();
        while (_at < _tex.Length && _tex[_at] != '}')
        {
            // What ends a row elsewhere does not end a group.
            row += _tex[_at] == '\\' ? SkipOddCommand() : Operator(_tex[_at++].ToString());
            row += Row();
        }

        if (_at < _tex.Length)
            _at++;
        return row;
    }

    private string SkipOddCommand()
    {
        _at++;
        if (_at < _tex.Length && !char.IsAsciiLetter(_tex[_at]))
            _at++;
        while (_at < _tex.Length && char.IsAsciiLetter(_tex[_at]))
            _at++;
        return "";
    }

    /// <summary>The characters of a group, unread.</summary>
    private string RawArgument()
    {
        SkipSpaces();
        if (_at >= _tex.Length)
            return "";
        if (_tex[_at] != '{')
            return _tex[_at++].ToString();
        int begin = ++_at, open = 1;
        while (_at < _tex.Length)
        {
            char next = _tex[_at];
            if (next == '\\' && _at + 1 < _tex.Length)
                _at++;
            else if (next == '{')
                open++;
            else if (next == '}' && --open == 0)
                break;
            _at++;
        }

        string raw = _tex[begin..Math.Min(_at, _tex.Length)];
        _at = Math.Min(_at + 1, _tex.Length);
        return raw;
    }

    private string? OptionalArgument()
    {
        SkipSpaces();
        if (_at >= _tex.Length || _tex[_at] != '[')
            return null;
        _at++;
        string row = Row(inBrackets: true);
        if (_at < _tex.Length && _tex[_at] == ']')
            _at++;
        return row;
    }

    private void SkipSpaces()
    {
        while (_at < _tex.Length && char.IsWhiteSpace(_tex[_at]))
            _at++;
    }

    private bool Follows(string text) => _tex.AsSpan(_at).StartsWith(text, StringComparison.Ordinal);

    /// <summary>A command of exactly this name.</summary>
    private bool FollowsWord(string name) =>
        _at < _tex.Length && _tex[_at] == '\\' && _tex.AsSpan(_at + 1).StartsWith(name, StringComparison.Ordinal) && !(_at + 1 + name.Length < _tex.Length && char.IsAsciiLetter(_tex[_at + 1 + name.Length]));

    // Elements that want one child get one.
    private static string Single(string row) => $"<mrow>{row}</mrow>";

    private static string Operator(string sign) =>
        sign switch
        {
            "-" => "<mo>−</mo>",
            "*" => "<mo>∗</mo>",
            "(" or ")" or "[" or "]" or "|" or "{" or "}" or "‖" or "⟨" or "⟩" or "⌈" or "⌉" or "⌊" or "⌋" or "/" => $"<mo stretchy=\"false\">{sign}</mo>",
            _ => $"<mo>{Escape(sign)}</mo>",
        };

    private static string Text(string text) => $"<mtext>{Escape(text)}</mtext>";

    private static string Space(string em) => $"<mspace width=\"{em}em\"></mspace>";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
