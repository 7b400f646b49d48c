using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>A value as it stands in a TOML 1.0 file. Closed: all cases are in this file.</summary>
/// <param name="At">Where the value begins; for a table its header, its brace, or (made by a dotted key) its name.</param>
public abstract record TomlValue(SourcePosition At)
{
    /// <summary>What it is, for messages: "a string", "an array".</summary>
    public abstract string Kind { get; }
}

public sealed record TomlString(SourcePosition At, string Value) : TomlValue(At)
{
    public override string Kind => "a string";
}

public sealed record TomlInteger(SourcePosition At, long Value) : TomlValue(At)
{
    public override string Kind => "an integer";
}

public sealed record TomlFloat(SourcePosition At, double Value) : TomlValue(At)
{
    public override string Kind => "a float";
}

public sealed record TomlBoolean(SourcePosition At, bool Value) : TomlValue(At)
{
    public override string Kind => "a boolean";
}

public sealed record TomlOffsetDateTime(SourcePosition At, TomlDate Date, TomlTime Time, int OffsetMinutes) : TomlValue(At)
{
    public override string Kind => "a date-time";
}

public sealed record TomlLocalDateTime(SourcePosition At, TomlDate Date, TomlTime Time) : TomlValue(At)
{
    public override string Kind => "a local date-time";
}

public sealed record TomlLocalDate(SourcePosition At, TomlDate Date) : TomlValue(At)
{
    public override string Kind => "a date";
}

public sealed record TomlLocalTime(SourcePosition At, TomlTime Time) : TomlValue(At)
{
    public override string Kind => "a time";
}

/// <summary>An array, or the tables of one <c>[[name]]</c>. Equal by reference.</summary>
public sealed record TomlArray(SourcePosition At, ImmutableArray<TomlValue> Items) : TomlValue(At)
{
    public override string Kind => "an array";

    public bool Equals(TomlArray? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}

/// <summary>A table, its entries in the order of the file. Equal by reference.</summary>
public sealed record TomlTable : TomlValue
{
    /// <summary>Up to here a look through the entries is as quick as a dictionary, and much smaller.</summary>
    private const int UnindexedMax = 8;

    private readonly Dictionary<string, TomlEntry>? _index;

    /// <summary>The keys of the entries must differ.</summary>
    public TomlTable(SourcePosition at, ImmutableArray<TomlEntry> entries) : base(at)
    {
        Entries = entries;
        if (entries.Length > UnindexedMax)
            _index = entries.ToDictionary(entry => entry.Key, StringComparer.Ordinal);
    }

    public IReadOnlyList<TomlEntry> Entries { get; }

    public override string Kind => "a table";

    public bool TryGet(string key, [NotNullWhen(true)] out TomlEntry? entry)
    {
        entry = _index is null ? Entries.FirstOrDefault(candidate => candidate.Key == key) : _index.GetValueOrDefault(key);
        return entry is not null;
    }

    public bool Equals(TomlTable? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}

public sealed record TomlEntry(string Key, SourcePosition KeyAt, TomlValue Value);

/// <summary>
/// A calendar day, year 0..9999. Not a <see cref="DateOnly"/>, for TOML (RFC 3339) has the year 0000.
/// </summary>
public readonly record struct TomlDate(int Year, int Month, int Day)
{
    public override string ToString() => $"{Year:D4}-{Month:D2}-{Day:D2}";
}

/// <summary>
/// A time of day. Not a <see cref="TimeOnly"/>, for TOML (RFC 3339) has the leap second 60; digits beyond the nanosecond are dropped.
/// </summary>
public readonly record struct TomlTime(int Hour, int Minute, int Second, int Nanosecond)
{
    public override string ToString()
    {
        string fraction = Nanosecond == 0 ? "" : "." + Nanosecond.ToString("D9").TrimEnd('0');
        return $"{Hour:D2}:{Minute:D2}:{Second:D2}{fraction}";
    }
}
