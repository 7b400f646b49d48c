using System.Security.Cryptography;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Migration;

/// <summary>
/// A commit that somebody made by hand on top of ours, in a browser or with git: the tree is what is meant, and the manifest is that of the commit before. Gives the entries
/// that the manifest would have had: what differs has the tree's content, what is gone from the tree is gone, what is new has the modes that git knows.
/// </summary>
public sealed class EditedTree : CommitTree
{
    private const int PlainMode = 0x1A4; // 0644
    private const int ProgramMode = 0x1ED; // 0755
    private const int GitLink = 0xE000; // 160000

    private readonly CatFile _objects;
    private readonly BackupNotes _notes;
    private readonly IReadOnlyList<BytePath> _targets;
    private readonly FileTime _time;
    private readonly CancellationToken _cancel;
    private readonly SortedDictionary<BytePath, ManifestEntry> _entries = [];

    private EditedTree(CatFile objects, string commit, CommitText text, IReadOnlyList<BytePath> targets, BackupNotes notes, CancellationToken cancel)
        : base(objects, commit)
    {
        _objects = objects;
        _notes = notes;
        _targets = targets;
        _time = new FileTime(text.Seconds, 0);
        _cancel = cancel;
    }

    /// <param name="objects">The store.</param>
    /// <param name="commit">With a manifest that is not its own.</param>
    /// <param name="text">Of the commit.</param>
    /// <param name="head">That manifest's.</param>
    /// <param name="notes">Are told what was edited.</param>
    /// <param name="cancel">Looked at before each file: every content is read once.</param>
    public static EditedTree Read(CatFile objects, string commit, CommitText text, ManifestHead head, BackupNotes notes, CancellationToken cancel)
    {
        EditedTree tree = new(objects, commit, text, head.Targets, notes, cancel);
        foreach (ManifestEntry entry in tree.ManifestEntries(head))
            tree.Take(entry);
        foreach (BytePath target in head.Targets)
        {
            byte[] place = TreeNames.OfPath(target);
            if (tree.Find(place) is { } found)
                tree.TakeNew(place, found, depth: 0);
        }

        return tree;
    }

    public override ManifestHead ReadHead() => new(_targets, _entries.Count, _entries.Values.Sum(entry => entry.Size), []);

    public override IEnumerable<ManifestEntry> ReadEntries(ManifestHead head) => _entries.Values;

    private IEnumerable<ManifestEntry> ManifestEntries(ManifestHead head) => base.ReadEntries(head);

    private void Take(ManifestEntry entry)
    {
        _cancel.ThrowIfCancellationRequested();
        if (entry.Kind == EntryKind.Directory)
        {
            _entries.Add(entry.Path, entry);
            return;
        }

        TreeEntry? found = Find(PlaceOf(entry.Path, entry.Storage));
        bool isChunked = entry.Storage is Storage.Chunks or Storage.Database;
        if (found is null || found.Value.IsTree != isChunked)
        {
            // What stands at its plain name instead, if anything does, is found as something new.
            _notes.Add(NoteKind.Edited, entry.Path, "it was taken out of the repository by hand, and is not restored");
            return;
        }

        // Nobody edits chunks by hand; they are compared with the manifest when they are restored.
        ManifestEntry now = isChunked ? entry : entry.Storage == Storage.Pointer ? OfPointer(entry) : entry.Kind == EntryKind.Link ? OfLink(entry, found.Value) : OfBlob(entry, found.Value);
        if (now != entry)
            _notes.Add(NoteKind.Edited, entry.Path, "it was changed in the repository by hand, and is restored as it is there");
        _entries.Add(entry.Path, now);
    }

    private ManifestEntry OfBlob(ManifestEntry entry, TreeEntry found)
    {
        if (found.IsLink)
            return OfLink(entry with { Kind = EntryKind.Link, Size = 0, Sha256 = "", Storage = Storage.None }, found);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = _objects.Read([found.Id], piece => hash.AppendData(piece));
        string sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        return sha256 == entry.Sha256 ? entry : entry with { Size = size, Sha256 = sha256, Modified = _time };
    }

    private ManifestEntry OfLink(ManifestEntry entry, TreeEntry found) => found.IsLink
        ? entry with { Target = PathText.Encode(_objects.ReadSmall(found.Id, "blob", FilesAt.NameBytesMax)) }
        : OfBlob(entry with { Kind = EntryKind.File, Mode = PlainMode, Storage = Storage.Blob, Target = "" }, found);

    private ManifestEntry OfPointer(ManifestEntry entry) =>
        ReadPointer(entry.Path, out _) is { } pointer && pointer.Sha256 != entry.Sha256 ? entry with { Size = pointer.Size, Sha256 = pointer.Sha256, Modified = _time } : entry;

    /// <summary>What the manifest does not have.</summary>
    /// <param name="place">In the tree.</param>
    /// <param name="found">There.</param>
    /// <param name="depth">Below the target.</param>
    private void TakeNew(byte[] place, TreeEntry found, int depth)
    {
        _cancel.ThrowIfCancellationRequested();
        if (TreeNames.ToPath(place) is not { } path)
            return;
        if (depth > BackupLimits.DepthMax || place.Length > BackupLimits.PathBytesMax)
        {
            _notes.Add(NoteKind.TooDeep, path, "its path is longer or deeper than can be restored");
            return;
        }

        // Our own layout: what it stands for is in the manifest, and nothing else means anything.
        if (place.AsSpan().EndsWith(TreeNames.PointerSuffix) || (found.IsTree && place.AsSpan().EndsWith(TreeNames.ChunksSuffix)))
            return;

        if (found.Mode == GitLink)
        {
            _notes.Add(NoteKind.NotInBackup, path, $"it is a git checkout of its own, of which the repository has only the commit ({found.Id})");
        }
        else if (found.IsTree)
        {
            AddDirectories(path);
            foreach (TreeEntry child in _objects.ReadTree(found.Id))
                TakeNew([.. place, (byte)'/', .. child.Name], child, depth + 1);
        }
        else if (!_entries.ContainsKey(path))
        {
            AddDirectories(path.Parent);
            ManifestEntry entry = Describe(path, EntryKind.File, (found.Mode & 0x40) != 0 ? ProgramMode : PlainMode) with { Storage = Storage.Blob };
            _entries.Add(path, OfBlob(entry, found));
            _notes.Add(NoteKind.Edited, path, "it was added to the repository by hand, and is restored");
        }
    }

    private void AddDirectories(BytePath path)
    {
        if (path.IsRoot || !_targets.Any(target => path.IsWithin(target)))
            return;

        if (_entries.TryAdd(path, Describe(path, EntryKind.Directory, ProgramMode)))
            AddDirectories(path.Parent);
    }

    private ManifestEntry Describe(BytePath path, EntryKind kind, int mode) => new(path, kind, mode, _time, Processes.GetUid(), Processes.GetGid(), 0, "", Storage.None, "");
}
