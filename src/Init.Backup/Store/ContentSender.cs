using System.Security.Cryptography;
using System.Text;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Scan;
using Init.Backup.Sqlite;
using Init.Linux;

namespace Init.Backup.Store;

/// <param name="Entry">Null: it is not there, or not to be had.</param>
/// <param name="Seen">Null when it cannot be trusted to show the next change.</param>
internal readonly record struct ReadResult(ManifestEntry? Entry, SeenStamp? Seen);

/// <summary>Reads live files and sends what differs. A file of which no two looks agree is read again, and after that left as the last backup has it.</summary>
internal sealed class ContentSender(BackupSettings settings, CommitTree? tree, Func<FastImport> import, BackupNotes notes, LargeSender large)
{
    private readonly byte[] _small = new byte[BackupLimits.SmallFileBytes + 1];
    private readonly byte[] _chunk = new byte[BackupLimits.ChunkBytes];

    /// <summary>Where content of a kind is in the tree.</summary>
    public static byte[] PlaceOf(BytePath path, Storage storage) =>
        storage switch
        {
            Storage.Chunks or Storage.Database => [.. TreeNames.OfPath(path), .. TreeNames.ChunksSuffix],
            Storage.Pointer => [.. TreeNames.OfPath(path), .. TreeNames.PointerSuffix],
            _ => TreeNames.OfPath(path),
        };

    /// <summary>Takes away what the last backup has of a path when it is in another place than the new content.</summary>
    public void RemoveOther(ManifestEntry? previous, Storage storage)
    {
        if (previous is { Kind: not EntryKind.Directory } && PlaceOf(previous.Path, previous.Storage) is var place && !place.AsSpan().SequenceEqual(PlaceOf(previous.Path, storage)))
            import().Delete(place);
    }

    public ReadResult Send(FoundEntry found, ManifestEntry? previous)
    {
        ManifestEntry? before = previous is { Kind: EntryKind.File } ? previous : null;
        try
        {
            return IsDatabase(found) ? SendDatabase(found, previous, before) : SendFile(found, previous, before);
        }
        catch (SyscallException exception)
        {
            return exception.Errno == Errno.ENOENT ? default : Unreadable(found, before, exception.Message);
        }
    }

    /// <summary>Looked at and closed, before SQLite opens it: closing any descriptor of a file drops all locks that the process has on it.</summary>
    private bool IsDatabase(FoundEntry found)
    {
        if (found.Stamp.Size < SqliteSnapshot.Magic.Length)
            return false;

        int fd = Open(found);
        Span<byte> first = _chunk.AsSpan(0, SqliteSnapshot.Magic.Length);
        int count = Files.ReadAt(fd, first, 0).Count;
        Files.Close(fd);
        return count == first.Length && first.SequenceEqual(SqliteSnapshot.Magic);
    }

    private ReadResult SendFile(FoundEntry found, ManifestEntry? previous, ManifestEntry? before)
    {
        int fd = Open(found);
        try
        {
            return SendContent(found, previous, before, fd);
        }
        finally
        {
            Files.Close(fd);
        }
    }

    private static int Open(FoundEntry found) => FilesAt.OpenFile(found.Directory, found.Name).OrThrow("open", $"\"{found.Path}\"");

    private ReadResult SendContent(FoundEntry found, ManifestEntry? previous, ManifestEntry? before, int fd)
    {
        Storage storage = before?.Storage is Storage.Chunks or Storage.Database ? Storage.Chunks : Storage.Blob;
        ChunkTree? chunks = null;
        bool sent = false;
        for (int attempt = 1; attempt <= BackupLimits.ReadAttempts; attempt++)
        {
            DateTimeOffset readAt = DateTimeOffset.UtcNow;
            FileStamp stamp = FilesAt.StampOf(fd, out int errno) ?? throw new SyscallException("look at", $"\"{found.Path}\"", errno);
            if (stamp.Kind != FileKind.Regular)
                return Unreadable(found, before, "it became something else while it was looked at");

            ManifestEntry entry = BackupRun.Describe(found with { Stamp = stamp }, EntryKind.File) with { Size = stamp.Size };
            if (chunks is null && large.Concerns(stamp.Size, before))
            {
                LargeAnswer answer = large.Send(entry, stamp, before, fd, readAt);
                if (answer.Result is { } result)
                {
                    PutBack(found.Path, result.Entry == before ? before : null, null, sent);
                    if (result.Entry is not null && result.Entry != before)
                        RemoveOther(previous, result.Entry.Storage);
                    return result;
                }

                // What is never at rest and has no earlier version becomes chunks: better than nothing.
                if (answer.Storage is null && (before is not null || attempt < BackupLimits.ReadAttempts))
                    continue;
                storage = answer.Storage ?? Storage.Chunks;
            }

            // Large, and different from what is there: it is a file that changes, and the next change shall cost what it changes.
            if (storage == Storage.Blob && stamp.Size >= BackupLimits.SmallFileBytes && (attempt > 1 || (before is not null && Hash(fd) != before.Sha256)))
                storage = Storage.Chunks;

            string? hash;
            if (storage == Storage.Chunks)
            {
                RemoveOther(sent ? entry with { Storage = Storage.Blob } : previous, storage);
                chunks ??= new ChunkTree(PlaceOf(found.Path, storage), before?.Storage is Storage.Chunks or Storage.Database ? tree!.ChunksOf(PlaceOf(found.Path, storage)) : []);
                hash = SendChunks(fd, chunks, stamp.Size);
            }
            else
            {
                hash = stamp.Size >= BackupLimits.SmallFileBytes ? SendStream(entry, before, fd, ref sent) : SendSmall(ref entry, previous, before, fd, stamp, ref sent);
            }

            bool isWhole = hash is not null && FilesAt.StampOf(fd, out _) is { } after && SeenStamp.Of(after, 0) == SeenStamp.Of(stamp, 0);
            bool isLastChance = attempt == BackupLimits.ReadAttempts && before is null && hash is not null;
            if (!isWhole && isLastChance)
                notes.Add(NoteKind.Changing, found.Path, "it changes while it is read; for want of an earlier version it is backed up as it was read");
            if (isWhole || isLastChance)
            {
                SeenStamp seen = SeenStamp.Of(stamp, 0);
                return new(entry with { Sha256 = hash!, Storage = storage }, isWhole && seen.IsTrusted(readAt) ? seen : null);
            }
        }

        notes.Add(NoteKind.Changing, found.Path, $"it changed during each of {BackupLimits.ReadAttempts} attempts to read it; {Kept(before)}");
        PutBack(found.Path, before, chunks, sent);
        return new(before, null);
    }

    /// <summary>In one piece, and only when its content differs.</summary>
    private string? SendSmall(ref ManifestEntry entry, ManifestEntry? previous, ManifestEntry? before, int fd, FileStamp stamp, ref bool sent)
    {
        int length = 0;
        while (length < _small.Length)
        {
            IoResult read = Files.ReadAt(fd, _small.AsSpan(length), length);
            if (!read.Succeeded)
                throw new SyscallException("read", $"\"{entry.Path}\"", read.Errno);
            if (read.Count == 0)
                break;
            length += read.Count;
        }

        if (length != stamp.Size || FilesAt.StampOf(fd, out _) is not { } after || SeenStamp.Of(after, 0) != SeenStamp.Of(stamp, 0))
        {
            // Not sent, unless there is nothing older: then it is better than nothing, should no attempt find it at rest.
            if (before is not null || length > BackupLimits.SmallFileBytes || length >= settings.LargeThreshold)
                return null;
        }

        entry = entry with { Size = length };
        string hash = Convert.ToHexStringLower(SHA256.HashData(_small.AsSpan(0, length)));
        if (before is null || before.Sha256 != hash || before.Storage != Storage.Blob || IsExecutable(before) != IsExecutable(entry))
        {
            RemoveOther(previous, Storage.Blob);
            import().Put(TreeNames.OfPath(entry.Path), ModeOf(entry), _small.AsSpan(0, length));
            sent = true;
        }

        return hash;
    }

    /// <summary>A large file that is new or has not changed: one blob, as a person would put it there.</summary>
    private string? SendStream(ManifestEntry entry, ManifestEntry? before, int fd, ref bool sent)
    {
        if (before is not null && IsExecutable(before) == IsExecutable(entry))
            return before.Sha256; // The caller has compared.

        import().Begin(TreeNames.OfPath(entry.Path), ModeOf(entry), entry.Size);
        sent = true;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        bool isShort = false;
        for (long at = 0; at < entry.Size;)
        {
            int wanted = (int)Math.Min(_chunk.Length, entry.Size - at);
            int count = isShort ? 0 : ReadFully(fd, _chunk.AsSpan(0, wanted), at);
            if (count < wanted)
            {
                // The length has been announced: fill up, and start over.
                isShort = true;
                _chunk.AsSpan(count, wanted - count).Clear();
            }

            hash.AppendData(_chunk, 0, wanted);
            import().AddContent(_chunk.AsSpan(0, wanted));
            at += wanted;
        }

        return isShort ? null : Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string? SendChunks(int fd, ChunkTree chunks, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int index = 0;
        for (long at = 0; at < size; index++)
        {
            int wanted = (int)Math.Min(_chunk.Length, size - at);
            if (ReadFully(fd, _chunk.AsSpan(0, wanted), at) < wanted)
                return null;
            hash.AppendData(_chunk, 0, wanted);
            chunks.Set(index, _chunk.AsSpan(0, wanted), import);
            at += wanted;
        }

        chunks.Truncate(index, import);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private ReadResult SendDatabase(FoundEntry found, ManifestEntry? previous, ManifestEntry? before)
    {
        DateTimeOffset readAt = DateTimeOffset.UtcNow;
        if (FilesAt.StampOf(found.Directory, found.Name, out _) is not { Kind: FileKind.Regular } stamp)
            return default;

        // Before the snapshot: what changes after this shows at the next backup.
        SeenStamp seen = SeenStamp.Of(stamp, SqliteSnapshot.FingerprintOfLog(found.Directory, found.Name));
        string scratch = Path.Combine(settings.ScratchPath, "database");
        SnapshotResult snapshot = SqliteSnapshot.Take([.. Encoding.UTF8.GetBytes(settings.Base.TrimEnd('/')), (byte)'/', .. found.Path.Bytes], scratch);
        if (snapshot.Outcome == SnapshotOutcome.Failed)
            return Unreadable(found, before, snapshot.Text);
        if (snapshot.Outcome == SnapshotOutcome.NotADatabase)
        {
            notes.Add(NoteKind.NotADatabase, found.Path, $"it begins like an SQLite database and is none: {snapshot.Text}; it is backed up as a file");
            return SendFile(found, previous, before);
        }

        int copy = Files.Open(scratch, OpenFlags.Read).OrThrow("open", scratch);
        try
        {
            long size = FilesAt.StampOf(copy, out _)!.Value.Size;
            RemoveOther(previous, Storage.Database);
            byte[] place = PlaceOf(found.Path, Storage.Database);
            bool hasChunks = before?.Storage is Storage.Chunks or Storage.Database;
            string hash = SendChunks(copy, new ChunkTree(place, hasChunks ? tree!.ChunksOf(place) : []), size)
                ?? throw new SyscallException("read", scratch, Errno.EIO);
            ManifestEntry entry = BackupRun.Describe(found with { Stamp = stamp }, EntryKind.File) with { Size = size, Sha256 = hash, Storage = Storage.Database };
            return new(entry, seen.IsTrusted(readAt) ? seen : null);
        }
        finally
        {
            Files.Close(copy);
            File.Delete(scratch);
        }
    }

    /// <summary>As the last backup has it, after pieces of something else have been sent.</summary>
    private void PutBack(BytePath path, ManifestEntry? before, ChunkTree? chunks, bool sent)
    {
        bool hadChunks = before?.Storage is Storage.Chunks or Storage.Database;
        if (chunks is not null && hadChunks)
            chunks.Revert(import);
        else if (chunks is not null || sent)
            import().Delete(PlaceOf(path, chunks is not null ? Storage.Chunks : Storage.Blob));
        if (before is { Storage: Storage.Blob or Storage.Pointer } && (chunks is not null || sent) && PlaceOf(path, before.Storage) is var place && tree!.Find(place) is { } blob)
            import().PutExisting(place, before.Storage == Storage.Pointer ? "100644" : ModeOf(before), blob.Id);
    }

    private ReadResult Unreadable(FoundEntry found, ManifestEntry? previous, string text)
    {
        notes.Add(NoteKind.Unreadable, found.Path, $"{text}; {Kept(previous)}");
        return new(previous, null);
    }

    private static string Kept(ManifestEntry? previous) => previous is null ? "it is not backed up" : "the last backup of it is kept";

    private string Hash(int fd)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; ;)
        {
            int count = ReadFully(fd, _chunk, at);
            hash.AppendData(_chunk, 0, count);
            at += count;
            if (count < _chunk.Length)
                return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    private static int ReadFully(int fd, Span<byte> buffer, long at)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            IoResult read = Files.ReadAt(fd, buffer[length..], at + length);
            if (!read.Succeeded)
                throw new SyscallException("read", $"descriptor at {at}", read.Errno);
            if (read.Count == 0)
                break;
            length += read.Count;
        }

        return length;
    }

    private static bool IsExecutable(ManifestEntry entry) => (entry.Mode & 0x40) != 0; // 0100

    private static string ModeOf(ManifestEntry entry) => IsExecutable(entry) ? "100755" : "100644";
}
