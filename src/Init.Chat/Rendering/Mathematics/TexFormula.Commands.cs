using System.Text;

namespace Init.Chat.Rendering.Mathematics;

internal sealed partial class TexFormula
{
    private (string Body, bool HasLimits) Command()
    {
        string name = CommandName();
        if (TexSymbols.Letters.TryGetValue(name, out string? sign))
            return (Letter(sign[0]), false);
        if (TexSymbols.Upright.TryGetValue(name, out sign))
            return ($"<mi mathvariant=\"normal\">{(sign.Length == 1 ? Escape(MathAlphabets.Letter(sign[0], _alphabet)) : sign)}</mi>", false);
        if (TexSymbols.Operators.TryGetValue(name, out sign) || TexSymbols.Fences.TryGetValue(name, out sign))
            return (Operator(sign), false);
        if (TexSymbols.Large.TryGetValue(name, out sign))
            return ($"<mo>{sign}</mo>", true);
        if (TexSymbols.Integrals.TryGetValue(name, out sign))
            return ($"<mo>{sign}</mo>", false);
        if (TexSymbols.Functions.Contains(name))
            return (Function(name), false);
        if (TexSymbols.LimitFunctions.TryGetValue(name, out sign))
            return ($"<mo movablelimits=\"true\" lspace=\"0\" rspace=\"0.1667em\">{sign}</mo>", true);
        if (TexSymbols.Spaces.TryGetValue(name, out sign))
            return (Space(sign), false);
        if (TexSymbols.AccentsAbove.TryGetValue(name, out sign))
            return ($"<mover accent=\"true\">{Single(Argument())}<mo stretchy=\"{(IsWide(name) ? "true" : "false")}\">{sign}</mo></mover>", name == "overbrace");
        if (TexSymbols.AccentsBelow.TryGetValue(name, out sign))
            return ($"<munder accentunder=\"true\">{Single(Argument())}<mo stretchy=\"true\">{sign}</mo></munder>", name == "underbrace");
        if (TexSymbols.Silent.Contains(name))
            return ("", false);
        if (TexSymbols.SilentWithArgument.Contains(name))
        {
            _ = RawArgument();
            return ("", false);
        }

        return Structure(name);
    }

    private (string Body, bool HasLimits) Structure(string name)
    {
        switch (name)
        {
            case "" or " " or "\n":
                return (Space("0.3333"), false);
            case "frac" or "dfrac" or "tfrac" or "cfrac":
                string above = Argument(), below = Argument();
                return (Styled(name, $"<mfrac>{Single(above)}{Single(below)}</mfrac>"), false);
            case "binom" or "dbinom" or "tbinom":
                above = Argument();
                below = Argument();
                return (Styled(name, $"<mrow><mo>(</mo><mfrac linethickness=\"0\">{Single(above)}{Single(below)}</mfrac><mo>)</mo></mrow>"), false);
            case "sqrt":
                return (OptionalArgument() is { } degree ? $"<mroot>{Single(Argument())}{Single(degree)}</mroot>" : $"<msqrt>{Argument()}</msqrt>", false);
            case "left":
                return (Fenced(), false);
            case "overset" or "stackrel":
                above = Argument();
                return ($"<mover>{Single(Argument())}{Single(above)}</mover>", false);
            case "underset":
                below = Argument();
                return ($"<munder>{Single(Argument())}{Single(below)}</munder>", false);
            case "xrightarrow" or "xleftarrow":
                string? under = OptionalArgument();
                string arrow = name == "xrightarrow" ? "<mo stretchy=\"true\">→</mo>" : "<mo stretchy=\"true\">←</mo>", over = $"<mrow>{Space("0.6")}{Argument()}{Space("0.6")}</mrow>";
                return (under is null ? $"<mover>{arrow}{over}</mover>" : $"<munderover>{arrow}{Single(under)}{over}</munderover>", false);
            case "text" or "textrm" or "textnormal" or "mbox" or "hbox" or "textsf" or "texttt":
                return (Text(Spaced(RawArgument())), false);
            case "textbf":
                return ($"<mtext style=\"font-weight:bold\">{Escape(Spaced(RawArgument()))}</mtext>", false);
            case "textit" or "emph":
                return ($"<mtext style=\"font-style:italic\">{Escape(Spaced(RawArgument()))}</mtext>", false);
            case "operatorname" or "operatorname*":
                return (Function(RawArgument().Replace("\\,", " ", StringComparison.Ordinal)), name.EndsWith('*'));
            case "mathrm" or "rm" or "mathup":
                return (In(MathAlphabet.Upright), false);
            case "mathbf" or "bf" or "mathbfup":
                return (In(MathAlphabet.Bold), false);
            case "boldsymbol" or "bm" or "pmb":
                return (In(MathAlphabet.BoldItalic), false);
            case "mathbb" or "Bbb":
                return (In(MathAlphabet.DoubleStruck), false);
            case "mathcal" or "mathscr" or "cal":
                return (In(MathAlphabet.Script), false);
            case "mathfrak" or "frak":
                return (In(MathAlphabet.Fraktur), false);
            case "mathsf":
                return (In(MathAlphabet.SansSerif), false);
            case "mathtt":
                return (In(MathAlphabet.Monospace), false);
            case "mathit" or "mathnormal":
                return (In(MathAlphabet.Italic), false);
            case "mathop":
                return (Single(Argument()), true);
            case "mathrel" or "mathbin" or "mathord" or "mathopen" or "mathclose" or "mathpunct" or "mathinner" or "cancel" or "smash" or "ensuremath":
                return (Single(Argument()), false);
            case "textcolor":
                _ = RawArgument();
                return (Single(Argument()), false);
            case "overline":
                return ($"<mrow class=\"over\">{Argument()}</mrow>", false);
            case "underline" or "underbar":
                return ($"<mrow class=\"under\">{Argument()}</mrow>", false);
            case "boxed" or "fbox":
                return ($"<mrow class=\"boxed\">{Argument()}</mrow>", false);
            case "phantom" or "hphantom" or "vphantom":
                return ($"<mphantom>{Argument()}</mphantom>", false);
            case "not":
                SkipSpaces();
                return (Negated(Atom().Body), false);
            case "bmod" or "mod":
                return ("<mo lspace=\"0.2222em\" rspace=\"0.2222em\">mod</mo>", false);
            case "pmod":
                return ($"{Space("0.4")}<mo stretchy=\"false\">(</mo><mi>mod</mi>{Space("0.3333")}{Argument()}<mo stretchy=\"false\">)</mo>", false);
            case "tag" or "tag*":
                return ($"{Space("2")}{Text("(" + Spaced(RawArgument()) + ")")}", false);
            case "substack":
                return (Substack(), false);
            case "begin":
                return (Environment(RawArgument()), false);
            case "big" or "Big" or "bigg" or "Bigg" or "bigl" or "bigr" or "Bigl" or "Bigr" or "biggl" or "biggr" or "Biggl" or "Biggr" or "bigm" or "Bigm":
                string size = name.TrimEnd('l', 'r', 'm') switch { "big" => "1.2em", "Big" => "1.8em", "bigg" => "2.4em", _ => "3em" };
                return ($"<mo stretchy=\"true\" symmetric=\"true\" minsize=\"{size}\" maxsize=\"{size}\">{Escape(Delimiter())}</mo>", false);
            default:
                return ($"<mtext class=\"unknown\">\\{Escape(name)}</mtext>", false);
        }
    }

    /// <summary>Behind the backslash: letters, or one other character.</summary>
    private string CommandName()
    {
        int begin = ++_at;
        while (_at < _tex.Length && char.IsAsciiLetter(_tex[_at]))
            _at++;
        if (_at == begin && _at < _tex.Length)
            _at++;
        else if (_at < _tex.Length && _tex[_at] == '*' && _tex[begin.._at] is "operatorname" or "tag")
            _at++;
        return _tex[begin.._at];
    }

    private string In(MathAlphabet alphabet)
    {
        MathAlphabet before = _alphabet;
        _alphabet = alphabet;

        // Letters that make a word are one thing: no gaps as between variables.
        SkipSpaces();
        int end = Follows("{") ? _tex.IndexOf('}', _at) : -1;
        string? word = end > _at + 2 ? _tex[(_at + 1)..end] : null;
        string body;
        if (word is not null && word.All(char.IsAsciiLetter))
        {
            _at = end + 1;
            body = $"<mi>{string.Concat(word.Select(letter => MathAlphabets.Letter(letter, alphabet)))}</mi>";
        }
        else
        {
            body = Single(Argument());
        }

        _alphabet = before;
        return body;
    }

    /// <summary>\left( … \middle| … \right)</summary>
    private string Fenced()
    {
        StringBuilder row = new();
        row.Append(Fence(Delimiter(), "prefix")).Append(Row());
        while (_at < _tex.Length)
        {
            if (FollowsWord("middle"))
            {
                _at += "\\middle".Length;
                row.Append(Fence(Delimiter(), "infix")).Append(Row());
            }
            else if (FollowsWord("right"))
            {
                _at += "\\right".Length;
                row.Append(Fence(Delimiter(), "postfix"));
                break;
            }
            else
            {
                break; // Something else ends here; that it was not closed is shown by what is missing.
            }
        }

        return Single(row.ToString());
    }

    private static string Fence(string sign, string form) => sign.Length == 0 ? "" : $"<mo stretchy=\"true\" fence=\"true\" form=\"{form}\">{Escape(sign)}</mo>";

    /// <summary>Behind \left and its like; "." is nothing.</summary>
    private string Delimiter()
    {
        SkipSpaces();
        if (_at >= _tex.Length)
            return "";
        if (_tex[_at] != '\\')
            return _tex[_at++] switch { '.' => "", '<' => "⟨", '>' => "⟩", var sign => sign.ToString() };
        string name = CommandName();
        return TexSymbols.Fences.TryGetValue(name, out string? fence) || TexSymbols.Operators.TryGetValue(name, out fence) || TexSymbols.Upright.TryGetValue(name, out fence) ? fence : "";
    }

    private string Negated(string body)
    {
        int end = body.LastIndexOf("</m", StringComparison.Ordinal);
        return end < 0 ? "<mo>¬</mo>" : body.Insert(end, "\u0338").Normalize(NormalizationForm.FormC);
    }

    private static bool IsWide(string name) => name.StartsWith("over", StringComparison.Ordinal) || name.StartsWith("wide", StringComparison.Ordinal);

    private static string Function(string name) => $"<mi>{Escape(name)}</mi><mo>&#x2061;</mo>";

    private static string Styled(string name, string body) => name[0] switch
    {
        'd' or 'c' => $"<mstyle displaystyle=\"true\" scriptlevel=\"0\">{body}</mstyle>",
        't' => $"<mstyle displaystyle=\"false\">{body}</mstyle>",
        _ => body,
    };

    /// <summary>MathML drops spaces at the ends of a text.</summary>
    private static string Spaced(string text) => text.Replace(' ', '\u00A0').Replace("\\_", "_", StringComparison.Ordinal).Replace("\\%", "%", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);
}
