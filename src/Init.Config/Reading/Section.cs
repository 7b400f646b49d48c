using System.Collections.Immutable;
using System.Globalization;
using Init.Base;
using Init.Config.Expansion;
using Init.Config.Toml;

namespace Init.Config.Reading;

/// <summary>
/// One table on its way to typed values: every getter expands and checks what it reads, files a problem if it must (and then returns
/// the default), and remembers that the key is known; <see cref="Finish"/> reports the keys nobody asked for.
/// </summary>
internal sealed class Section
{
    private readonly TomlTable _table;
    private readonly ReadContext _context;
    private readonly HashSet<string> _known = [];

    public Section(TomlTable table, string key, SourcePosition at, ReadContext context)
    {
        _table = table;
        _context = context;
        Key = key;
        At = at;
    }

    /// <summary>The full key of this table: "program.web".</summary>
    public string Key { get; }

    public SourcePosition At { get; }

    public ReadContext Context => _context;

    public IReadOnlyList<TomlEntry> Entries => _table.Entries;

    /// <summary>The same table seen with other variables.</summary>
    public Section With(ReadContext context) => new(_table, Key, At, context);

    public bool Has(string name)
    {
        _known.Add(name);
        return _table.TryGet(name, out _);
    }

    public SourcePosition PositionOf(string name) => _table.TryGet(name, out TomlEntry? entry) ? entry.Value.At : At;

    /// <summary>What is written for this key, on one line and before expansion; null when it is missing.</summary>
    public string? WrittenOf(string name) => _table.TryGet(name, out TomlEntry? entry) ? ConfigText.Of(entry.Value) : null;

    public string KeyOf(string name) => Key.Length == 0 ? name : $"{Key}.{name}";

    public void Report(string name, string message, string? hint = null) => _context.Problems.Add(PositionOf(name), KeyOf(name), message, hint);

    /// <summary>Reports every key that no getter has asked for.</summary>
    public void Finish()
    {
        foreach (TomlEntry entry in _table.Entries)
        {
            if (!_known.Contains(entry.Key))
                _context.Problems.Add(entry.KeyAt, KeyOf(ConfigText.KeyPart(entry.Key)), "unknown key", Suggestion.For(entry.Key, _known) ?? ListOfFew());
        }

        string? ListOfFew() => _known.Count <= 8 ? $"known are {List(_known.Order(StringComparer.Ordinal))}" : null;
    }

    public Text? String(string name) => Find(name) is { } value ? ReadText(value, KeyOf(name), "a string") : null;

    /// <summary>Like <see cref="String"/>, but an empty string is a problem.</summary>
    public Text? NonEmptyString(string name)
    {
        Text? text = String(name);
        if (text is not { Value.Length: 0 })
            return text;

        Report(name, text.HasExpansion ? $"{text.Quoted} is empty once expanded" : "is empty");
        return null;
    }

    /// <summary>An absolute path; a relative one is taken from the file's folder.</summary>
    public string? Path(string name) => NonEmptyString(name) is { } text ? System.IO.Path.GetFullPath(text.Value, _context.Folder) : null;

    public bool Boolean(string name, bool otherwise)
    {
        switch (Find(name))
        {
            case null:
                return otherwise;
            case TomlBoolean boolean:
                return boolean.Value;
            case TomlString { Value: var written } value when Expander.HasExpansion(written):
                Text? text = ReadText(value, KeyOf(name), "a boolean");
                if (text?.Value is "true" or "false")
                    return text.Value == "true";

                if (text is not null)
                    Report(name, $"{text.Quoted} must become true or false");

                return otherwise;
            case var other:
                ReportKind(name, "a boolean", other);
                return otherwise;
        }
    }

    public long? Integer(string name, long min, long max)
    {
        long number;
        string shown;
        switch (Find(name))
        {
            case null:
                return null;
            case TomlInteger integer:
                number = integer.Value;
                shown = number.ToString(CultureInfo.InvariantCulture);
                break;
            case TomlString { Value: var written } value when Expander.HasExpansion(written):
                Text? text = ReadText(value, KeyOf(name), "an integer");
                if (text is null)
                    return null;

                shown = text.Quoted;
                if (long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
                    break;

                Report(name, $"{shown} must become an integer");
                return null;
            case var other:
                ReportKind(name, "an integer", other);
                return null;
        }

        if (number >= min && number <= max)
            return number;

        Report(name, max == long.MaxValue || max == int.MaxValue ? $"{shown} must be at least {min}" : $"{shown} must be from {min} to {max}");
        return null;
    }

    public int? SmallInteger(string name, int min, int max) => (int?)Integer(name, min, max);

    public double? Number(string name, double min, double max)
    {
        double number;
        string shown;
        switch (Find(name))
        {
            case null:
                return null;
            case TomlInteger integer:
                number = integer.Value;
                shown = integer.Value.ToString(CultureInfo.InvariantCulture);
                break;
            case TomlFloat value:
                number = value.Value;
                shown = number.ToString(CultureInfo.InvariantCulture);
                break;
            case TomlString { Value: var written } value when Expander.HasExpansion(written):
                Text? text = ReadText(value, KeyOf(name), "a number");
                if (text is null)
                    return null;

                shown = text.Quoted;
                const NumberStyles styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
                if (double.TryParse(text.Value, styles, CultureInfo.InvariantCulture, out number))
                    break;

                Report(name, $"{shown} must become a number");
                return null;
            case var other:
                ReportKind(name, "a number", other);
                return null;
        }

        // Written so that NaN is refused too.
        if (number >= min && number <= max)
            return number;

        Report(name, string.Create(CultureInfo.InvariantCulture, $"{shown} must be from {min} to {max}"));
        return null;
    }

    public TimeSpan? Duration(string name, TimeSpan min, TimeSpan max)
    {
        if (Find(name) is not { } value)
            return null;

        if (ReadText(value, KeyOf(name), "a duration such as \"10s\"") is not { } text)
            return null;

        if (!DurationText.TryParse(text.Value, out TimeSpan duration))
        {
            Report(name, $"{text.Quoted} is not a duration", "write a number and a unit: us, ms, s, m, h or d, as in \"500ms\" or \"1h30m\"");
            return null;
        }

        if (duration >= min && duration <= max)
            return duration;

        Report(name, $"{text.Quoted} must be from {DurationText.Format(min)} to {DurationText.Format(max)}");
        return null;
    }

    /// <summary>"10MB", "512KiB", or a plain integer of bytes.</summary>
    public ByteSize? Size(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case TomlInteger { Value: >= 0 } integer:
                return new ByteSize(integer.Value);
            case TomlInteger integer:
                Report(name, $"{integer.Value} must not be negative");
                return null;
            case var value:
                if (ReadText(value, KeyOf(name), "a size such as \"10MB\"") is not { } text)
                    return null;

                if (ByteSize.TryParse(text.Value, out ByteSize size))
                    return size;

                Report(name, $"{text.Quoted} is not a size", "write a number and a unit: B, KB, MB, GB, TB, KiB, MiB, GiB or TiB");
                return null;
        }
    }

    /// <summary>As <see cref="Size"/>, or "unlimited".</summary>
    public ByteSize? SizeOrUnlimited(string name) =>
        Find(name) is TomlString { Value: "unlimited" } ? ByteSize.Unlimited : Size(name);

    public T Choice<T>(string name, T otherwise, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (String(name) is not { } text)
            return otherwise;

        List<string> words = [];
        foreach (var (word, value) in choices)
        {
            if (word == text.Value)
                return value;

            words.Add(word);
        }

        Report(name, $"{text.Quoted} is not one of {List(words)}", Suggestion.For(text.Value, words));
        return otherwise;
    }

    /// <summary>A signal by name or number.</summary>
    public int? Signal(string name)
    {
        if (Find(name) is TomlInteger integer)
        {
            if (SignalNames.TryParse(integer.Value.ToString(CultureInfo.InvariantCulture), out int number))
                return number;

            Report(name, $"{integer.Value} is not the number of a signal", "1 to 31 and 34 to 64 are");
            return null;
        }

        if (NonEmptyString(name) is not { } text)
            return null;

        if (SignalNames.TryParse(text.Value, out int signal))
            return signal;

        bool isLong = text.Value.StartsWith("SIG", StringComparison.OrdinalIgnoreCase);
        Report(name, $"unknown signal {text.Quoted}", Suggestion.For(text.Value, SignalNames.All.Select(known => isLong ? "SIG" + known : known)));
        return null;
    }

    /// <summary>A string or an array of strings; empty when missing or wrong.</summary>
    public ImmutableArray<Text> Strings(string name)
    {
        switch (Find(name))
        {
            case null:
                return [];
            case TomlArray array:
                return ReadTexts(array, KeyOf(name));
            case TomlString value:
                return ReadText(value, KeyOf(name), "a string") is { } text ? [text] : [];
            case var other:
                ReportKind(name, "an array of strings", other);
                return [];
        }
    }

    /// <summary>
    /// argv: an array, each element one argument, or one string that is split as a shell would. Empty when missing or empty; null after
    /// a problem.
    /// </summary>
    public ImmutableArray<string>? Command(string name)
    {
        Expander commandLine = _context.Expander.ForCommandLine();
        switch (Find(name))
        {
            case null:
                return [];
            case TomlArray array:
                ImmutableArray<Text> elements = With(_context with { Expander = commandLine }).ReadTexts(array, KeyOf(name));
                return elements.Length == array.Items.Length ? CheckCommand(name, [.. elements.Select(element => element.Value)]) : null;
            case TomlString { Value: var written } when written.Contains('\0', StringComparison.Ordinal):
                Report(name, "contains a NUL character");
                return null;
            case TomlString { Value: var written }:
                ImmutableArray<string>? words = WordSplitter.Split(written, commandLine, (message, hint) => Report(name, message, hint));
                return words is null ? null : CheckCommand(name, words.Value);
            case var other:
                ReportKind(name, "a string or an array of strings", other);
                return null;
        }
    }

    /// <summary>A command that must not be empty if it is written; null after a problem and when it is missing.</summary>
    public ImmutableArray<string>? NonEmptyCommand(string name)
    {
        ImmutableArray<string>? command = Command(name);
        if (command is not { IsEmpty: true })
            return command;

        if (Has(name))
            Report(name, Find(name) is TomlString { Value: var written } && Expander.HasExpansion(written) ? "is empty once expanded" : "is empty");

        return null;
    }

    private ImmutableArray<string>? CheckCommand(string name, ImmutableArray<string> words)
    {
        if (words is not ["", ..])
            return words;

        if (words.Length == 1 && Find(name) is TomlString)
            return [];

        Report(name, "the program to run is empty");
        return null;
    }

    public Section? Table(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case TomlTable table:
                return new Section(table, KeyOf(name), table.At, _context);
            case var other:
                ReportKind(name, "a table", other);
                return null;
        }
    }

    /// <summary>The entries of a table of free names, such as <c>environment</c>; null when it is missing.</summary>
    public TomlTable? FreeTable(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case TomlTable table:
                return table;
            case var other:
                ReportKind(name, "a table", other);
                return null;
        }
    }

    /// <summary>The value itself, for keys that may be of several types.</summary>
    public TomlValue? Find(string name)
    {
        _known.Add(name);
        return _table.TryGet(name, out TomlEntry? entry) ? entry.Value : null;
    }

    public void ReportKind(string name, string expected, TomlValue found) => Report(name, $"expected {expected}, found {found.Kind}");

    /// <summary>Expands a value that must be a string; null after a problem.</summary>
    public Text? ReadText(TomlValue value, string key, string expected)
    {
        if (value is not TomlString text)
        {
            _context.Problems.Add(value.At, key, $"expected {expected}, found {value.Kind}");
            return null;
        }

        string? expanded = _context.Expander.Expand(text.Value, (message, hint) => _context.Problems.Add(value.At, key, message, hint));
        if (expanded is null)
            return null;

        // Neither paths, nor arguments, nor variables can hold one (execve(2)).
        if (expanded.Contains('\0', StringComparison.Ordinal))
        {
            _context.Problems.Add(value.At, key, "contains a NUL character");
            return null;
        }

        return new Text(text.Value, expanded, key, value.At);
    }

    private ImmutableArray<Text> ReadTexts(TomlArray array, string key)
    {
        ImmutableArray<Text>.Builder texts = ImmutableArray.CreateBuilder<Text>(array.Items.Length);
        foreach (TomlValue item in array.Items)
        {
            if (ReadText(item, key, "a string") is { } text)
                texts.Add(text);
        }

        return texts.ToImmutable();
    }

    internal static string List(IEnumerable<string> words) => string.Join(", ", words.Select(ConfigText.Quote));
}
