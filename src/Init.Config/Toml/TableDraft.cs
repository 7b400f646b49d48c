using System.Collections.Immutable;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>
/// A table while its file is being read, and TOML's rules of what may still be added to it:
/// <list type="bullet">
/// <item>a header <c>[a.b]</c> makes <c>a</c> in passing, and one later header <c>[a]</c> may define that;</item>
/// <item>a dotted key <c>a.b = 1</c> makes <c>a</c>; more dotted keys may add to it, a header may not define it, but may add a table below it;</item>
/// <item>an inline table is complete when it is closed, an array is too, and nothing can be added from outside;</item>
/// <item><c>[[a]]</c> adds a table to <c>a</c>, and a later header that goes through <c>a</c> means the last of these.</item>
/// </list>
/// </summary>
internal sealed class TableDraft(TableOrigin origin, SourcePosition at, int depth)
{
    /// <summary>Up to here a look through the list is as quick as a dictionary, and much smaller.</summary>
    private const int UnindexedMax = 8;

    private readonly List<Slot> _slots = [];
    private Dictionary<string, Slot>? _index;
    private TableOrigin _origin = origin;
    private SourcePosition _at = at;

    /// <summary>How many tables and arrays are around this one.</summary>
    public int Depth { get; } = depth;

    /// <summary>The table that the header <c>[keys]</c> opens; null, with the conflict, when it may not be opened.</summary>
    public TableDraft? DefineTable(IReadOnlyList<TomlKey> keys, SourcePosition headerAt, out DefinitionConflict? conflict)
    {
        TableDraft? parent = WalkHeader(keys, headerAt, out conflict);
        if (parent is null)
            return null;

        TomlKey key = keys[^1];
        Slot? slot = parent.Find(key.Name);
        if (slot is null)
            return parent.Add(new Slot(key, new TableDraft(TableOrigin.Header, headerAt, parent.Depth + 1))).Table;

        if (slot.Table is not { _origin: TableOrigin.Passing } table)
        {
            conflict = slot.Table?._origin == TableOrigin.Header
                ? new DefinitionConflict(key.At, "the table is defined twice", $"{FirstDefined(slot)}; put all its keys there")
                : slot.ConflictAt(key, "define the table");
            return null;
        }

        table._origin = TableOrigin.Header;
        table._at = headerAt;
        slot.KeyAt = key.At;
        return table;
    }

    /// <summary>The new table that the header <c>[[keys]]</c> adds; null, with the conflict, when it may not.</summary>
    public TableDraft? AppendTable(IReadOnlyList<TomlKey> keys, SourcePosition headerAt, out DefinitionConflict? conflict)
    {
        TableDraft? parent = WalkHeader(keys, headerAt, out conflict);
        if (parent is null)
            return null;

        TomlKey key = keys[^1];
        Slot? slot = parent.Find(key.Name);
        if (slot is { Elements: null })
        {
            conflict = slot.ConflictAt(key, "add to the array of tables");
            return null;
        }

        slot ??= parent.Add(new Slot(key, headerAt, []));
        TableDraft element = new(TableOrigin.Header, headerAt, parent.Depth + 2);
        slot.Elements!.Add(element);
        return element;
    }

    /// <summary>Puts the value of <c>keys = value</c> in its place; false, with the conflict, when the place is taken.</summary>
    public bool TrySet(IReadOnlyList<TomlKey> keys, TomlValue value, out DefinitionConflict? conflict)
    {
        conflict = null;
        TableDraft table = this;
        for (int i = 0; i < keys.Count - 1; i++)
        {
            TomlKey key = keys[i];
            Slot? slot = table.Find(key.Name);
            if (slot is null)
            {
                slot = table.Add(new Slot(key, new TableDraft(TableOrigin.DottedKey, key.At, table.Depth + 1)));
            }
            else if (slot.Table is not { _origin: TableOrigin.DottedKey })
            {
                conflict = slot.ConflictAt(key, "add keys to");
                return false;
            }

            table = slot.Table!;
        }

        if (table.Find(keys[^1].Name) is { } taken)
        {
            conflict = new DefinitionConflict(keys[^1].At, "the key is defined twice", FirstDefined(taken));
            return false;
        }

        table.Add(new Slot(keys[^1], value));
        return true;
    }

    /// <summary>The finished table. Recursion is bounded by <see cref="TomlReader.DepthMax"/>.</summary>
    public TomlTable ToValue()
    {
        var entries = ImmutableArray.CreateBuilder<TomlEntry>(_slots.Count);
        foreach (Slot slot in _slots)
            entries.Add(new TomlEntry(slot.Key, slot.KeyAt, slot.ToValue()));

        return new TomlTable(_at, entries.MoveToImmutable());
    }

    /// <summary>The table in which the last key of a header belongs.</summary>
    private TableDraft? WalkHeader(IReadOnlyList<TomlKey> keys, SourcePosition headerAt, out DefinitionConflict? conflict)
    {
        conflict = null;
        TableDraft table = this;
        for (int i = 0; i < keys.Count - 1; i++)
        {
            TomlKey key = keys[i];
            Slot slot = table.Find(key.Name) ?? table.Add(new Slot(key, new TableDraft(TableOrigin.Passing, headerAt, table.Depth + 1)));
            TableDraft? next = slot.Table ?? slot.Elements?[^1];
            if (next is null)
            {
                conflict = slot.ConflictAt(key, "add a table to");
                return null;
            }

            table = next;
        }

        return table;
    }

    private Slot? Find(string key) =>
        _index is null ? _slots.Find(slot => slot.Key == key) : _index.GetValueOrDefault(key);

    private Slot Add(Slot slot)
    {
        _slots.Add(slot);
        if (_index is null && _slots.Count > UnindexedMax)
            _index = _slots.ToDictionary(known => known.Key, StringComparer.Ordinal);
        else
            _index?.Add(slot.Key, slot);

        return slot;
    }

    private static string FirstDefined(Slot slot) => $"first defined at line {slot.KeyAt.Line}, column {slot.KeyAt.Column}";

    /// <summary>One key and what it stands for: a finished value, a table that may still grow, or the tables of <c>[[key]]</c>.</summary>
    private sealed class Slot
    {
        private readonly TomlValue? _value;
        private readonly SourcePosition _elementsAt;

        public Slot(TomlKey key, TomlValue value) => (Key, KeyAt, _value) = (key.Name, key.At, value);

        public Slot(TomlKey key, TableDraft table) => (Key, KeyAt, Table) = (key.Name, key.At, table);

        public Slot(TomlKey key, SourcePosition at, List<TableDraft> elements) =>
            (Key, KeyAt, _elementsAt, Elements) = (key.Name, key.At, at, elements);

        public string Key { get; }

        public SourcePosition KeyAt { get; set; }

        public TableDraft? Table { get; }

        public List<TableDraft>? Elements { get; }

        public TomlValue ToValue()
        {
            if (Elements is not null)
                return new TomlArray(_elementsAt, [.. Elements.Select(element => element.ToValue())]);

            return Table?.ToValue() ?? _value!;
        }

        public DefinitionConflict ConflictAt(TomlKey key, string task)
        {
            string kind = (Table, Elements, _value) switch
            {
                ({ _origin: TableOrigin.DottedKey }, _, _) => "a table made by dotted keys",
                ({ }, _, _) => "a table with a header",
                (_, { }, _) => "an array of tables",
                (_, _, TomlTable) => "an inline table, which is complete",
                (_, _, TomlArray) => "an array, which is complete",
                _ => _value!.Kind,
            };
            return new DefinitionConflict(key.At, $"cannot {task} {TomlText.Path([key.Name])}: it is {kind}", FirstDefined(this));
        }
    }
}

/// <summary>What made a table, which decides what may be added to it.</summary>
internal enum TableOrigin
{
    /// <summary>A header that names a table below this one.</summary>
    Passing,
    Header,
    DottedKey,
    Inline,
}

/// <summary>One part of a dotted key.</summary>
internal readonly record struct TomlKey(string Name, SourcePosition At);

/// <summary>Why a key or table cannot be defined here.</summary>
internal readonly record struct DefinitionConflict(SourcePosition At, string Message, string Hint);
