using System.Text;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Names;

namespace Init.Backup.Store;

/// <summary>Finds what is where in the tree of a commit. Trees are kept while the walk is in them: asked in order, each is read once.</summary>
public class CommitTree(CatFile objects, string commit)
{
    private readonly Dictionary<string, Dictionary<string, TreeEntry>> _trees = [];
    private readonly string _root = objects.TreeOf(commit);
    private int _entriesKept;

    public string Commit => commit;

    /// <summary>Where content of a kind is in the tree.</summary>
    public virtual byte[] PlaceOf(BytePath path, Storage storage) => ContentSender.PlaceOf(path, storage);

    /// <param name="path">In the tree.</param>
    /// <returns>Null when there is nothing.</returns>
    public TreeEntry? Find(ReadOnlySpan<byte> path)
    {
        TreeEntry at = new(0x4000, [], _root);
        foreach (Range component in path.Split((byte)'/'))
        {
            if (!at.IsTree || !EntriesOf(at.Id).TryGetValue(Key(path[component]), out at))
                return null;
        }

        return at;
    }

    /// <summary>The blobs of a directory of chunks, in order; none when there is no such directory.</summary>
    public List<string> ChunksOf(ReadOnlySpan<byte> directory)
    {
        List<string> chunks = [];
        if (Find(directory) is not { IsTree: true } tree)
            return chunks;

        // Git sorts by name, and ours have leading zeros.
        foreach (TreeEntry part in objects.ReadTree(tree.Id))
        {
            foreach (TreeEntry chunk in objects.ReadTree(part.Id))
                chunks.Add(chunk.Id);
        }

        return chunks;
    }

    /// <summary>Of a large file.</summary>
    /// <param name="problem">Why there is none that can be used.</param>
    public Pointer? ReadPointer(BytePath path, out string? problem)
    {
        if (Find(PlaceOf(path, Storage.Pointer)) is { IsTree: false } blob)
            return Pointer.Parse(objects.ReadSmall(blob.Id, "blob", Pointer.BytesMax), out problem);

        problem = "it is not in the tree";
        return null;
    }

    /// <summary>Null when the commit has none: it was not made by Init.</summary>
    /// <exception cref="ManifestException">There is one that cannot be used.</exception>
    public virtual ManifestHead? ReadHead() =>
        Find(ManifestPaths.Head) is { } head ? ManifestHead.Parse(objects.ReadSmall(head.Id, "blob", ManifestHead.BytesMax)) : null;

    public virtual IEnumerable<ManifestEntry> ReadEntries(ManifestHead head) =>
        ManifestReader.Entries(head, part => Find(ManifestPaths.OfPart(part.Name)) is { } blob
            ? objects.ReadSmall(blob.Id, "blob", ManifestWriter.PartBytesMax + ManifestWriter.LineBytesMax)
            : null);

    private Dictionary<string, TreeEntry> EntriesOf(string id)
    {
        const int EntriesKeptMax = 100_000;
        if (_trees.TryGetValue(id, out var entries))
            return entries;

        entries = objects.ReadTree(id).ToDictionary(entry => Key(entry.Name));
        _entriesKept += entries.Count;
        if (_entriesKept > EntriesKeptMax)
        {
            _trees.Clear();
            _entriesKept = entries.Count;
        }

        _trees.Add(id, entries);
        return entries;
    }

    /// <summary>Latin-1 has a character for every byte: a string that stands for bytes and nothing else.</summary>
    private static string Key(ReadOnlySpan<byte> name) => Encoding.Latin1.GetString(name);
}

/// <summary>Where the manifest is in a tree.</summary>
public static class ManifestPaths
{
    public static ReadOnlySpan<byte> Directory => ".init/manifest"u8;

    public static ReadOnlySpan<byte> Head => ".init/manifest/head.json"u8;

    public static byte[] OfPart(string name) => [.. Directory, (byte)'/', .. Encoding.ASCII.GetBytes(name)];
}
