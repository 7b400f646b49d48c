using System.Collections.Immutable;
using System.Text;
using Init.Base;

namespace Init.Chat.Variables;

/// <param name="Text">At most as long as was allowed.</param>
/// <param name="IsCut">It would have been longer.</param>
public readonly record struct Expansion(string Text, bool IsCut);

/// <summary>
/// Puts variables into text by the original's grammar (docs/reference/chat-variables.md): <c>{name arguments}</c>, with backslashes before it to keep it; <c>{name}->```text```</c>, shown when the
/// variable is true; <c>:::text:::</c>, shown when every variable in it is known. In this order: conditions, blocks, variables. What a variable stands for is not looked at again.
/// </summary>
/// <param name="variables">By their names.</param>
/// <param name="charactersMax">How long a text may become, in UTF-16 units: a few letters can stand for much.</param>
public sealed class VariableExpander(IReadOnlyDictionary<string, Variable> variables, int charactersMax = VariableExpander.CharactersMaxDefault)
{
    public const int CharactersMaxDefault = 4 << 20;

    private const string Fence = "```", BlockMark = ":::";

    /// <summary>Never throws.</summary>
    public Expansion Expand(string text)
    {
        Output output = new(charactersMax);
        foreach (Token token in Token.Split(Blocks(Conditions(text))))
        {
            output.Add(token.Literal);
            if (token.Inner is { } inner)
                output.Add(ValueOf(inner).Text);
        }

        return output.End();
    }

    /// <summary>The text that <see cref="Expand"/> turns into this one. A pair of <c>:::</c> cannot be kept: its marks go.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        int written = 0;
        foreach (BracePair pair in BracePair.Find(text))
        {
            escaped.Append(text, written, pair.Open - written).Append('\\', pair.Backslashes + 1);
            written = pair.Open;
        }

        return escaped.Append(text, written, text.Length - written).ToString();
    }

    /// <summary>Their text goes or stays; that of those that stay is expanded with the rest.</summary>
    private string Conditions(string text)
    {
        StringBuilder? result = null;
        int written = 0;
        foreach (BracePair pair in BracePair.Find(text))
        {
            if (pair.Open < written || pair.IsKept || FenceAfter(text, pair.Close + 1) is not { } begin)
                continue;
            int end = text.IndexOf(Fence, begin, StringComparison.Ordinal);
            if (end < 0)
                break;

            result ??= new StringBuilder(text.Length);
            result.Append(text, written, pair.Open - written);
            if (ValueOf(text[(pair.Open + 1)..pair.Close]).IsTrue)
                result.Append(text.AsSpan(begin, end - begin).Trim());
            written = end + Fence.Length;
        }

        return result is null ? text : result.Append(text, written, text.Length - written).ToString();
    }

    /// <returns>Behind the marks <c>-></c> and <c>```</c>, with blanks before either; null: they are not there.</returns>
    private static int? FenceAfter(string text, int at)
    {
        at = SkipBlanks(text, at);
        if (string.CompareOrdinal(text, at, "->", 0, 2) != 0)
            return null;
        at = SkipBlanks(text, at + 2);
        return string.CompareOrdinal(text, at, Fence, 0, Fence.Length) == 0 ? at + Fence.Length : null;
    }

    /// <summary>A block that stays loses its marks and the blanks behind it; one that goes, the blanks on both sides.</summary>
    private string Blocks(string text)
    {
        StringBuilder? result = null;
        int written = 0;
        for (int open; (open = text.IndexOf(BlockMark, written, StringComparison.Ordinal)) >= 0;)
        {
            int begin = open + BlockMark.Length;
            int close = text.IndexOf(BlockMark, begin, StringComparison.Ordinal);
            if (close < 0)
                break;

            string content = text[begin..close];
            result ??= new StringBuilder(text.Length);
            ReadOnlySpan<char> before = text.AsSpan(written, open - written);
            if (Token.Split(content).All(token => token.Inner is null || NameOf(token.Inner) is "" || variables.ContainsKey(NameOf(token.Inner))))
                result.Append(before).Append(content);
            else
                result.Append(before.TrimEnd());
            written = SkipBlanks(text, close + BlockMark.Length);
        }

        return result is null ? text : result.Append(text, written, text.Length - written).ToString();
    }

    private VariableValue ValueOf(string inner)
    {
        string name = NameOf(inner);
        switch (variables.GetValueOrDefault(name))
        {
            case Variable.Plain plain:
                return plain.Value;
            case Variable.Function function:
                try
                {
                    string arguments = inner[(inner.IndexOf(name, StringComparison.Ordinal) + name.Length)..];
                    return function.Work(ShellWords.Split(arguments, out _) ?? [.. arguments.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)]);
                }
                catch (VariableException exception)
                {
                    return VariableValue.Of($"[PromptPV Error | {name}]: {exception.Message}"); // The name is the original's, for who looks for it.
                }

            default:
                return VariableValue.None;
        }
    }

    /// <summary>The first word; "" when there is none.</summary>
    private static string NameOf(string inner)
    {
        int begin = SkipBlanks(inner, 0), end = begin;
        while (end < inner.Length && !char.IsWhiteSpace(inner[end]))
            end++;
        return inner[begin..end];
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    /// <summary>Braces with something and no brace between them.</summary>
    /// <param name="Backslashes">How many stand before it.</param>
    private readonly record struct BracePair(int Open, int Close, int Backslashes)
    {
        /// <summary>It is meant as it stands.</summary>
        public bool IsKept => Backslashes % 2 == 1;

        public static IEnumerable<BracePair> Find(string text)
        {
            int searched = 0;
            for (int close; (close = text.IndexOf('}', searched)) >= 0; searched = close + 1)
            {
                int open = searched + text.AsSpan(searched, close - searched).LastIndexOf('{');
                if (open < searched || open == close - 1)
                    continue;
                int backslashes = 0;
                while (backslashes < open && text[open - 1 - backslashes] == '\\')
                    backslashes++;
                yield return new BracePair(open, close, backslashes);
            }
        }
    }

    /// <summary>What is shown as it is, and the variable after it.</summary>
    /// <param name="Inner">What is between the braces; null: no variable follows.</param>
    private readonly record struct Token(string Literal, string? Inner)
    {
        public static IEnumerable<Token> Split(string text)
        {
            int written = 0;
            foreach (BracePair pair in BracePair.Find(text))
            {
                // Two backslashes are one; one that is left over keeps the braces.
                string literal = text[written..(pair.Open - pair.Backslashes + (pair.Backslashes / 2))];
                written = pair.Close + 1;
                yield return pair.IsKept ? new Token(literal + text[pair.Open..written], null) : new Token(literal, text[(pair.Open + 1)..pair.Close]);
            }

            yield return new Token(text[written..], null);
        }
    }

    private sealed class Output(int charactersMax)
    {
        private readonly StringBuilder _text = new();
        private bool _isCut;

        public void Add(string? text)
        {
            if (text is null)
                return;
            int room = Math.Min(text.Length, charactersMax - _text.Length);
            _isCut |= room < text.Length;
            _text.Append(text, 0, room);
        }

        public Expansion End()
        {
            // Half of a character is none.
            if (_isCut && _text.Length > 0 && char.IsHighSurrogate(_text[^1]))
                _text.Length--;
            return new Expansion(_text.ToString(), _isCut);
        }
    }
}
