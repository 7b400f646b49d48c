using System.Security.Cryptography;
using System.Text;
using Init.Backup.GitHub;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>
/// Looks once a day whether the large files that the last acknowledged backup names are still at GitHub: a person may have deleted a release. That is one request for a hundred
/// assets, and no write. What is missing is stored again while the live file has the same content; else it is said, and looked for again in an hour. Between backups.
/// </summary>
public sealed class LargeCheck(BackupParts parts, BackupStore store, IJobReport report)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(24), Again = TimeSpan.FromHours(1);

    private LastDone Done => new(Path.Combine(parts.Settings.StateDirectory, "large-files-checked"));

    /// <exception cref="OperationCanceledException">It was cancelled; the next call begins anew.</exception>
    public void Execute(DateTimeOffset now, CancellationToken cancel)
    {
        if (parts.Settings.LargeFiles is null || !Done.IsDue(now, Every) || store.Acknowledged() is not { } commit)
            return;

        bool isWhole = false;
        try
        {
            isWhole = Check(commit, cancel);
        }
        catch (Exception exception) when (exception is GitException or ManifestException or RemoteException)
        {
            report.Note(new StatusNote("large-files", null, $"cannot look whether the large files are still at {parts.Options.Remote}, which is tried again in an hour: {exception.Message}"));
        }

        Done.Set(isWhole ? now : now - Every + Again);
    }

    /// <returns>Whether everything is there now.</returns>
    private bool Check(string commit, CancellationToken cancel)
    {
        Dictionary<string, (ManifestEntry Entry, Pointer Pointer)> named = Named(commit, cancel);
        if (named.Count == 0)
            return true;

        // One for this look: the repository may have been made public since the last one.
        ILargeFiles files = new VisibilityCheck(parts).LargeFiles(cancel)!;
        bool isWhole = true;
        foreach (Pointer missing in files.Missing(named.Values.Select(large => large.Pointer), cancel))
            isWhole &= TryStoreAgain(files, named[missing.Sha256].Entry, missing, cancel);
        return isWhole;
    }

    /// <summary>By their content: that of two files is looked for once.</summary>
    private Dictionary<string, (ManifestEntry Entry, Pointer Pointer)> Named(string commit, CancellationToken cancel)
    {
        Dictionary<string, (ManifestEntry, Pointer)> named = [];
        using CatFile objects = new(store.Git);
        CommitTree tree = new(objects, commit);
        if (tree.ReadHead() is not { } head)
            return named; // One of the original: the next backup has a manifest.

        foreach (ManifestEntry entry in tree.ReadEntries(head))
        {
            cancel.ThrowIfCancellationRequested();
            if (entry.Storage == Storage.Pointer && tree.ReadPointer(entry.Path, out _) is { } pointer && pointer.Sha256 == entry.Sha256)
                named.TryAdd(entry.Sha256, (entry, pointer));
        }

        return named;
    }

    private bool TryStoreAgain(ILargeFiles files, ManifestEntry entry, Pointer missing, CancellationToken cancel)
    {
        byte[] path = [.. Encoding.UTF8.GetBytes(parts.Settings.Base.TrimEnd('/')), (byte)'/', .. entry.Path.Bytes];
        OpenResult live = FilesAt.OpenFile(FilesAt.WorkingDirectory, path);
        string why = "the file here cannot be read";
        if (live.Succeeded)
        {
            try
            {
                using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                if (FilesAt.StampOf(live.Fd, out _) is { Kind: FileKind.Regular } stamp && stamp.Size == entry.Size && ReleaseFiles.HashOf(live.Fd, 0, entry.Size, whole, cancel) == entry.Sha256)
                {
                    _ = files.Put(new LargeSource(entry.Path, live.Fd, entry.Size, entry.Sha256), cancel);
                    report.Note(new StatusNote("large-files", entry.Path.ToString(), $"{missing.AssetName} was gone from the releases of {missing.Repository}; the file is here, and has been stored there again"));
                    return true;
                }

                why = "the file here has another content by now";
            }
            catch (Exception exception) when (exception is RemoteException or SourceChangedException or SyscallException)
            {
                why = exception.Message;
            }
            finally
            {
                Files.Close(live.Fd);
            }
        }

        report.Note(new StatusNote(
            "large-files", entry.Path.ToString(), $"{missing.AssetName} is gone from the releases of {missing.Repository}, and could not be stored again: {why}; until the next backup of it, it cannot be restored"));
        return false;
    }
}
