using System.Globalization;
using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Migration;
using Init.Backup.Names;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.History;

/// <param name="Parent">The one before; null: the first, or the one before is only at the remote.</param>
/// <param name="Entries">Null: not made by Init.</param>
/// <param name="Bytes">Of all files.</param>
/// <param name="Changed">Entries that differ from those of <paramref name="Parent"/>.</param>
public sealed record BackupCommit(string Commit, DateTimeOffset At, string? Parent, string Message, long? Entries, long? Bytes, long? Changed);

/// <param name="Size">Of a directory: all files below it.</param>
/// <param name="Modified">Null for a directory above the targets, of which nothing is kept.</param>
public sealed record ListedEntry(BytePath Path, EntryKind Kind, long Size, FileTime? Modified, int? Mode, Storage Storage);

public enum ChangeKind
{
    Added,
    Changed,
    Deleted,
}

/// <param name="Size">Afterwards; of what is deleted, before.</param>
public sealed record ManifestChange(BytePath Path, ChangeKind Kind, long Size);

/// <param name="Missing">Asked for, and not in the backup.</param>
public sealed record Selection(long Entries, long Files, long Bytes, IReadOnlyList<BytePath> Missing);

/// <summary>What the backups have, for people who look for something. Reads and nothing else; not for two threads.</summary>
public sealed class HistoryReader(BackupStore store, IReadOnlyList<BytePath> targets) : IDisposable
{
    /// <summary>Backups that are looked at for one path.</summary>
    private const int CommitsLookedAtMax = 5000;

    private readonly CatFile _objects = new(store.Git);

    public BackupStore Store => store;

    /// <summary>Newest first.</summary>
    /// <param name="countMax">Not more than these.</param>
    /// <param name="path">Only those in which the content there changed; BASE: all.</param>
    public IEnumerable<BackupCommit> Commits(int countMax, BytePath path)
    {
        if (store.Head() is null)
            yield break;

        int looks = path.IsRoot ? countMax : CommitsLookedAtMax;
        string log = store.Git.Run(GitRunner.ShortTime, [], "log", "--date-order", $"--max-count={looks}", "--format=%H%x09%ct%x09%P%x09%s", $"refs/heads/{store.Branch}")!;
        int found = 0;
        foreach (string line in log.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (found == countMax || line.Split('\t', 4) is not [var commit, var time, var parents, var message])
                yield break;

            string? parent = parents.Length >= 40 ? parents[..40] : null;
            CommitTree tree = new(_objects, commit);
            CommitTree? before = parent is null ? null : new CommitTree(_objects, parent);
            if (!path.IsRoot && ContentAt(tree, path) == (before is null ? "" : ContentAt(before, path)))
                continue;

            found++;
            // Of others the manifest is missing, or is that of the commit before.
            ManifestHead? head = IsOurs(commit) ? tree.ReadHead() : null;
            long? changed = head is not null && (parent is null || IsOurs(parent)) ? Differences(before, tree, default).LongCount() : null;
            yield return new BackupCommit(
                commit, DateTimeOffset.FromUnixTimeSeconds(long.Parse(time, CultureInfo.InvariantCulture)), parent, message, head?.Entries, head?.Bytes, changed);
        }
    }

    /// <summary>The one before; null: there is none here.</summary>
    public string? ParentOf(string commit) => store.Git.Run(GitRunner.ShortTime, [1, 128], "rev-parse", "--verify", "--quiet", commit + "^1");

    /// <summary>What is in a directory, each with its own name and no deeper.</summary>
    /// <returns>Null when the backup has no such directory.</returns>
    public List<ListedEntry>? Files(string commit, BytePath directory)
    {
        CommitTree tree = TreeOf(commit, out ManifestHead head);
        List<ListedEntry> list = [];
        bool isThere = directory.IsRoot;
        foreach (ManifestEntry entry in tree.ReadEntries(head))
        {
            if (!entry.Path.IsWithin(directory))
            {
                if (isThere && !directory.IsRoot)
                    break; // They are in order.
                continue;
            }

            isThere = true;
            if (entry.Path == directory)
            {
                if (entry.Kind != EntryKind.Directory)
                    return [Listed(entry)];
                continue;
            }

            BytePath child = ChildOf(directory, entry.Path);
            if (entry.Path == child)
                list.Add(Listed(entry));
            else if (list.Count == 0 || list[^1].Path != child)
                list.Add(new ListedEntry(child, EntryKind.Directory, entry.Size, null, null, Storage.None)); // Above the targets.
            else
                list[^1] = list[^1] with { Size = list[^1].Size + entry.Size };
        }

        return isThere ? list : null;
    }

    /// <param name="from">Null: nothing, so that everything is added.</param>
    /// <param name="path">Only what is within.</param>
    public IEnumerable<ManifestChange> Diff(string? from, string to, BytePath path) =>
        Differences(from is null ? null : TreeOf(from, out _), TreeOf(to, out _), path);

    /// <summary>What a restore of these would bring.</summary>
    /// <param name="paths">None: all.</param>
    public Selection Select(string commit, IReadOnlyList<BytePath> paths)
    {
        CommitTree tree = TreeOf(commit, out ManifestHead head);
        HashSet<BytePath> missing = [.. paths];
        long entries = 0, files = 0, bytes = 0;
        foreach (ManifestEntry entry in tree.ReadEntries(head))
        {
            bool isWanted = paths.Count == 0;
            foreach (BytePath path in paths)
            {
                if (!entry.Path.IsWithin(path))
                    continue;
                isWanted = true;
                missing.Remove(path);
            }

            if (!isWanted)
                continue;
            entries++;
            files += entry.Kind == EntryKind.File ? 1 : 0;
            bytes += entry.Size;
        }

        return new Selection(entries, files, bytes, [.. missing]);
    }

    /// <summary>With the entries of the manifest, or those that one would have had.</summary>
    public CommitTree TreeOf(string commit, out ManifestHead head)
    {
        CommitTree tree = CommitTrees.Read(_objects, commit, targets, new BackupNotes(), CancellationToken.None);
        head = tree.ReadHead()!;
        return tree;
    }

    public void Dispose() => _objects.Dispose();

    private static IEnumerable<ManifestChange> Differences(CommitTree? from, CommitTree to, BytePath path)
    {
        ManifestHead? before = from?.ReadHead();
        ManifestHead after = to.ReadHead()!;
        // Parts that both have hold the same entries; most backups differ in one or two.
        HashSet<ManifestPart> same = [.. before?.Parts ?? []];
        same.IntersectWith(after.Parts);
        using IEnumerator<ManifestEntry> olds = before is null ? Enumerable.Empty<ManifestEntry>().GetEnumerator() : from!.ReadEntries(Without(before, same)).GetEnumerator();
        using IEnumerator<ManifestEntry> news = to.ReadEntries(Without(after, same)).GetEnumerator();
        ManifestEntry? old = Next(olds, path), @new = Next(news, path);
        while (old is not null || @new is not null)
        {
            int order = old is null ? 1 : @new is null ? -1 : old.Path.CompareTo(@new.Path);
            if (order < 0)
                yield return new ManifestChange(old!.Path, ChangeKind.Deleted, old.Size);
            else if (order > 0)
                yield return new ManifestChange(@new!.Path, ChangeKind.Added, @new.Size);
            else if (!old!.IsSameForBackup(@new!))
                yield return new ManifestChange(@new!.Path, ChangeKind.Changed, @new.Size);
            if (order <= 0)
                old = Next(olds, path);
            if (order >= 0)
                @new = Next(news, path);
        }
    }

    private static ManifestHead Without(ManifestHead head, HashSet<ManifestPart> parts) => head with { Parts = [.. head.Parts.Where(part => !parts.Contains(part))] };

    private static ManifestEntry? Next(IEnumerator<ManifestEntry> entries, BytePath path)
    {
        while (entries.MoveNext())
        {
            if (entries.Current.Path.IsWithin(path))
                return entries.Current;
        }

        return null;
    }

    private bool IsOurs(string commit) => CommitText.Of(_objects, commit).IsOurs;

    /// <summary>The ids of what is there, however it is stored; empty: nothing.</summary>
    private static string ContentAt(CommitTree tree, BytePath path)
    {
        StringBuilder ids = new();
        foreach (Storage storage in (Storage[])[Storage.Blob, Storage.Chunks, Storage.Pointer])
            ids.Append(tree.Find(tree.PlaceOf(path, storage)) is { } found ? found.Id : "");
        return ids.ToString();
    }

    private static BytePath ChildOf(BytePath directory, BytePath path)
    {
        int start = directory.IsRoot ? 0 : directory.Bytes.Length + 1;
        int end = path.Bytes[start..].IndexOf((byte)'/');
        return end < 0 ? path : BytePath.Of(path.Bytes[..(start + end)]);
    }

    private static ListedEntry Listed(ManifestEntry entry) => new(entry.Path, entry.Kind, entry.Size, entry.Modified, entry.Mode, entry.Storage);
}
