using System.Globalization;
using System.Text;
using Init.Base;

namespace Init.Config.Supervisord.Import;

/// <summary>Values as a supervisor.toml has them.</summary>
internal static class TomlValueText
{
    /// <summary>In double quotes. A dollar sign is doubled, and a reference to a variable becomes <c>${NAME}</c>.</summary>
    public static string Of(string text) => Quote(Expandable(text));

    public static string Of(bool value) => value ? "true" : "false";

    public static string Of(int value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Of(TimeSpan value) => Quote(Reading.DurationText.Format(value));

    public static string Of(IEnumerable<string> texts) => "[" + string.Join(", ", texts.Select(Of)) + "]";

    public static string Of(ByteSize size) => size.Bytes switch
    {
        0 => "0",
        var bytes when bytes % (1 << 20) == 0 => $"\"{bytes >> 20}MiB\"",
        var bytes when bytes % (1 << 10) == 0 => $"\"{bytes >> 10}KiB\"",
        var bytes => bytes.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A command on one line where that is the same, else word by word.</summary>
    public static string Command(IReadOnlyList<string> words)
    {
        bool isPlain = words.All(word => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_/.:=,+@%-".Contains(c, StringComparison.Ordinal)));
        return isPlain ? Quote(string.Join(' ', words)) : Of(words);
    }

    /// <summary>A part of a dotted key.</summary>
    public static string Key(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : Quote(name);

    private static string Expandable(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (char c in text)
        {
            _ = c switch
            {
                VariableReference.Begin => result.Append("${"),
                VariableReference.End => result.Append('}'),
                '$' => result.Append("$$"),
                _ => result.Append(c),
            };
        }

        return result.ToString();
    }

    private static string Quote(string text)
    {
        StringBuilder result = new("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\n' => result.Append("\\n"),
                '\t' => result.Append("\\t"),
                < ' ' or '\x7f' => result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => result.Append(c),
            };
        }

        return result.Append('"').ToString();
    }
}
