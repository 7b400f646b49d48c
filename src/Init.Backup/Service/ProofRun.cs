using System.Diagnostics;
using Init.Backup.GitHub;
using Init.Backup.History;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Restore;
using Init.Backup.Store;

namespace Init.Backup.Service;

/// <summary>
/// Restores into a directory that is deleted afterwards, with all that a restore compares: the SHA-256 of each file, integrity_check of each database. A repository at a path is
/// read where it is. From a server a full proof fetches anew; a sample takes the objects of the local store, whose connections git checks before, and downloads large files.
/// </summary>
public sealed class ProofRun(BackupParts parts, Random random)
{
    private const int DatabasesMax = 200, FailuresMax = 20;
    private const long DatabaseBytesMax = 1L << 30, FileBytesMax = 1L << 30, SpareBytes = 64L << 20;

    private readonly string _directory = parts.Settings.ProofPath;

    /// <param name="full">All files; else a sample.</param>
    /// <param name="sample">Files of a sample; databases come on top, as many as fit in 1 GiB.</param>
    /// <param name="progress">As of a restore.</param>
    /// <param name="cancel">Ends it between two files.</param>
    /// <exception cref="OpException">There is nothing to prove, or no room for it.</exception>
    /// <exception cref="RemoteException">The remote cannot be asked, which says nothing of the backup.</exception>
    public ProofState Execute(bool full, int sample, Action<RestoreProgress>? progress, CancellationToken cancel)
    {
        Leftovers.Remove(_directory);
        BackupStore.MakeDirectory(_directory);
        try
        {
            long began = Stopwatch.GetTimestamp();
            DateTimeOffset now = DateTimeOffset.UtcNow;
            using BackupStore store = Source(full, out string commit, out string source, cancel);
            List<string> failures = [];
            long files = 0, bytes = 0;
            try
            {
                IReadOnlyList<BytePath> only;
                using (HistoryReader reader = new(store, parts.Settings.Targets))
                {
                    only = full ? [] : Choose(reader, commit, sample);
                    bool isEmpty = !full && only.Count == 0;
                    Selection selection = isEmpty ? new Selection(0, 0, 0, []) : reader.Select(commit, only);
                    (files, bytes) = (selection.Files, selection.Bytes);
                    RequireRoom(bytes);
                    if (!isEmpty)
                        failures.AddRange(Restore(store, commit, only, selection, progress, cancel));
                }
            }
            catch (Exception exception) when (exception is GitException or ManifestException or InvalidDataException)
            {
                failures.Add(exception.Message);
            }

            return new ProofState(now.ToUnixTimeMilliseconds(), commit, files, bytes, Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 2), full, source, [.. failures.Take(FailuresMax)]);
        }
        finally
        {
            Leftovers.Remove(_directory);
        }
    }

    /// <summary>Each file with the same chance, and the databases, which are what breaks.</summary>
    /// <param name="count">Of the others.</param>
    public static IReadOnlyList<BytePath> Choose(IEnumerable<ManifestEntry> entries, int count, Random random)
    {
        List<ManifestEntry> chosen = [];
        List<BytePath> databases = [];
        long databaseBytes = 0;
        long seen = 0;
        foreach (ManifestEntry entry in entries)
        {
            if (entry.Kind != EntryKind.File)
                continue;
            if (entry.Storage == Storage.Database && databases.Count < DatabasesMax && databaseBytes + entry.Size <= DatabaseBytesMax)
            {
                databases.Add(entry.Path);
                databaseBytes += entry.Size;
                continue;
            }

            // Vitter's algorithm R: one pass, and the number of files need not be known.
            seen++;
            if (chosen.Count < count)
                chosen.Add(entry);
            else if (random.NextInt64(seen) is var place && place < count)
                chosen[(int)place] = entry;
        }

        long bytes = 0;
        return [.. databases, .. chosen.Where(entry => (bytes += entry.Size) <= FileBytesMax || bytes == entry.Size).Select(entry => entry.Path)];
    }

    private IReadOnlyList<BytePath> Choose(HistoryReader reader, string commit, int count)
    {
        CommitTree tree = reader.TreeOf(commit, out ManifestHead head);
        return Choose(tree.ReadEntries(head), count, random);
    }

    private BackupStore Source(bool full, out string commit, out string source, CancellationToken cancel)
    {
        if (parts.Options.Remote.StartsWith('/'))
        {
            source = parts.Options.Remote;
            BackupStore remote = BackupStore.OpenForReading(source, parts.Settings.Branch) ?? throw new RemoteException(RemoteProblem.NotFound, $"cannot look at {source}: there is no bare git repository");
            commit = remote.Head() ?? throw Nothing(source);
            return remote;
        }

        if (full)
        {
            BackupStore fresh = BackupStore.Open(Path.Combine(_directory, "store.git"), parts.Settings.Branch);
            try
            {
                IBackupRemote remote = parts.MakeRemote(fresh, parts.Instance());
                source = remote.Name;
                commit = remote.Look(cancel).Commit ?? throw Nothing(source);
                remote.Fetch(commit, wholeHistory: false, null, cancel);
                return fresh;
            }
            catch
            {
                fresh.Dispose();
                throw;
            }
        }

        BackupStore local = BackupStore.OpenForReading(parts.Settings.StorePath, parts.Settings.Branch) ?? throw Nothing(parts.Settings.StorePath);
        source = "the local store";
        commit = local.Acknowledged() ?? throw Nothing(parts.Options.Remote);
        StoreUpkeep.Run(local.Git.Repository, cancel, "fsck", "--connectivity-only", "--no-dangling", "--no-progress");
        return local;
    }

    private IEnumerable<string> Restore(BackupStore store, string commit, IReadOnlyList<BytePath> only, Selection selection, Action<RestoreProgress>? progress, CancellationToken cancel)
    {
        // An instance of its own: a large file that is being sent does not wait for one that is fetched.
        ReleaseFiles? large = parts.GitHub is { } gitHub ? new ReleaseFiles(gitHub with { ScratchPath = Path.Combine(_directory, "large") }) : null;
        using (large)
        {
            BackupSettings settings = parts.Settings with { StateDirectory = _directory, LargeFiles = large ?? parts.Settings.LargeFiles };
            RestoreResult result = RestoreRun.Execute(settings, store, new RestoreRequest(commit, Path.Combine(_directory, "files"), only), DateTimeOffset.UtcNow, at =>
            {
                cancel.ThrowIfCancellationRequested();
                progress?.Invoke(at with { EntriesTotal = selection.Entries, BytesTotal = selection.Bytes });
            }, cancel);
            foreach (BackupNote note in result.Notes.Kept.Where(note => note.Kind is NoteKind.NotRestored or NoteKind.DatabaseDamaged))
                yield return note.ToString();
            if (result.Entries != selection.Entries)
                yield return $"{result.Entries} of {selection.Entries} entries came back";
        }
    }

    private void RequireRoom(long bytes)
    {
        long free = new DriveInfo(_directory).AvailableFreeSpace;
        if (free < bytes + SpareBytes)
            throw new OpException("no-room", $"cannot prove the backup: {bytes >> 20} MB are to be restored to {_directory}, and {free >> 20} MB are free there");
    }

    private static OpException Nothing(string where) => new("no-backup", $"cannot prove a backup: there is none at {where} yet");
}
