using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Restore;
using Init.Backup.Scan;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>
/// Whether the disk still has the files that the last local backup is of. The state directory may be on a volume that outlives the files: then an image's own files are in
/// their places, and backing them up would delete everything.
/// </summary>
public static class DiskCheck
{
    /// <summary>
    /// True when no restore is under way, and in each target that has files in the backup at least one is as the backup has it, by size and time; or all of them
    /// are there and not older. Where the disk was wiped none is, and an image's files are older. Ends with the first good sign of each target.
    /// </summary>
    public static bool IsIntact(BackupSettings settings, BackupStore store, string commit)
    {
        if (RestoreRun.Unfinished(settings) is not null)
            return false;

        using CatFile objects = new(store.Git);
        CommitTree tree = new(objects, commit);
        if (tree.ReadHead() is not { } head)
            return true; // Not a commit of ours, and no word about files in it.

        OpenResult opened = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(settings.Base));
        if (!opened.Succeeded)
            return false;

        try
        {
            Dictionary<BytePath, Signs> targets = TreeWalker.Normalize(settings.Targets).ToDictionary(target => target, _ => new Signs());
            foreach (ManifestEntry entry in tree.ReadEntries(head))
            {
                if (targets.Values.All(signs => signs.IsGood))
                    return true;
                if (targets.Keys.FirstOrDefault(target => entry.Path.IsWithin(target)) is { IsRoot: false } target && !targets[target].IsGood)
                    targets[target].Add(entry, FilesAt.StampOf(opened.Fd, entry.Path.Bytes, out _));
            }

            return targets.Values.All(signs => signs.IsGood || signs.IsEmpty || signs.AllNewer);
        }
        finally
        {
            Files.Close(opened.Fd);
        }
    }

    private sealed class Signs
    {
        private int _files;
        private int _newer;

        /// <summary>One file is as it was.</summary>
        public bool IsGood { get; private set; }

        public bool IsEmpty => _files == 0 && !_isGone;

        public bool AllNewer => _files > 0 && _newer == _files;

        private bool _isGone;

        public void Add(ManifestEntry entry, FileStamp? live)
        {
            // A directory's time changes with everything in it; that it is missing says something.
            if (entry.Kind != EntryKind.File)
            {
                _isGone |= live is null && entry.Kind == EntryKind.Directory;
                return;
            }

            _files++;
            if (live is not { Kind: FileKind.Regular } file)
                return;
            if (file.Size == entry.Size && file.Modified == entry.Modified)
                IsGood = true;
            else if ((file.Modified.Seconds, file.Modified.Nanoseconds).CompareTo((entry.Modified.Seconds, entry.Modified.Nanoseconds)) >= 0)
                _newer++;
        }
    }
}
