using System.Security.Cryptography;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Large;

/// <param name="Result">It is dealt with.</param>
/// <param name="Storage">Else, when it is not null: it goes into the tree like this. Both null: the file changed while it was read, look again.</param>
internal readonly record struct LargeAnswer(ReadResult? Result, Storage? Storage);

/// <summary>
/// Files from the threshold on, in one backup. The pointer goes into the tree only when the content is durable outside. The file itself is read, and nothing else is done to it.
/// </summary>
internal sealed class LargeSender(BackupSettings settings, CommitTree? tree, Func<FastImport> import, BackupNotes notes, DateTimeOffset now, CancellationToken cancel)
{
    private readonly byte[] _buffer = new byte[BackupLimits.ChunkBytes];
    private string? _refusal;

    public bool Concerns(long size, ManifestEntry? before) => size >= settings.LargeThreshold || before is { Storage: Storage.Pointer };

    /// <param name="entry">Of the file as it is now, but for its content.</param>
    /// <param name="stamp">Of the open file, a moment ago.</param>
    /// <param name="before">Of the last backup.</param>
    /// <param name="readAt">Before the stamp was taken.</param>
    /// <exception cref="SyscallException">The file cannot be read.</exception>
    public LargeAnswer Send(ManifestEntry entry, FileStamp stamp, ManifestEntry? before, int fd, DateTimeOffset readAt)
    {
        Pointer? pointer = before is { Storage: Storage.Pointer } ? tree!.ReadPointer(entry.Path, out _) : null;
        Storage? place = LargeDecision.Of(stamp.Size, settings.LargeThreshold, settings.LargeFiles is not null, before?.Storage ?? Storage.None, now - (pointer?.GeneratedAt ?? DateTimeOffset.UnixEpoch));
        if (pointer is null && place != Storage.Pointer)
            return new(null, place ?? Storage.Blob);
        if (place == Storage.Pointer && _refusal is not null)
            return new(NotStored(entry.Path, before, _refusal), null); // Not even read: the next backup has to, anyway.

        if (HashOf(fd, stamp, entry.Path) is not { } hash)
            return default;

        SeenStamp seen = SeenStamp.Of(stamp, 0);
        ReadResult result = new(entry with { Sha256 = hash, Storage = Storage.Pointer }, seen.IsTrusted(readAt) ? seen : null);
        if (pointer is not null && before!.Sha256 == hash)
            return new(result, null); // Only its mode, owner or time is another.
        if (place != Storage.Pointer)
            return new(null, place ?? Storage.Blob);

        try
        {
            Pointer stored = settings.LargeFiles!.Put(new LargeSource(entry.Path, fd, stamp.Size, hash), cancel);
            import().Put(ContentSender.PlaceOf(entry.Path, Storage.Pointer), "100644", stored.ToJson());
            return new(result, null);
        }
        catch (SourceChangedException)
        {
            return default;
        }
        catch (RemoteException exception)
        {
            // "Failed" is of this file, and the others have their chance; everything else would be the same for them.
            if (exception.Problem != RemoteProblem.Failed)
                _refusal = exception.Message;
            return new(NotStored(entry.Path, before, exception.Message), null);
        }
    }

    private ReadResult NotStored(BytePath path, ManifestEntry? before, string text)
    {
        notes.Add(NoteKind.NotStored, path, $"{text}; {(before is null ? "it is not backed up yet" : "the last backup of it is kept")}");
        return new(before, null);
    }

    /// <returns>Null when the file was not the same from beginning to end.</returns>
    private string? HashOf(int fd, FileStamp stamp, BytePath path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long at = 0;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            IoResult read = Files.ReadAt(fd, _buffer, at);
            if (!read.Succeeded)
                throw new SyscallException("read", $"\"{path}\"", read.Errno);
            if (read.Count == 0)
                break;
            hash.AppendData(_buffer, 0, read.Count);
            at += read.Count;
        }

        bool isWhole = at == stamp.Size && FilesAt.StampOf(fd, out _) is { } after && SeenStamp.Of(after, 0) == SeenStamp.Of(stamp, 0);
        return isWhole ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }
}
