using System.Collections.Immutable;
using Init.Base;

namespace Init.Config.Supervisord;

/// <summary>
/// One section on its way to typed values. Every getter expands, converts as supervisord does, files a problem for what supervisord would refuse (and then
/// returns the default), and remembers that the key is known; <see cref="WarnOfUnknownKeys"/> tells of the rest, which supervisord passes over in silence.
/// </summary>
internal sealed class IniReader(IniSection section, LoadScope scope, ExpansionNames names)
{
    private readonly HashSet<string> _known = [];

    public IniSection Section => section;

    public ExpansionNames Names => names;

    /// <summary>The same section seen with other names.</summary>
    public IniReader With(ExpansionNames other) => new(section, scope, other);

    public bool Has(string key) => Find(key) is not null;

    public IniEntry? Find(string key)
    {
        _known.Add(key);
        return section.TryGet(key, out IniEntry? entry) || scope.Document.Defaults.TryGet(key, out entry) ? entry : null;
    }

    /// <summary>The expanded value; null when it is missing, or after a problem.</summary>
    public string? Text(string key) => Find(key) is { } entry ? Expand(entry, entry.Value, names.Values) : null;

    /// <summary>The expanded value of a key whose text is taken as it is.</summary>
    public string? FreeText(string key) => Find(key) is { } entry ? Expand(entry, entry.Value, names.Texts) : null;

    /// <summary>Expands a piece of the value of a key.</summary>
    public string? Expand(IniEntry entry, string text, IReadOnlyDictionary<string, FormatValue> values)
    {
        string? expanded = PythonFormat.Expand(text, values, (message, hint) => Report(entry.Name, message, hint));
        if (expanded is null || !expanded.Contains('\0', StringComparison.Ordinal))
            return expanded;

        Report(entry.Name, "contains a NUL character");
        return null;
    }

    public long Integer(string key, long otherwise, long min = int.MinValue, long max = int.MaxValue)
    {
        if (Text(key) is not { } text)
            return otherwise;

        if (PythonText.TryParseInteger(text, out long number))
            return Math.Clamp(number, min, max);

        Report(key, $"{Written(key)} is not an integer");
        return otherwise;
    }

    public bool Boolean(string key, bool otherwise)
    {
        if (Text(key) is not { } text)
            return otherwise;

        if (IsTrue(text) is { } value)
            return value;

        Report(key, $"{Written(key)} is neither true nor false", "write one of true, yes, on, 1, false, no, off and 0");
        return otherwise;
    }

    /// <summary>Null for what is neither.</summary>
    public static bool? IsTrue(string text) => text.ToLowerInvariant() switch
    {
        "yes" or "true" or "on" or "1" => true,
        "no" or "false" or "off" or "0" => false,
        _ => null,
    };

    /// <summary>"50MB", powers of 1024. supervisord takes any number below 1 for 0, which is "without limit".</summary>
    public ByteSize Size(string key, long otherwise)
    {
        if (Text(key) is not { } text)
            return new ByteSize(otherwise);

        long factor = text.Length < 2 ? 1 : text[^2..].ToLowerInvariant() switch { "kb" => 1L << 10, "mb" => 1L << 20, "gb" => 1L << 30, _ => 1 };
        if (PythonText.TryParseInteger(factor == 1 ? text : text[..^2], out long number))
            return new ByteSize(number <= 0 ? 0 : number > long.MaxValue / factor ? long.MaxValue : number * factor);

        Report(key, $"{Written(key)} is not a size", "write an integer with KB, MB, GB or nothing after it");
        return new ByteSize(otherwise);
    }

    /// <summary>A file mode or mask.</summary>
    public int? Octal(string key)
    {
        if (Text(key) is not { } text)
            return null;

        if (PythonText.TryParseInteger(text, out long number, numberBase: 8))
            return (int)(number & 0xFFF);

        Report(key, $"{Written(key)} is not an octal number", "write three or four digits of 0 to 7, as in 0700");
        return null;
    }

    public int Signal(string key, int otherwise)
    {
        if (Text(key) is not { } text)
            return otherwise;

        // supervisord knows the signals that Python has names for: these, and of the real-time signals the first and the last.
        string name = PythonText.Strip(text).ToUpperInvariant();
        string canonical = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        int signal = canonical switch
        {
            "CLD" => 17,
            "POLL" => 29,
            "IOT" => 6,
            "RTMIN" => 34,
            "RTMAX" => 64,
            _ => 0,
        };
        if (signal > 0)
            return signal;

        if (PythonText.TryParseInteger(text, out long number))
        {
            if (number is >= 1 and <= 31 or 34 or 64)
                return (int)number;

            Report(key, $"{Written(key)} is not the number of a signal", "1 to 31, 34 and 64 are");
            return otherwise;
        }

        if (!canonical.All(char.IsAsciiDigit) && SignalNames.TryParse(canonical, out signal))
            return signal;

        bool isLong = name.StartsWith("SIG", StringComparison.Ordinal);
        Report(key, $"unknown signal {Written(key)}", Suggestion.For(name, SignalNames.All.Select(known => isLong ? "SIG" + known : known)));
        return otherwise;
    }

    /// <summary>Words between commas, without white space around them; none when the value is empty or missing.</summary>
    public ImmutableArray<string> List(string key) =>
        Text(key) is { Length: > 0 } text ? [.. text.Split(',').Select(PythonText.Strip)] : [];

    /// <summary>An environment as KEY="value",…: real values, and those for free text. Empty after a problem.</summary>
    /// <param name="isExpandedTwice">As supervisord does with its own section's.</param>
    public (ImmutableArray<KeyValuePair<string, string>> Values, ImmutableArray<KeyValuePair<string, string>> Texts) Pairs(string key, bool isExpandedTwice = false)
    {
        if (Find(key) is not { } entry)
            return ([], []);

        if (Read(names.Values) is not { } values)
            return ([], []);

        return ReferenceEquals(names.Values, names.Texts) ? (values, values) : (values, Read(names.Texts) ?? values);

        ImmutableArray<KeyValuePair<string, string>>? Read(IReadOnlyDictionary<string, FormatValue> with)
        {
            string? text = Expand(entry, entry.Value, with);
            if (isExpandedTwice && text is not null)
                text = Expand(entry, text, with);

            if (text is null)
                return null;

            List<KeyValuePair<string, string>>? pairs = PythonShlex.ReadPairs(text, out string? fault);
            if (pairs is not null)
                return [.. pairs];

            Report(key, fault!, "write A=\"x\",B=\"y\"; a value without quotation marks has only letters, digits and _/.+-():");
            return null;
        }
    }

    /// <summary>What is written, for messages: a value that comes from a variable may be a secret.</summary>
    public string Written(string key) => ConfigText.Quote(Find(key)?.Value.ReplaceLineEndings(" ") ?? "");

    public SourcePosition PositionOf(string key) => Find(key)?.ValueAt ?? section.At;

    public string KeyOf(string key) => $"{ConfigText.Clean(section.Name)}.{ConfigText.Clean(key)}";

    public void Report(string key, string message, string? hint = null) => scope.Problems.Add(PositionOf(key), KeyOf(key), message, hint);

    /// <summary>A problem of the section as a whole.</summary>
    public void ReportSection(string message, string? hint = null) => scope.Problems.Add(section.At, ConfigText.Clean(section.Name), message, hint);

    public void Warn(string key, string message, string? hint = null) => scope.Warn(PositionOf(key), KeyOf(key), message, hint);

    /// <param name="known">All keys that supervisord knows in such a section.</param>
    public static void WarnOfUnknownKeys(IniSection section, IReadOnlyCollection<string> known, LoadScope scope)
    {
        foreach (IniEntry entry in section.Entries.Where(entry => !known.Contains(entry.Name)))
        {
            string hint = Suggestion.For(entry.Name, known) ?? "supervisord passes over it too, and says nothing";
            scope.Warn(entry.At, $"{ConfigText.Clean(section.Name)}.{ConfigText.Clean(entry.Name)}", "unknown key", hint);
        }
    }
}
