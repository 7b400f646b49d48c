using System.Globalization;
using System.Text;
using Init.Config.Toml;
using Init.TomlJson;

namespace Init.Config.Tests.Toml;

/// <summary>Writes a table as TOML in one of the many ways in which it can be written, as chance decides.</summary>
internal sealed class TomlWriter(Random random)
{
    private readonly StringBuilder _text = new();

    public static string Write(TomlTable table, Random random)
    {
        TomlWriter writer = new(random);
        writer.WriteBody(table, "");
        return writer._text.ToString();
    }

    /// <summary>Whether two values are the same but for positions and the order of keys.</summary>
    public static bool AreSame(TomlValue left, TomlValue right) => (left, right) switch
    {
        (TomlTable a, TomlTable b) => a.Entries.Count == b.Entries.Count
            && a.Entries.All(entry => b.TryGet(entry.Key, out TomlEntry? other) && AreSame(entry.Value, other.Value)),
        (TomlArray a, TomlArray b) => a.Items.Length == b.Items.Length && a.Items.Zip(b.Items).All(pair => AreSame(pair.First, pair.Second)),
        (TomlTable or TomlArray, _) or (_, TomlTable or TomlArray) => false,
        _ => TaggedJson.Tag(left) == TaggedJson.Tag(right),
    };

    private void WriteBody(TomlTable table, string path)
    {
        // Tables and arrays of tables that get headers must come after all other keys of this table.
        List<TomlEntry> withHeader = [];
        foreach (TomlEntry entry in table.Entries)
        {
            bool canHaveHeader = entry.Value is TomlTable || (entry.Value is TomlArray { Items.Length: > 0 } array && array.Items.All(item => item is TomlTable));
            if (canHaveHeader && Chance(2))
                withHeader.Add(entry);
            else
                WriteEntry(Key(entry.Key), entry.Value);
        }

        foreach (TomlEntry entry in withHeader)
        {
            string name = path.Length == 0 ? Key(entry.Key) : $"{path}{Space()}.{Space()}{Key(entry.Key)}";
            if (entry.Value is TomlTable child)
            {
                _text.Append(CultureInfo.InvariantCulture, $"{Space()}[{Space()}{name}{Space()}]{LineEnd()}");
                WriteBody(child, name);
                continue;
            }

            foreach (TomlTable element in ((TomlArray)entry.Value).Items.Cast<TomlTable>())
            {
                _text.Append(CultureInfo.InvariantCulture, $"[[{name}{Space()}]]{LineEnd()}");
                WriteBody(element, name);
            }
        }
    }

    private void WriteEntry(string key, TomlValue value)
    {
        if (value is TomlTable { Entries.Count: > 0 } table && Chance(3))
        {
            foreach (TomlEntry entry in table.Entries)
                WriteEntry($"{key}{Space()}.{Space()}{Key(entry.Key)}", entry.Value);
            return;
        }

        _text.Append(CultureInfo.InvariantCulture, $"{Space()}{key}{Space()}={Space()}{Value(value, isInline: false)}{LineEnd()}");
    }

    private string Value(TomlValue value, bool isInline) => value switch
    {
        TomlTable table => $"{{{Space()}{string.Join($"{Space()},{Space()}", table.Entries.Select(entry => $"{Key(entry.Key)}{Space()}={Space()}{Value(entry.Value, isInline: true)}"))}{Space()}}}",
        TomlArray array => $"[{Gap()}{string.Join($"{Gap()},{Gap()}", array.Items.Select(item => Value(item, isInline)))}{(array.Items.Length > 0 && Chance(3) ? "," : "")}{Gap()}]",
        TomlString text => Text(text.Value, canSpanLines: true),
        TomlFloat real => Float(TaggedJson.Tag(real).Value),
        TomlInteger integer => Integer(integer.Value),
        _ => TaggedJson.Tag(value).Value,
    };

    private static string Float(string text) => text is "nan" or "inf" or "-inf" || text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";

    private string Integer(long value) => random.Next(4) switch
    {
        0 when value >= 0 => "0x" + value.ToString("x", CultureInfo.InvariantCulture),
        1 when value >= 0 => "0b" + value.ToString("b", CultureInfo.InvariantCulture),
        2 => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '_'),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private string Key(string key)
    {
        bool canBeBare = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
        return canBeBare && !Chance(5) ? key : Text(key, canSpanLines: false);
    }

    private string Text(string text, bool canSpanLines)
    {
        bool isPlain = !text.Any(c => char.IsControl(c) && c != '\t');
        bool isPlainLines = !text.Any(c => char.IsControl(c) && c is not ('\t' or '\n'));
        return random.Next(4) switch
        {
            0 when isPlain && !text.Contains('\'') => $"'{text}'",
            1 when canSpanLines && isPlainLines && !text.Contains("'''", StringComparison.Ordinal) && !text.EndsWith("''", StringComparison.Ordinal) => $"'''\n{text}'''",
            2 when canSpanLines => $"\"\"\"\n{(Chance(3) ? "\\\n  \n" + (text.Length > 0 && text[0] is ' ' or '\t' or '\n' ? EscapeFirst(text) : Escape(text, keepNewlines: true)) : Escape(text, keepNewlines: true))}\"\"\"",
            _ => $"\"{Escape(text, keepNewlines: false)}\"",
        };
    }

    /// <summary>A space after a line continuation would be swallowed with it.</summary>
    private string EscapeFirst(string text) => $"\\u{(int)text[0]:X4}{Escape(text[1..], keepNewlines: true)}";

    private string Escape(string text, bool keepNewlines)
    {
        StringBuilder escaped = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' when keepNewlines && Chance(2) => "\n",
                '\n' => "\\n",
                '\r' => "\\r",
                '\b' => "\\b",
                '\f' => "\\f",
                '\t' when Chance(2) => "\t",
                < 0x20 or 0x7F => $"\\u{rune.Value:x4}",
                _ when Chance(10) => $"\\U{rune.Value:X8}",
                _ => rune.ToString(),
            });
        }

        return escaped.ToString();
    }

    private string Space() => random.Next(4) switch
    {
        0 => "",
        1 => "\t",
        2 => "  ",
        _ => " ",
    };

    /// <summary>What may stand between the items of an array.</summary>
    private string Gap() => random.Next(8) switch
    {
        0 => "\n",
        1 => " # , ] \"\r\n",
        2 => "\n\n\t",
        _ => Space(),
    };

    private string LineEnd() => random.Next(5) switch
    {
        0 => " # [comment] = \"ü\n",
        1 => "\r\n",
        2 => "\t\n\n",
        _ => "\n",
    };

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;
}
