using System.Security.Cryptography;
using System.Text;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Sqlite;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Restore;

/// <summary>Writes one file beside its place, checks it against the manifest, and renames it: at its name there is the old file or the whole new one.</summary>
internal sealed class FileRestorer(BlobReader blobs, CommitTree tree, BackupNotes notes, ILargeFiles? largeFiles, CancellationToken cancel)
{
    private const int BufferBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <summary>Called with the bytes that have come of the large file that is being fetched; from other threads, one at a time.</summary>
    public Action<long>? Fetched { get; set; }

    /// <summary>Whether files of a kind may be written at the same time: not those that take the network, or SQLite, or a lot of memory.</summary>
    public static bool IsConcurrent(ManifestEntry entry) => entry is { Kind: EntryKind.File, Storage: Storage.Blob };

    /// <param name="content">By <see cref="BlobsOf"/>.</param>
    /// <exception cref="SyscallException">It cannot be written.</exception>
    /// <exception cref="GitException">The store does not have what the manifest says.</exception>
    public void Write(int directory, ManifestEntry entry, List<string> content)
    {
        bool isLarge = entry.Storage == Storage.Pointer;
        byte[] temporary = [.. isLarge ? OwnNames.LargePrefix : OwnNames.TemporaryPrefix, .. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(entry.Path.Bytes))[..16])];
        try
        {
            if (entry.Kind == EntryKind.Link)
                MakeLink(directory, temporary, entry);
            else if (isLarge)
                FetchContent(directory, temporary, entry);
            else
                WriteContent(directory, temporary, entry, content);
            _ = FilesAt.SetModified(directory, temporary, entry.Modified); // A link's time is not settable everywhere, and of no use.
            Require(FilesAt.Rename(directory, temporary, directory, entry.Path.Name), "rename", entry.Path);
        }
        catch
        {
            if (!isLarge) // What has come of a large file is not fetched again.
                _ = FilesAt.Unlink(directory, temporary);
            throw;
        }
    }

    /// <summary>Of the live file, to compare it.</summary>
    public string HashOf(int directory, ManifestEntry entry)
    {
        int fd = FilesAt.OpenFile(directory, entry.Path.Name).OrThrow("open", $"\"{entry.Path}\"");
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            IoResult read;
            while ((read = Files.Read(fd, _buffer)).Count > 0)
                hash.AppendData(_buffer, 0, read.Count);
            Require(read.Errno, "read", entry.Path);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            Files.Close(fd);
        }
    }

    private void MakeLink(int directory, byte[] temporary, ManifestEntry entry)
    {
        _ = FilesAt.Unlink(directory, temporary);
        Require(FilesAt.MakeLink(PathText.Decode(entry.Target), directory, temporary), "make link", entry.Path);
        LiveDirectories.SetOwner(directory, temporary, entry, notes);
    }

    private void WriteContent(int directory, byte[] temporary, ManifestEntry entry, List<string> content)
    {
        OpenResult created = FilesAt.CreateFile(directory, temporary, 0x180 /* 0600 */);
        if (created.Errno == Errno.EEXIST)
        {
            _ = FilesAt.Unlink(directory, temporary); // Of a restore that was killed.
            created = FilesAt.CreateFile(directory, temporary, 0x180);
        }

        Require(created.Errno, "create a file beside", entry.Path);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long at = 0;
            long written = 0;
            blobs.Read(content, piece =>
            {
                hash.AppendData(piece);
                // Zeros make a hole, as they may have been one.
                bool isHole = !piece.ContainsAnyExcept((byte)0);
                if (!isHole)
                    Require(Files.WriteAllAt(created.Fd, piece, at), "write", entry.Path);
                at += piece.Length;
                written = isHole ? written : at;
            });
            if (at != entry.Size || Convert.ToHexStringLower(hash.GetHashAndReset()) != entry.Sha256)
                throw new GitException($"cannot restore \"{entry.Path}\" from {tree.Commit}: its content is not what the manifest says; restore it from an earlier commit");

            if (written < at)
                Require(Files.Truncate(created.Fd, at), "set the length of", entry.Path);
            if (entry.Storage == Storage.Database && SqliteSnapshot.Check(Encoding.ASCII.GetBytes($"/proc/self/fd/{created.Fd}")) is { } complaint)
                notes.Add(NoteKind.DatabaseDamaged, entry.Path, $"the restored database does not pass integrity_check: {complaint}");
            SetOwnerAndMode(directory, temporary, entry, created.Fd);
        }
        finally
        {
            Files.Close(created.Fd);
        }
    }

    private void FetchContent(int directory, byte[] temporary, ManifestEntry entry)
    {
        Pointer pointer = tree.ReadPointer(entry.Path, out string? problem)
            ?? throw new GitException($"cannot restore \"{entry.Path}\" from {tree.Commit}: its pointer cannot be used: {problem}; restore it from an earlier commit");
        if (pointer.Sha256 != entry.Sha256 || pointer.Size != entry.Size)
            throw new GitException($"cannot restore \"{entry.Path}\" from {tree.Commit}: its pointer is not the one that the manifest means; restore it from an earlier commit");
        if (largeFiles is null)
            throw new GitException($"cannot restore \"{entry.Path}\": its content is in a release of {pointer.Repository} at GitHub, and that is not the remote; set remote, user and token");

        OpenResult file = FilesAt.OpenOrCreateFile(directory, temporary, 0x180 /* 0600 */);
        Require(file.Errno, "create a file beside", entry.Path);
        try
        {
            largeFiles.Get(pointer, file.Fd, Fetched, cancel);
            Require(Files.Truncate(file.Fd, entry.Size), "set the length of", entry.Path);
            SetOwnerAndMode(directory, temporary, entry, file.Fd);
        }
        finally
        {
            Files.Close(file.Fd);
        }
    }

    private void SetOwnerAndMode(int directory, byte[] temporary, ManifestEntry entry, int fd)
    {
        LiveDirectories.SetOwner(directory, temporary, entry, notes);
        // After the owner: giving a file away takes set-user-ID from it.
        Require(FilesAt.SetMode(fd, entry.Mode), "set the mode of", entry.Path);
    }

    /// <summary>Where its content is in the repository; nothing for what is not there.</summary>
    /// <exception cref="GitException">It is not in the tree.</exception>
    public List<string> BlobsOf(ManifestEntry entry)
    {
        if (entry.Kind != EntryKind.File || entry.Storage == Storage.Pointer)
            return [];

        byte[] place = tree.PlaceOf(entry.Path, entry.Storage);
        if (entry.Storage != Storage.Blob)
            return tree.ChunksOf(place);

        return tree.Find(place) is { IsTree: false } blob
            ? [blob.Id]
            : throw new GitException($"cannot restore \"{entry.Path}\" from {tree.Commit}: it is in the manifest and not in the tree; restore it from an earlier commit");
    }

    public static void SetMode(int directory, ReadOnlySpan<byte> name, ManifestEntry entry)
    {
        int fd = FilesAt.OpenFile(directory, name).OrThrow("open", $"\"{entry.Path}\"");
        int errno = FilesAt.SetMode(fd, entry.Mode);
        Files.Close(fd);
        Require(errno, "set the mode of", entry.Path);
    }

    private static void Require(int errno, string operation, BytePath path)
    {
        if (errno != 0)
            throw new SyscallException(operation, $"\"{path}\"", errno);
    }
}
