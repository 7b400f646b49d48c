using System.Diagnostics.CodeAnalysis;
using Init.Base;

namespace Init.Config.Supervisord;

/// <summary>One key of a section.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">Lines joined by newlines, comments and white space around each taken away.</param>
/// <param name="At">Where the key stands.</param>
/// <param name="ValueAt">Where its value begins; where the key stands when the value is empty or begins on a later line.</param>
internal sealed record IniEntry(string Name, string Value, SourcePosition At, SourcePosition ValueAt);

/// <summary>One section, put together from all places that have a header of its name.</summary>
/// <param name="name">What stands between the brackets, letter for letter.</param>
/// <param name="at">Where its first header stands.</param>
internal sealed class IniSection(string name, SourcePosition at)
{
    private readonly List<string> _order = [];
    private readonly Dictionary<string, IniEntry> _entries = [];

    public string Name { get; } = name;

    public SourcePosition At { get; } = at;

    public IEnumerable<IniEntry> Entries => _order.Select(key => _entries[key]);

    public bool TryGet(string key, [NotNullWhen(true)] out IniEntry? entry) => _entries.TryGetValue(key, out entry);

    /// <summary>A later value of a key replaces the earlier one.</summary>
    public void Set(IniEntry entry)
    {
        if (!_entries.ContainsKey(entry.Name))
            _order.Add(entry.Name);

        _entries[entry.Name] = entry;
    }
}

/// <summary>All sections of all files, in the order in which they first appear.</summary>
internal sealed class IniDocument
{
    /// <summary>Its keys belong to every section that does not have them itself.</summary>
    public const string DefaultName = "DEFAULT";

    private readonly List<IniSection> _sections = [];
    private readonly Dictionary<string, IniSection> _byName = [];

    public IReadOnlyList<IniSection> Sections => _sections;

    public IniSection Defaults { get; } = new(DefaultName, default);

    public IniSection? Find(string name) => _byName.GetValueOrDefault(name);

    public IniSection GetOrAdd(string name, SourcePosition at)
    {
        if (name == DefaultName)
            return Defaults;

        if (!_byName.TryGetValue(name, out IniSection? section))
        {
            _byName[name] = section = new IniSection(name, at);
            _sections.Add(section);
        }

        return section;
    }

    /// <summary>
    /// What supervisord does after it has read a file, if the main file has [include]: "%(here)s" becomes the folder of that file, everywhere where it still
    /// stands. A default becomes a key of its section by that.
    /// </summary>
    public void FillInHere(string folder)
    {
        const string here = "%(here)s";
        foreach (IniSection section in _sections)
        {
            foreach (IniEntry entry in Defaults.Entries.Where(entry => !section.TryGet(entry.Name, out _)).Concat(section.Entries).ToList())
            {
                if (entry.Value.Contains(here, StringComparison.Ordinal))
                    section.Set(entry with { Value = entry.Value.Replace(here, folder, StringComparison.Ordinal) });
            }
        }
    }
}
