using System.Collections.Frozen;
using System.Collections.Immutable;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>The models of a list with the keys they have now.</summary>
internal sealed class ModelDirectory
{
    private readonly FrozenDictionary<string, Candidates> _byType, _byId;
    private readonly FrozenDictionary<string, string> _keys;

    /// <param name="models">Of the list; none: the built-in "echo".</param>
    /// <param name="lookup">The key of a variable; null or "": it has none.</param>
    public ModelDirectory(ImmutableArray<ModelInfo> models, Func<string, string?> lookup)
    {
        IsEcho = models.IsEmpty;
        Models = IsEcho ? [Echo.Model] : models;
        _keys = models.SelectMany(model => model.KeyVariables).Distinct().Select(name => (Name: name, Key: lookup(name)?.Trim())).Where(pair => IsUsable(pair.Key)).ToFrozenDictionary(pair => pair.Name, pair => pair.Key!);
        Scrubber = new KeyScrubber(_keys.Values);
        _byType = Grouped(model => model.Type, StringComparer.OrdinalIgnoreCase);
        _byId = Grouped(model => model.Id, StringComparer.Ordinal);
        ILookup<bool, PoolEntry> entries = Models.SelectMany(EntriesOf).Distinct().ToLookup(CanAsk);
        Entries = [.. entries[true]];
        Missing = [.. entries[false]];
    }

    public bool IsEcho { get; }

    public ImmutableArray<ModelInfo> Models { get; }

    /// <summary>What may be asked.</summary>
    public ImmutableArray<PoolEntry> Entries { get; }

    /// <summary>What has no key.</summary>
    public ImmutableArray<PoolEntry> Missing { get; }

    public KeyScrubber Scrubber { get; }

    /// <returns>Null: no model has this type or this id.</returns>
    public Candidates? Find(string modelTypeOrId) => _byType.GetValueOrDefault(modelTypeOrId) ?? _byId.GetValueOrDefault(modelTypeOrId);

    /// <summary>Whether it has the key that it needs.</summary>
    public bool CanAsk(PoolEntry entry) => entry.KeyVariable.Length == 0 || _keys.ContainsKey(entry.KeyVariable);

    /// <returns>Null: none is needed.</returns>
    public string? Key(PoolEntry entry) => _keys.GetValueOrDefault(entry.KeyVariable);

    private FrozenDictionary<string, Candidates> Grouped(Func<ModelInfo, string> name, StringComparer comparer) =>
        Models.GroupBy(name, comparer).ToFrozenDictionary(group => group.Key, group => new Candidates(group), comparer);

    private static IEnumerable<PoolEntry> EntriesOf(ModelInfo model) =>
        (model.KeyVariables.IsEmpty ? [""] : model.KeyVariables).Select(variable => new PoolEntry(model.Provider, variable, model.Id, model.Weight) { Url = model.Url });

    /// <summary>What can stand in a header.</summary>
    private static bool IsUsable(string? key) => key is { Length: > 0 and <= 4096 } && key.All(character => character is > ' ' and < '\x7f');

    /// <summary>The models that may answer a request.</summary>
    internal sealed class Candidates
    {
        private readonly FrozenDictionary<PoolEntry, ModelInfo> _models;

        public Candidates(IEnumerable<ModelInfo> models)
        {
            Dictionary<PoolEntry, ModelInfo> all = [];
            foreach (ModelInfo model in models)
            {
                foreach (PoolEntry entry in EntriesOf(model))
                    all.TryAdd(entry, model);
            }

            _models = all.ToFrozenDictionary();
        }

        public bool Contains(PoolEntry entry) => _models.ContainsKey(entry);

        public ModelInfo this[PoolEntry entry] => _models[entry];
    }
}
