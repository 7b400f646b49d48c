using System.Globalization;
using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Migration;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Sqlite;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Restore;

/// <param name="Commit">What is restored.</param>
/// <param name="Into">Null: in place. Else another directory, which stands for BASE; then nothing of what Init keeps is touched.</param>
/// <param name="Only">These and what is below them; all when empty.</param>
public sealed record RestoreRequest(string Commit, string? Into, IReadOnlyList<BytePath> Only);

/// <param name="Bytes">Of the files that are done, written or found in place.</param>
public readonly record struct RestoreProgress(long Entries, long EntriesTotal, long Bytes, long BytesTotal);

/// <param name="IsComplete">False: there are notes that say what could not be restored, and it has to be tried again.</param>
public sealed record RestoreResult(string Commit, long Entries, long Written, long Bytes, bool IsComplete, BackupNotes Notes);

/// <summary>
/// Brings the files of a commit back. A file "restoring" names the commit from before the first change to after the last sync: as long as it is there nothing is backed up, and
/// a restore that was killed is taken up again by doing it again, which finds in place what was done.
/// </summary>
public sealed class RestoreRun : IDisposable
{
    private readonly BackupSettings _settings;
    private readonly RestoreRequest _request;
    private readonly DateTimeOffset _now;
    private readonly BackupNotes _notes = new();
    private readonly CatFile _objects;
    private readonly CommitTree _tree;
    private readonly ManifestHead _head;
    private readonly BlobReader? _blobs;
    private readonly FileRestorer _files;
    private readonly IEnumerator<IndexEntry>? _known;
    private readonly IndexFile.Writer? _index;
    private bool _hasKnown;
    private bool _isComplete = true;
    private long _entries;
    private long _written;
    private long _bytes;

    private RestoreRun(BackupSettings settings, BackupStore store, RestoreRequest request, DateTimeOffset now, CancellationToken cancel)
    {
        _settings = settings;
        _request = request;
        _now = now;
        _objects = new CatFile(store.Git);
        try
        {
            _tree = CommitTrees.Read(_objects, request.Commit, settings.Targets, _notes, cancel);
            _head = _tree.ReadHead()!;
            _blobs = new BlobReader(store.Git);
            _files = new FileRestorer(_blobs, _tree, _notes, settings.LargeFiles, cancel);
            bool hasIndex = IsInPlace && IndexFile.CommitOf(settings.IndexPath) is not null;
            _known = (hasIndex ? IndexFile.Read(settings.IndexPath) : []).GetEnumerator();
            _hasKnown = _known.MoveNext();
            _index = IsWhole ? new IndexFile.Writer(settings.IndexPath) : null;
        }
        catch
        {
            Dispose(); // A boot tries again for as long as the disk is full, and each time would leave a git.
            throw;
        }
    }

    private bool IsInPlace => _request.Into is null;

    /// <summary>Only then is anything missing until it has ended. Some files can be restored in place at any time.</summary>
    private bool IsWhole => IsInPlace && _request.Only.Count == 0;

    /// <param name="settings">Where to.</param>
    /// <param name="store">Where from.</param>
    /// <param name="request">What.</param>
    /// <param name="now">Wall-clock time, for the names of what is kept aside.</param>
    /// <param name="progress">Called after each entry, and from other threads, one at a time, while a large file comes.</param>
    /// <param name="cancel">Looked at while large files are fetched.</param>
    /// <exception cref="ManifestException">The commit has no manifest that can be used. Nothing has been changed, or the restore can be tried again.</exception>
    public static RestoreResult Execute(BackupSettings settings, BackupStore store, RestoreRequest request, DateTimeOffset now, Action<RestoreProgress>? progress = null, CancellationToken cancel = default)
    {
        using RestoreRun run = new(settings, store, request, now, cancel);
        return run.Execute(progress);
    }

    /// <summary>The commit of a restore in place that has not come to its end; null when there is none.</summary>
    public static string? Unfinished(BackupSettings settings) => File.Exists(settings.RestoringPath) ? File.ReadAllText(settings.RestoringPath).Trim() : null;

    public void Dispose()
    {
        _known?.Dispose();
        _index?.Dispose();
        _blobs?.Dispose();
        _objects.Dispose();
    }

    private RestoreResult Execute(Action<RestoreProgress>? progress)
    {
        bool isResumed = IsWhole && Unfinished(_settings) is not null;
        if (IsWhole && StateFiles.Write(_settings.RestoringPath, Encoding.ASCII.GetBytes(_request.Commit + "\n"), 0x1A4 /* 0644 */) is not 0 and var refused)
            throw new SyscallException("write", _settings.RestoringPath, refused);

        if (progress is not null)
            _files.Fetched = bytes => progress(new RestoreProgress(_entries, _head.Entries, _bytes + bytes, _head.Bytes));
        if (IsWhole)
            SymlinkLayout.Migrate(_settings, mayCopy: true, _notes);
        string @base = _request.Into ?? _settings.Base;
        Directory.CreateDirectory(@base);
        int fd = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(@base)).OrThrow("open", @base);
        try
        {
            using RestoreQueue queue = new();
            using (LiveDirectories directories = new(fd, isResumed, _notes, queue))
            {
                foreach (ManifestEntry entry in _tree.ReadEntries(_head))
                {
                    if (_request.Only.Count > 0 && !_request.Only.Any(only => entry.Path.IsWithin(only)))
                        continue;

                    Task<SeenStamp?> work = TryStart(entry, directories);
                    queue.Add(work, () => End(entry, work, directories, progress));
                    queue.Complete(RestoreQueue.CountMax);
                }
            }

            queue.Complete(0);
            // One wait for all files: what a power cut leaves before is done again, because "restoring" is still there.
            int errno = FilesAt.SynchronizeFileSystem(fd);
            if (errno != 0)
                throw new SyscallException("synchronize", @base, errno);
        }
        finally
        {
            Files.Close(fd);
        }

        if (_isComplete && IsWhole)
        {
            _index!.Complete(_request.Commit);
            File.Delete(_settings.RestoringPath);
        }

        return new RestoreResult(_request.Commit, _entries, _written, _bytes, _isComplete, _notes);
    }

    private Task<SeenStamp?> TryStart(ManifestEntry entry, LiveDirectories directories)
    {
        try
        {
            return Start(entry, directories);
        }
        catch (Exception exception) when (exception is SyscallException or GitException or RemoteException)
        {
            return Task.FromException<SeenStamp?>(exception);
        }
    }

    private void End(ManifestEntry entry, Task<SeenStamp?> work, LiveDirectories directories, Action<RestoreProgress>? progress)
    {
        SeenStamp? seen = null;
        try
        {
            seen = work.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is SyscallException or GitException or RemoteException)
        {
            // The others are restored all the same; this one is said, and keeps the restore from counting as done.
            _isComplete = false;
            directories.IsToBeContinued = true;
            _notes.Add(NoteKind.NotRestored, entry.Path, exception.Message);
        }

        _index?.Add(new IndexEntry(entry, seen));
        _entries++;
        _bytes += entry.Size;
        progress?.Invoke(new RestoreProgress(_entries, _head.Entries, _bytes, _head.Bytes));
    }

    /// <summary>Looks, decides and clears the way here and now; content is written at the same time as that of other files.</summary>
    private Task<SeenStamp?> Start(ManifestEntry entry, LiveDirectories directories)
    {
        int directory = directories.Of(entry.Path);
        FileStamp? live = FilesAt.StampOf(directory, entry.Path.Name, out int errno);
        if (live is null && errno != Errno.ENOENT)
            throw new SyscallException("look at", $"\"{entry.Path}\"", errno);

        DateTimeOffset readAt = DateTimeOffset.UtcNow;
        LiveLook look = new(live?.Kind, live is { } stamp ? KnownSha256(entry, directory, stamp) : null);
        RestoreAction action = entry.Kind switch
        {
            EntryKind.Directory => RestoreDecision.OfDirectory(look),
            EntryKind.Link => RestoreDecision.OfLink(entry, look, FilesAt.ReadLink(directory, entry.Path.Name, out _) is { } target ? PathText.Encode(target) : null),
            _ => RestoreDecision.OfFile(entry, look, () => HasLiveLog(directory, entry) ? "" : _files.HashOf(directory, entry)),
        };
        if (action == RestoreAction.SetAsideAndWrite)
            SetAside(directory, entry);
        if (entry.Kind == EntryKind.Directory)
        {
            directories.Enter(entry.Path, entry);
            return Task.FromResult<SeenStamp?>(null);
        }

        if (action == RestoreAction.Keep)
            return Task.FromResult(Adjust(directory, entry, live!.Value, look.KnownSha256 is not null, readAt));

        if (entry.Storage == Storage.Database)
            RemoveCompanions(directory, entry.Path);
        List<string> content = _files.BlobsOf(entry);
        return FileRestorer.IsConcurrent(entry) ? Task.Run(() => Write(directory, entry, content)) : Task.FromResult(Write(directory, entry, content));
    }

    private SeenStamp? Write(int directory, ManifestEntry entry, List<string> content)
    {
        _files.Write(directory, entry, content);
        Interlocked.Increment(ref _written);
        return entry.Kind == EntryKind.File && FilesAt.StampOf(directory, entry.Path.Name, out _) is { } written ? SeenStamp.Of(written, 0) : null;
    }

    /// <summary>The content is there; mode, owner and time may not be.</summary>
    private SeenStamp? Adjust(int directory, ManifestEntry entry, FileStamp live, bool isKnown, DateTimeOffset readAt)
    {
        if (entry.Kind == EntryKind.Link)
            return null;

        LiveDirectories.SetOwner(directory, entry.Path.Name, entry, _notes);
        if (live.Mode != entry.Mode)
            FileRestorer.SetMode(directory, entry.Path.Name, entry);
        if (live.Modified != entry.Modified)
            _ = FilesAt.SetModified(directory, entry.Path.Name, entry.Modified);

        ulong log = entry.Storage == Storage.Database ? SqliteSnapshot.FingerprintOfLog(directory, entry.Path.Name) : 0;
        bool isTrusted = isKnown || SeenStamp.Of(live, log).IsTrusted(readAt);
        return isTrusted && FilesAt.StampOf(directory, entry.Path.Name, out _) is { } stamp ? SeenStamp.Of(stamp, log) : null;
    }

    /// <summary>What the last backup has of the live file, when the file has not been touched since.</summary>
    private string? KnownSha256(ManifestEntry entry, int directory, FileStamp live)
    {
        while (_hasKnown && _known!.Current.Entry.Path < entry.Path)
            _hasKnown = _known.MoveNext();
        if (!_hasKnown || _known!.Current.Entry.Path != entry.Path || _known.Current.Seen is not { } seen)
            return null;

        ulong log = _known.Current.Entry.Storage == Storage.Database ? SqliteSnapshot.FingerprintOfLog(directory, entry.Path.Name) : 0;
        return seen == SeenStamp.Of(live, log) ? _known.Current.Entry.Sha256 : null;
    }

    /// <summary>Changes beside the database, which no comparison of the database itself shows.</summary>
    private static bool HasLiveLog(int directory, ManifestEntry entry) =>
        entry.Storage == Storage.Database
        && SqliteSnapshot.CompanionSuffixes.Any(suffix => !suffix.AsSpan().SequenceEqual("-shm"u8)
            && FilesAt.StampOf(directory, [.. entry.Path.Name, .. suffix], out _) is { Size: > 0 });

    private void SetAside(int directory, ManifestEntry entry)
    {
        const int NameMax = 255;
        string time = _now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        for (int number = 1; ; number++)
        {
            byte[] suffix = Encoding.ASCII.GetBytes(number == 1 ? $".local-{time}" : $".local-{time}-{number}");
            ReadOnlySpan<byte> name = entry.Path.Name;
            byte[] aside = [.. name[..Math.Min(name.Length, NameMax - suffix.Length - "-journal".Length)], .. suffix];
            if (FilesAt.StampOf(directory, aside, out _) is not null)
                continue; // Nothing that was kept is overwritten.

            int errno = FilesAt.Rename(directory, name, directory, aside);
            if (errno != 0)
                throw new SyscallException("set aside", $"\"{entry.Path}\"", errno);
            if (entry.Storage == Storage.Database)
            {
                foreach (byte[] companion in SqliteSnapshot.CompanionSuffixes)
                    _ = FilesAt.Rename(directory, [.. name, .. companion], directory, [.. aside, .. companion]); // Mostly there is none.
            }

            _notes.Add(NoteKind.KeptAside, entry.Path, $"what was here differs from the backup; it is kept as \"{PathText.Encode(aside)}\"");
            return;
        }
    }

    /// <summary>A log or journal that belongs to another state of the database would be played into the restored one.</summary>
    private static void RemoveCompanions(int directory, BytePath path)
    {
        foreach (byte[] suffix in SqliteSnapshot.CompanionSuffixes)
        {
            int errno = FilesAt.Unlink(directory, [.. path.Name, .. suffix]);
            if (errno is not (0 or Errno.ENOENT))
                throw new SyscallException("remove", $"\"{path}{Encoding.ASCII.GetString(suffix)}\"", errno);
        }
    }
}
