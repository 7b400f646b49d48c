using System.Globalization;
using System.Text;
using Init.Config.Toml;

namespace Init.Config;

/// <summary>How pieces of a configuration are shown in messages and reports.</summary>
internal static class ConfigText
{
    /// <summary>Longest excerpt of a value in a message.</summary>
    private const int ExcerptMax = 80;

    /// <summary>In double quotes, control characters replaced, cut when it is long.</summary>
    public static string Quote(string text) => "\"" + Clean(text) + "\"";

    /// <summary>A part of a dotted key, quoted unless it is bare.</summary>
    public static string KeyPart(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? Clean(name) : Quote(name);

    /// <summary>Fit for one line of a terminal.</summary>
    public static string Clean(string text)
    {
        StringBuilder clean = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length >= ExcerptMax)
                return clean.Append('…').ToString();

            if (Rune.IsControl(rune))
                clean.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else
                clean.Append(rune);
        }

        return clean.ToString();
    }

    /// <summary>A value as one would write it on one line of TOML, before any expansion: it shows names of variables and never their values.</summary>
    public static string Of(TomlValue value) => value switch
    {
        TomlString text => Quote(text.Value),
        TomlInteger integer => integer.Value.ToString(CultureInfo.InvariantCulture),
        TomlFloat number => number.Value.ToString("R", CultureInfo.InvariantCulture),
        TomlBoolean boolean => boolean.Value ? "true" : "false",
        TomlArray array => "[" + string.Join(", ", array.Items.Select(Of)) + "]",
        TomlTable table when table.Entries.Count == 0 => "{}",
        TomlTable table => "{ " + string.Join(", ", table.Entries.Select(entry => $"{entry.Key} = {Of(entry.Value)}")) + " }",
        _ => value.Kind,
    };
}
