using System.Text;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Migration;
using Init.Backup.Names;
using Init.Backup.Scan;
using Init.Backup.Sqlite;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup;

/// <param name="Commit">Of the branch now; null when there was nothing to back up, ever.</param>
/// <param name="IsNew">False: nothing had changed, and nothing was written.</param>
/// <param name="Read">Files whose content was read.</param>
public sealed record BackupResult(string? Commit, bool IsNew, long Entries, long Read, long Changed, long Deleted, BackupNotes Notes)
{
    /// <summary>Targets of which the last backup has something and that are gone, or empty; it stays.</summary>
    public IReadOnlyCollection<BytePath> Vanished { get; init; } = [];
}

/// <summary>
/// One backup. The walk of the live files and the entries of the last backup are merged, both in the same order and neither held in memory: what is in both and looks the
/// same costs one lstat; what differs is read, and sent if its content differs; what is only in the last backup is deleted from the tree, unless nobody could look.
/// </summary>
public sealed class BackupRun : IDisposable
{
    private readonly BackupSettings _settings;
    private readonly BackupStore _store;
    private readonly DateTimeOffset _now;
    private readonly BackupNotes _notes = new();
    private readonly HashSet<BytePath> _databases = [];
    private readonly HashSet<BytePath> _vanished = [];
    private readonly string? _parent;
    private readonly FileStream _parts;
    private readonly List<(ManifestPart Part, long At)> _partPlaces = [];
    private readonly ManifestWriter _manifest;
    private readonly IndexFile.Writer _index;
    private readonly ContentSender _sender;
    private readonly CatFile? _objects;
    private readonly CommitTree? _tree;
    private readonly ManifestHead? _head;
    private FastImport? _import;
    private bool _isChanged;
    private bool _isSeenChanged;
    private long _read;
    private long _changed;
    private long _deleted;

    private BackupRun(BackupSettings settings, BackupStore store, DateTimeOffset now, CancellationToken cancel)
    {
        _settings = settings;
        _store = store;
        _now = now;
        BackupStore.MakeDirectory(settings.ScratchPath);
        _parts = new FileStream(Path.Combine(settings.ScratchPath, "manifest"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose);
        _manifest = new ManifestWriter(settings.Targets, KeepPart);
        try
        {
            _index = new IndexFile.Writer(settings.IndexPath);
        }
        catch
        {
            _parts.Dispose();
            throw;
        }

        try
        {
            _parent = store.Head();
            if (_parent is not null)
            {
                _objects = new CatFile(store.Git);
                _tree = new CommitTree(_objects, _parent);
                _head = _tree.ReadHead();
            }

            _sender = new ContentSender(settings, _tree, Import, _notes, new LargeSender(settings, _tree, Import, _notes, now, cancel));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <param name="settings">What is backed up.</param>
    /// <param name="store">Where to.</param>
    /// <param name="now">Wall-clock time, for the commit.</param>
    /// <param name="cancel">Looked at while large files are read and sent: the branch is as it was.</param>
    /// <exception cref="GitException">The store cannot be written, or a restore has not ended; the branch is as it was.</exception>
    /// <exception cref="ManifestException">The manifest of the last backup cannot be used.</exception>
    public static BackupResult Execute(BackupSettings settings, BackupStore store, DateTimeOffset now, CancellationToken cancel = default)
    {
        if (File.Exists(settings.RestoringPath))
            throw new GitException($"cannot back up: a restore of {File.ReadAllText(settings.RestoringPath).Trim()} has not come to its end, and what is not restored yet would count as deleted; restore again first");

        settings.Check();
        using BackupRun run = new(settings with { Targets = TreeWalker.Normalize(settings.Targets) }, store, now, cancel);
        return run.Execute();
    }

    public void Dispose()
    {
        if (_import is not null)
        {
            _import.Dispose();
            TrySettlePacks();
        }

        _objects?.Dispose();
        _index.Dispose();
        _parts.Dispose();
    }

    /// <summary>Removes the packs of a backup that has failed; one that has succeeded has none left to remove.</summary>
    private void TrySettlePacks()
    {
        try
        {
            _store.SettlePacks();
        }
        catch (GitException)
        {
            // What made the backup fail may make this fail as well; then it is done when the store is opened.
        }
    }

    private BackupResult Execute()
    {
        SymlinkLayout.Migrate(_settings, mayCopy: false, _notes);
        int @base = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(_settings.Base)).OrThrow("open", _settings.Base);
        try
        {
            using TreeWalker walker = new(@base, _settings.Targets, _settings.Excluded, _settings.CrossMounts, _notes, _settings.GivenUp);
            using IEnumerator<IndexEntry> previous = Previous().GetEnumerator();
            bool hasPrevious = previous.MoveNext();
            while (walker.MoveNext())
            {
                FoundEntry found = walker.Current;
                while (hasPrevious && previous.Current.Entry.Path < found.Path)
                {
                    Gone(previous.Current, walker);
                    hasPrevious = previous.MoveNext();
                }

                bool matches = hasPrevious && previous.Current.Entry.Path == found.Path;
                Take(found, matches ? previous.Current : null);
                if (matches)
                    hasPrevious = previous.MoveNext();
            }

            for (; hasPrevious; hasPrevious = previous.MoveNext())
                Gone(previous.Current, walker);
            return Complete();
        }
        finally
        {
            Files.Close(@base);
        }
    }

    /// <summary>The entries of the last backup: from the index with their stamps, or else from its manifest.</summary>
    private IEnumerable<IndexEntry> Previous()
    {
        if (_head is null)
            return [];

        return IndexFile.CommitOf(_settings.IndexPath) == _parent
            ? IndexFile.Read(_settings.IndexPath)
            : _tree!.ReadEntries(_head).Select(entry => new IndexEntry(entry, null));
    }

    private void Take(FoundEntry found, IndexEntry? previous)
    {
        if (IsCompanion(found.Path))
        {
            if (previous is { } companion)
                Delete(companion.Entry);
            return;
        }

        ReadResult result = found.Stamp.Kind switch
        {
            FileKind.Directory => new(Describe(found, EntryKind.Directory), null),
            FileKind.SymbolicLink => TakeLink(found, previous),
            _ => TakeFile(found, previous),
        };
        if (result.Entry is not { } entry)
        {
            if (previous is { } gone)
                Delete(gone.Entry);
            return;
        }

        if (previous is { } before && entry.Kind == EntryKind.Directory && before.Entry.Kind != EntryKind.Directory)
            Delete(before.Entry);
        if (entry.Storage == Storage.Database)
            _databases.Add(entry.Path);
        Record(new IndexEntry(entry, result.Seen), previous);
    }

    private ReadResult TakeLink(FoundEntry found, IndexEntry? previous)
    {
        if (FilesAt.ReadLink(found.Directory, found.Name, out int errno) is not { } target)
        {
            if (errno == Errno.ENOENT)
                return default;
            _notes.Add(NoteKind.Unreadable, found.Path, $"cannot read the link: {Errno.Describe(errno)}");
            return new(previous?.Entry, null);
        }

        ManifestEntry entry = Describe(found, EntryKind.Link) with { Target = PathText.Encode(target) };
        if (previous is not { Entry.Kind: EntryKind.Link } || previous.Value.Entry.Target != entry.Target)
        {
            _sender.RemoveOther(previous?.Entry, Storage.Blob);
            Import().Put(TreeNames.OfPath(found.Path), "120000", target);
        }

        return new(entry, null);
    }

    private ReadResult TakeFile(FoundEntry found, IndexEntry? previous)
    {
        if (previous is { Entry.Kind: EntryKind.File, Seen: { } seen })
        {
            ulong companion = previous.Value.Entry.Storage == Storage.Database ? SqliteSnapshot.FingerprintOfLog(found.Directory, found.Name) : 0;
            // A changed mode or owner changes ctime, so that everything else is as it was.
            if (seen == SeenStamp.Of(found.Stamp, companion))
                return new(previous.Value.Entry, seen);
        }

        _read++;
        return _sender.Send(found, previous?.Entry);
    }

    /// <summary>The last backup has it, and the walk has not found it: it was deleted, unless nobody could look.</summary>
    private void Gone(IndexEntry previous, TreeWalker walker)
    {
        while (walker.Unseen.TryPeek(out BytePath hidden))
        {
            if (previous.Entry.Path.IsWithin(hidden))
            {
                if (walker.Missing.Contains(hidden) && _vanished.Add(hidden))
                    _notes.Add(NoteKind.TargetVanished, hidden, "it is gone, or empty, and the last backup has files in it; they stay there for now: is something not mounted? Take it out of targets if it is gone for good");
                Record(previous with { Seen = null }, previous);
                return;
            }

            if (hidden > previous.Entry.Path)
                break;
            walker.Unseen.Dequeue();
        }

        Delete(previous.Entry);
    }

    private void Record(IndexEntry entry, IndexEntry? previous)
    {
        if (previous is not { } before || !entry.Entry.IsSameForBackup(before.Entry))
        {
            _isChanged = true;
            _changed++;
        }

        _isSeenChanged |= previous is null || entry.Seen != previous.Value.Seen;
        _manifest.Add(entry.Entry);
        _index.Add(entry);
    }

    private void Delete(ManifestEntry entry)
    {
        _isChanged = true;
        _deleted++;
        if (entry.Kind != EntryKind.Directory) // Git forgets a directory with its last file.
            Import().Delete(ContentSender.PlaceOf(entry.Path, entry.Storage));
    }

    private bool IsCompanion(BytePath path)
    {
        if (_databases.Count == 0)
            return false;

        foreach (byte[] suffix in SqliteSnapshot.CompanionSuffixes)
        {
            if (path.Bytes.EndsWith(suffix) && _databases.Contains(BytePath.Of(path.Bytes[..^suffix.Length])))
                return true;
        }

        return false;
    }

    private BackupResult Complete()
    {
        ManifestHead head = _manifest.Complete();
        bool isNew = _isChanged || (_head is not null && !_head.Targets.SequenceEqual(head.Targets));
        string? commit = _parent;
        if (isNew)
        {
            SendManifest(head);
            commit = Import().Complete();
        }

        // After the commit: an index that is ahead of the branch would hide changes for ever, one that is behind costs reading.
        if (commit is not null && (isNew || _isSeenChanged))
            _index.Complete(commit);
        return new BackupResult(commit, isNew, head.Entries, _read, _changed, _deleted, _notes) { Vanished = _vanished };
    }

    private void SendManifest(ManifestHead head)
    {
        Dictionary<string, ManifestPart> before = _head?.Parts.ToDictionary(part => part.Name) ?? [];
        byte[] text = new byte[ManifestWriter.PartBytesMax + ManifestWriter.LineBytesMax];
        foreach (var (part, at) in _partPlaces)
        {
            if (before.Remove(part.Name, out ManifestPart? old) && old == part)
                continue;
            _parts.Position = at;
            _parts.ReadExactly(text, 0, part.Bytes);
            Import().Put(ManifestPaths.OfPart(part.Name), "100644", text.AsSpan(0, part.Bytes));
        }

        foreach (string vanished in before.Keys)
            Import().Delete(ManifestPaths.OfPart(vanished));
        Import().Put(ManifestPaths.Head, "100644", head.ToJson());
    }

    private void KeepPart(ManifestPart part, byte[] text)
    {
        _partPlaces.Add((part, _parts.Position));
        _parts.Write(text);
    }

    /// <summary>Started with the first change: a backup that finds none starts no writer.</summary>
    private FastImport Import()
    {
        if (_import is not null)
            return _import;

        _import = new FastImport(_store.Git, _store.Branch, _parent, _settings.Author, CommitText.OfBackup(_now) + "\n", _now);
        if (_parent is not null && _head is null)
        {
            // Not a commit of ours: what it has of our targets is not known, and is replaced as a whole. What else is in it stays.
            foreach (BytePath target in _settings.Targets)
            {
                _import.Delete(target.Bytes); // As it was put there by whoever did, with a pointer in its place when it was large.
                _import.Delete([.. target.Bytes, .. TreeNames.PointerSuffix]);
            }
        }

        return _import;
    }

    internal static ManifestEntry Describe(FoundEntry found, EntryKind kind) =>
        new(found.Path, kind, found.Stamp.Mode, found.Stamp.Modified, found.Stamp.Uid, found.Stamp.Gid, 0, "", Storage.None, "");
}
