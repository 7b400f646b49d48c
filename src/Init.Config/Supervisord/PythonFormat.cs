using System.Globalization;
using System.Text;
using Init.Base;
using Init.Config.Expansion;

namespace Init.Config.Supervisord;

/// <summary>What a name in <c>%(name)s</c> stands for: text, or a number, which may be formatted as one.</summary>
internal readonly record struct FormatValue(string Text, long? Number = null)
{
    public static FormatValue Of(long number) => new(number.ToString(CultureInfo.InvariantCulture), number);
}

/// <summary>Python's <c>text % names</c>, as far as it makes sense with names: <c>%(name)s</c>, <c>%(process_num)02d</c>, <c>%%</c>.</summary>
internal static class PythonFormat
{
    private const int WidthMax = 1000;
    private const string PercentHint = "write %% for a percent sign";

    /// <summary>The text; null after a complaint. A value is never looked at again.</summary>
    public static string? Expand(string text, IReadOnlyDictionary<string, FormatValue> names, Complain complain)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;

        StringBuilder result = new(text.Length);
        bool ok = true;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] != '%')
                result.Append(text[at++]);
            else if (ReadConversion(text, ref at, names, complain) is { } value)
                result.Append(value);
            else
                ok = false;

            if (result.Length > Expander.LengthMax)
            {
                complain($"is longer than {Expander.LengthMax} characters once expanded", null);
                return null;
            }
        }

        return ok ? result.ToString() : null;
    }

    /// <summary>At "%"; ends behind the conversion, also after a complaint.</summary>
    private static string? ReadConversion(string text, ref int at, IReadOnlyDictionary<string, FormatValue> names, Complain complain)
    {
        int start = at++;
        string? name = null;
        if (at < text.Length && text[at] == '(' && (name = ReadName(text, ref at)) is null)
        {
            complain($"{ConfigText.Quote(text[start..])} has no closing parenthesis", PercentHint);
            at = text.Length;
            return null;
        }

        string flags = ReadWhile(text, ref at, "-+ #0");
        string width = ReadWhile(text, ref at, "0123456789");
        string? precision = null;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            precision = ReadWhile(text, ref at, "0123456789");
        }

        if (at < text.Length && text[at] is 'h' or 'l' or 'L')
            at++;

        if (at >= text.Length)
        {
            complain($"{ConfigText.Quote(text[start..])} is an incomplete expansion", PercentHint);
            return null;
        }

        char kind = text[at++];
        FormatValue value = default;
        if (name is not null && !names.TryGetValue(name, out value))
        {
            Unknown(name, names.Keys, complain);
            return null;
        }

        if (kind == '%')
            return "%";

        string written = text[start..at];
        if (name is null || kind is not ('s' or 'd' or 'i' or 'u' or 'o' or 'x' or 'X'))
        {
            complain($"{ConfigText.Quote(written)} is not an expansion", kind is 's' or 'd' ? "write %(NAME)s, or %% for a percent sign" : PercentHint);
            return null;
        }

        if (kind != 's' && value.Number is null)
        {
            complain($"{ConfigText.Quote(written)} wants a number, and \"{ConfigText.Clean(name)}\" is text", $"write %({ConfigText.Clean(name)})s");
            return null;
        }

        if (width.Length > 4 || precision is { Length: > 4 } || Parse(width) > WidthMax || Parse(precision) > WidthMax)
        {
            complain($"{ConfigText.Quote(written)} is wider than {WidthMax} characters", null);
            return null;
        }

        return kind == 's'
            ? Pad(precision is null ? value.Text : value.Text[..Math.Min(value.Text.Length, Parse(precision))], flags.Replace("0", "", StringComparison.Ordinal), Parse(width))
            : FormatNumber(value.Number!.Value, kind, flags, Parse(width), precision is null ? 0 : Parse(precision));
    }

    /// <summary>At "("; parentheses within the name are counted. Null when the last one is missing.</summary>
    private static string? ReadName(string text, ref int at)
    {
        int start = ++at;
        for (int depth = 1; at < text.Length; at++)
        {
            if (text[at] == '(')
                depth++;
            else if (text[at] == ')' && --depth == 0)
                return text[start..at++];
        }

        return null;
    }

    private static string ReadWhile(string text, ref int at, string characters)
    {
        int start = at;
        while (at < text.Length && characters.Contains(text[at], StringComparison.Ordinal))
            at++;

        return text[start..at];
    }

    private static int Parse(string? digits) => string.IsNullOrEmpty(digits) ? 0 : int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string FormatNumber(long number, char kind, string flags, int width, int digitsMin)
    {
        ulong magnitude = number < 0 ? (ulong)-(number + 1) + 1 : (ulong)number;
        string digits = kind switch
        {
            'o' => Convert.ToString((long)magnitude, 8),
            'x' => magnitude.ToString("x", CultureInfo.InvariantCulture),
            'X' => magnitude.ToString("X", CultureInfo.InvariantCulture),
            _ => magnitude.ToString(CultureInfo.InvariantCulture),
        };
        digits = digits.PadLeft(digitsMin, '0');
        string sign = number < 0 ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
        if (flags.Contains('#', StringComparison.Ordinal) && kind is 'o' or 'x' or 'X')
            sign += "0" + kind;

        // As in C, "-" overrides "0".
        if (flags.Contains('0', StringComparison.Ordinal) && !flags.Contains('-', StringComparison.Ordinal))
            digits = digits.PadLeft(Math.Max(0, width - sign.Length), '0');

        return Pad(sign + digits, flags, width);
    }

    private static string Pad(string text, string flags, int width) =>
        flags.Contains('-', StringComparison.Ordinal) ? text.PadRight(width) : text.PadLeft(width);

    private static void Unknown(string name, IEnumerable<string> known, Complain complain)
    {
        const string variable = "ENV_";
        bool isVariable = name.StartsWith(variable, StringComparison.Ordinal);
        string hint = Suggestion.For(name, known.Where(other => other.StartsWith(variable, StringComparison.Ordinal) == isVariable))
            ?? (isVariable ? "supervisord knows no default: set the variable" : "known here are " + string.Join(", ", known.Where(other => !other.StartsWith(variable, StringComparison.Ordinal)).Order(StringComparer.Ordinal)) + " and ENV_NAME");
        string what = isVariable ? $"the environment has no {ConfigText.Clean(name[variable.Length..])}" : "nothing is called so here";
        complain($"cannot expand %({ConfigText.Clean(name)})s: {what}", hint);
    }
}
