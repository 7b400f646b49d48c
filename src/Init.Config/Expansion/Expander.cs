using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Init.Config.Expansion;

/// <summary>Tells of a problem in a piece of text: what is wrong, and what to do about it. Never contains a variable's value.</summary>
internal delegate void Complain(string message, string? hint);

/// <summary>
/// Fills <c>${NAME}</c>, <c>${NAME:-default}</c> and <c>${NAME:?message}</c> in; <c>$$</c> is a dollar sign. Immutable.
/// </summary>
internal sealed class Expander
{
    /// <summary>How deep defaults may nest: <c>${A:-${B:-x}}</c> has depth 2.</summary>
    public const int DepthMax = 16;

    /// <summary>Longest result, in characters: far more than an argument of execve(2) may have (128 KiB).</summary>
    public const int LengthMax = 1024 * 1024;

    private readonly IReadOnlyDictionary<string, string> _values;
    private readonly HashSet<string> _withheld;
    private readonly HashSet<string> _granted;
    private readonly string _withheldHint;
    private bool _isForCommandLine;
    private readonly string? _index;

    /// <param name="values">What the names stand for.</param>
    /// <param name="withheld">Secrets that may not be used here, though they have a value.</param>
    /// <param name="withheldHint">What to do about that.</param>
    /// <param name="index">What <c>${INDEX}</c> stands for, if anything.</param>
    /// <param name="granted">Secrets that may be used here, but not in a command line.</param>
    public Expander(
        IReadOnlyDictionary<string, string> values, IEnumerable<string> withheld, string withheldHint, string? index = null, IEnumerable<string>? granted = null)
    {
        _values = values;
        _withheld = [.. withheld];
        _granted = [.. granted ?? []];
        _withheldHint = withheldHint;
        _index = index;
    }

    /// <summary>The same for a command line, which every process on the machine can read (proc_pid_cmdline(5)) and no secret may therefore stand in.</summary>
    public Expander ForCommandLine() => new(_values, _withheld, _withheldHint, _index, _granted) { _isForCommandLine = true };

    /// <summary>The expanded text; null after a complaint.</summary>
    public string? Expand(string text, Complain complain)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;

        StringBuilder result = new(text.Length);
        bool ok = true;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] != '$')
            {
                result.Append(text[at++]);
                continue;
            }

            if (ReadDollar(text, ref at, complain, out string? value, out _))
                result.Append(value);
            else
                ok = false;

            if (!IsWithinLimit(result.Length, complain))
                return null;
        }

        return ok ? result.ToString() : null;
    }

    /// <summary>True when the text has something to expand, so that its value is not what is written.</summary>
    public static bool HasExpansion(string text) => text.Contains("${", StringComparison.Ordinal);

    /// <summary>
    /// Reads what begins with the dollar sign at <paramref name="at"/> and moves behind it. False after a complaint; the position has
    /// moved on even then, so that one pass finds every problem.
    /// </summary>
    /// <param name="isVariable">False for a plain dollar sign.</param>
    public bool ReadDollar(string text, ref int at, Complain complain, [NotNullWhen(true)] out string? value, out bool isVariable) =>
        ReadDollar(text, ref at, complain, depth: 1, out value, out isVariable);

    private bool ReadDollar(string text, ref int at, Complain complain, int depth, [NotNullWhen(true)] out string? value, out bool isVariable)
    {
        isVariable = false;
        value = "$";
        char next = at + 1 < text.Length ? text[at + 1] : '\0';
        if (next == '$')
        {
            at += 2;
            return true;
        }

        if (next != '{')
        {
            int nameStart = ++at;
            if (!IsNameStart(next))
                return true; // A dollar sign at the end of a regular expression, a price, …

            // Left alone, "$HOME/logs" would become a directory called "$HOME".
            while (at < text.Length && IsNamePart(text[at]))
                at++;

            string name = text[nameStart..at];
            complain($"cannot expand \"${name}\": a name needs braces", $"write ${{{name}}}, or $${name} for a dollar sign");
            value = null;
            return false;
        }

        isVariable = true;
        value = ReadBraces(text, ref at, complain, depth);
        return value is not null;
    }

    /// <summary>At "${"; ends behind the matching brace.</summary>
    private string? ReadBraces(string text, ref int at, Complain complain, int depth)
    {
        int nameStart = at + 2;
        int nameEnd = nameStart;
        while (nameEnd < text.Length && IsNamePart(text[nameEnd]))
            nameEnd++;

        string name = text[nameStart..nameEnd];
        int end = FindEnd(text, nameEnd);
        if (end < 0)
        {
            at = text.Length;
            complain("\"${\" has no closing brace", "write $${ for these characters themselves");
            return null;
        }

        at = end + 1;
        if (depth > DepthMax)
        {
            complain($"expansions are nested deeper than {DepthMax}", null);
            return null;
        }

        if (name.Length == 0 || !IsNameStart(name[0]))
        {
            complain("\"${\" is not followed by a name", "a name has letters, digits and _, and does not begin with a digit");
            return null;
        }

        ReadOnlySpan<char> tail = text.AsSpan(nameEnd, end - nameEnd);
        if (tail.IsEmpty)
            return Require(name, complain);

        string argument = tail.Length >= 2 ? tail[2..].ToString() : "";
        if (tail.StartsWith(":-"))
            return IsAllowed(name, complain) ? ValueOf(name) is { Length: > 0 } set ? set : ExpandDefault(argument, complain, depth) : null;

        if (tail.StartsWith(":?"))
            return RequireOrSay(name, argument, complain);

        complain($"cannot expand ${{{name}…}}: after the name comes a closing brace, \":-\" or \":?\"", "only ${NAME}, ${NAME:-default} and ${NAME:?message} are known");
        return null;
    }

    private string? Require(string name, Complain complain)
    {
        if (!IsAllowed(name, complain))
            return null;

        if (ValueOf(name) is { } value)
            return value;

        complain($"${{{name}}} is not set", $"write ${{{name}:-}} if it may be empty, or ${{{name}:-something}} for a default");
        return null;
    }

    private string? RequireOrSay(string name, string message, Complain complain)
    {
        if (!IsAllowed(name, complain))
            return null;

        if (ValueOf(name) is { Length: > 0 } value)
            return value;

        complain(message.Length == 0 ? $"${{{name}}} is not set or empty" : $"${{{name}}} is not set or empty: {ConfigText.Clean(message)}", null);
        return null;
    }

    private string? ExpandDefault(string text, Complain complain, int depth)
    {
        StringBuilder result = new();
        bool ok = true;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] != '$')
                result.Append(text[at++]);
            else if (ReadDollar(text, ref at, complain, depth + 1, out string? value, out _))
                result.Append(value);
            else
                ok = false;

            if (!IsWithinLimit(result.Length, complain))
                return null;
        }

        return ok ? result.ToString() : null;
    }

    /// <summary>The brace that ends what began before <paramref name="at"/>: the first one that belongs to no nested expansion; -1 if none.</summary>
    private static int FindEnd(string text, int at)
    {
        int open = 1;
        for (; at < text.Length; at++)
        {
            if (text[at] == '$' && at + 1 < text.Length && text[at + 1] == '$')
                at++;
            else if (text[at] == '$' && at + 1 < text.Length && text[at + 1] == '{')
                open++;
            else if (text[at] == '}' && --open == 0)
                return at;
        }

        return -1;
    }

    private string? ValueOf(string name) => name == "INDEX" && _index is not null ? _index : _values.GetValueOrDefault(name);

    private bool IsAllowed(string name, Complain complain)
    {
        if (_isForCommandLine && _granted.Contains(name))
        {
            complain(
                $"${{{name}}} is a secret and cannot stand in a command line, which every process can read",
                $"the program has {name} in its environment; if it must be an argument, let a shell fill it in: [\"sh\", \"-c\", \"exec PROGRAM $${name}\"]");
            return false;
        }

        if (!_withheld.Contains(name))
            return true;

        complain($"${{{name}}} is a secret and cannot be used here", _withheldHint);
        return false;
    }

    private static bool IsWithinLimit(int length, Complain complain)
    {
        if (length <= LengthMax)
            return true;

        complain($"is longer than {LengthMax} characters once expanded", null);
        return false;
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
