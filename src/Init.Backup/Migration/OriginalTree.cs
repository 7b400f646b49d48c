using System.Security.Cryptography;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Scan;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Migration;

/// <summary>
/// A commit without a manifest, as the original of this backup made them: plain files at their paths, ".pointer" files in the place of large ones. Gives the entries that a manifest
/// would have had, for the targets and nothing else: what is beside them (".backup.ready", a README) belongs to the repository and not to the disk.
/// </summary>
public sealed class OriginalTree : CommitTree
{
    private const int EntriesMax = 2_000_000;
    private const int GitLink = 0xE000; // 160000
    private const int PlainMode = 0x1A4; // 0644
    private const int ProgramMode = 0x1ED; // 0755

    private readonly CatFile _objects;
    private readonly BackupNotes _notes;
    private readonly FileTime _time;
    private readonly List<ManifestEntry> _entries = [];
    private readonly IReadOnlyList<BytePath> _targets;
    private readonly CancellationToken _cancel;

    private OriginalTree(CatFile objects, string commit, IReadOnlyList<BytePath> targets, BackupNotes notes, CancellationToken cancel)
        : base(objects, commit)
    {
        _objects = objects;
        _notes = notes;
        _targets = targets;
        _cancel = cancel;
        _time = new FileTime(CommitText.Of(objects, commit).Seconds, 0); // Git knows no time of a file but that of the commit.
    }

    /// <param name="objects">The store.</param>
    /// <param name="commit">Without a manifest.</param>
    /// <param name="targets">Below BASE, as the original had them.</param>
    /// <param name="notes">What the original did not store.</param>
    /// <param name="cancel">Looked at before each file.</param>
    public static OriginalTree Read(CatFile objects, string commit, IEnumerable<BytePath> targets, BackupNotes notes, CancellationToken cancel)
    {
        OriginalTree tree = new(objects, commit, TreeWalker.Normalize(targets), notes, cancel);
        foreach (BytePath target in tree._targets)
            tree.AddTarget(target);
        return tree;
    }

    public override byte[] PlaceOf(BytePath path, Storage storage) => storage == Storage.Pointer ? [.. path.Bytes, .. TreeNames.PointerSuffix] : path.Bytes.ToArray();

    public override ManifestHead ReadHead() => new(_targets, _entries.Count, _entries.Sum(entry => entry.Size), []);

    public override IEnumerable<ManifestEntry> ReadEntries(ManifestHead head) => _entries;

    private void AddTarget(BytePath target)
    {
        if (Find(target.Bytes) is { } found)
            Add(target, found, depth: 0);
        else if (Find(PlaceOf(target, Storage.Pointer)) is { } pointer)
            AddPointer(target, pointer);
    }

    private void Add(BytePath path, TreeEntry found, int depth)
    {
        _cancel.ThrowIfCancellationRequested();
        if (depth > BackupLimits.DepthMax || path.Bytes.Length > BackupLimits.PathBytesMax)
            _notes.Add(NoteKind.TooDeep, path, "its path is longer or deeper than can be restored");
        else if (found.Mode == GitLink)
            _notes.Add(NoteKind.NotInBackup, path, $"it was a git checkout of its own, of which the original stored only the commit ({found.Id}); its files are in no backup: clone it again");
        else if (found.IsTree)
            AddDirectory(path, found, depth);
        else if (found.IsLink)
            AddEntry(Describe(path, EntryKind.Link) with { Target = PathText.Encode(_objects.ReadSmall(found.Id, "blob", FilesAt.NameBytesMax)) });
        else
            AddFile(path, found);
    }

    private void AddDirectory(BytePath path, TreeEntry found, int depth)
    {
        AddEntry(Describe(path, EntryKind.Directory) with { Mode = ProgramMode });
        SortedDictionary<BytePath, (TreeEntry Entry, bool IsPointer)> children = [];
        foreach (TreeEntry entry in _objects.ReadTree(found.Id))
        {
            if (entry.Name.Length == 0 || !BytePath.TryOf(path.Append(entry.Name).Bytes, out BytePath child) || entry.Name.AsSpan().Contains((byte)'/'))
                continue; // Git makes no such name.
            children.TryAdd(child, (entry, false));
        }

        foreach (var (place, (entry, _)) in children.ToList())
        {
            if (!entry.Name.AsSpan().EndsWith(TreeNames.PointerSuffix) || entry.Name.Length == TreeNames.PointerSuffix.Length || entry.IsTree || !IsPointer(entry))
                continue;

            // The file itself, if it is there as well, is what the original restored last.
            children.Remove(place);
            children.TryAdd(BytePath.Of(place.Bytes[..^TreeNames.PointerSuffix.Length]), (entry, true));
        }

        foreach (var (child, (entry, isPointer)) in children)
        {
            if (isPointer)
                AddPointer(child, entry);
            else
                Add(child, entry, depth + 1);
        }
    }

    private bool IsPointer(TreeEntry entry) => ReadPointer(entry) is not null;

    private Pointer? ReadPointer(TreeEntry entry)
    {
        try
        {
            return Pointer.Parse(_objects.ReadSmall(entry.Id, "blob", Pointer.BytesMax), out _);
        }
        catch (GitException)
        {
            return null; // Too long for one: a file that is called so.
        }
    }

    private void AddPointer(BytePath path, TreeEntry entry)
    {
        if (ReadPointer(entry) is { } pointer)
            AddEntry(Describe(path, EntryKind.File) with { Size = pointer.Size, Sha256 = pointer.Sha256, Storage = Storage.Pointer });
        else
            _notes.Add(NoteKind.NotInBackup, path, "what is in the place of its pointer cannot be read as one");
    }

    /// <summary>The original set every mode to 777, so that its word is worth nothing: what can be run by itself is a program, and all else is none.</summary>
    private void AddFile(BytePath path, TreeEntry found)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] first = new byte[4];
        int known = 0;
        long size = _objects.Read([found.Id], piece =>
        {
            hash.AppendData(piece);
            int more = Math.Min(first.Length - known, piece.Length);
            piece[..more].CopyTo(first.AsSpan(known));
            known += more;
        });
        bool isProgram = (found.Mode & 0x40) != 0 && (first.AsSpan().StartsWith("#!"u8) || first.AsSpan().SequenceEqual("\u007FELF"u8));
        AddEntry(Describe(path, EntryKind.File) with { Mode = isProgram ? ProgramMode : PlainMode, Size = size, Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset()), Storage = Storage.Blob });
    }

    private void AddEntry(ManifestEntry entry)
    {
        if (_entries.Count >= EntriesMax)
            throw new ManifestException($"cannot restore {Commit}: it has more than {EntriesMax} entries and no manifest");
        _entries.Add(entry);
    }

    private ManifestEntry Describe(BytePath path, EntryKind kind) => new(path, kind, PlainMode, _time, Processes.GetUid(), Processes.GetGid(), 0, "", Storage.None, "");
}
