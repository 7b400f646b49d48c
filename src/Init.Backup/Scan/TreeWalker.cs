using Init.Backup.Names;
using Init.Linux;

namespace Init.Backup.Scan;

/// <param name="Directory">The descriptor of the directory that it is in; open until the walker moves on.</param>
/// <param name="Name">Its name there.</param>
public readonly record struct FoundEntry(BytePath Path, int Directory, byte[] Name, FileStamp Stamp);

/// <summary>
/// Walks the targets below BASE in the order of <see cref="BytePath.CompareTo"/>, by descriptor and name, and follows no link: a directory that is replaced by one while it
/// is walked leads nowhere else. Files, directories and links are given out; of everything else there is a note.
/// </summary>
public sealed class TreeWalker(int baseDirectory, IReadOnlyList<BytePath> targets, GlobSet excluded, bool crossMounts, BackupNotes notes, IReadOnlySet<BytePath>? givenUp = null) : IDisposable
{
    private readonly Stack<Level> _levels = new();
    private int _target;
    private int _targetParent = -1;
    private FoundEntry? _pending;

    public FoundEntry Current { get; private set; }

    /// <summary>Paths that could not be looked into, so that what the last backup has below them must not count as deleted. In the order of the walk, and complete up to <see cref="Current"/>.</summary>
    public Queue<BytePath> Unseen { get; } = new();

    /// <summary>Targets that are not there, or are empty directories, and whose absence nobody has confirmed; among <see cref="Unseen"/>.</summary>
    public HashSet<BytePath> Missing { get; } = [];

    /// <summary>Sorted, without those below another.</summary>
    public static IReadOnlyList<BytePath> Normalize(IEnumerable<BytePath> targets)
    {
        List<BytePath> kept = [];
        foreach (BytePath target in targets.Order())
        {
            if (kept.Count == 0 || !target.IsWithin(kept[^1]))
                kept.Add(target);
        }

        return kept;
    }

    public bool MoveNext()
    {
        // A directory is entered only now, so that its descriptor is not held while the caller works on it as an entry.
        if (_pending is { } directory)
        {
            _pending = null;
            Enter(directory);
        }

        while (true)
        {
            if (_levels.TryPeek(out Level? level))
            {
                if (level.Next == level.Names.Count)
                {
                    Files.Close(_levels.Pop().Fd);
                    continue;
                }

                byte[] name = level.Names[level.Next++];
                if (Look(level.Fd, level.Path.Append(name), name, level.Device))
                    return true;
            }
            else if (_target < targets.Count)
            {
                if (LookAtTarget(targets[_target++]))
                    return true;
            }
            else
            {
                return false;
            }
        }
    }

    public void Dispose()
    {
        while (_levels.TryPop(out Level? level))
            Files.Close(level.Fd);
        CloseTargetParent();
    }

    private bool LookAtTarget(BytePath target)
    {
        CloseTargetParent();
        _targetParent = OpenParent(target, out int errno);
        if (_targetParent >= 0 && Look(_targetParent, target, target.Name.ToArray(), device: null))
            return true;

        if (errno is not (0 or Errno.ENOENT))
            MarkUnseen(target, NoteKind.Unreadable, $"cannot open the directory it is in: {Errno.Describe(errno)}");
        else if (errno == Errno.ENOENT || FilesAt.StampOf(_targetParent, target.Name, out errno) is null)
        {
            notes.Add(NoteKind.TargetMissing, target, "it does not exist");
            MarkMissing(target);
        }

        return false;
    }

    private int OpenParent(BytePath target, out int errno)
    {
        OpenResult at = FilesAt.OpenDirectory(baseDirectory, "."u8);
        foreach (Range component in target.Parent.Components())
        {
            if (!at.Succeeded || target.Parent.IsRoot)
                break;

            OpenResult next = FilesAt.OpenDirectory(at.Fd, target.Parent.Bytes[component]);
            Files.Close(at.Fd);
            at = next;
        }

        errno = at.Errno;
        return at.Fd;
    }

    private bool Look(int directory, BytePath path, byte[] name, ulong? device)
    {
        if (name.AsSpan().StartsWith(OwnNames.TemporaryPrefix) || excluded.Matches(path))
            return false;
        if (path.Bytes.Length > BackupLimits.PathBytesMax)
        {
            notes.Add(NoteKind.TooDeep, path, $"its path is longer than {BackupLimits.PathBytesMax} bytes; it is not backed up");
            return false;
        }

        if (FilesAt.StampOf(directory, name, out int errno) is not { } stamp)
        {
            if (errno != Errno.ENOENT) // Gone since the directory was listed: then it is simply not there.
                MarkUnseen(path, NoteKind.Unreadable, $"cannot look at it: {Errno.Describe(errno)}");
            return false;
        }

        if (stamp.Kind is not (FileKind.Regular or FileKind.Directory or FileKind.SymbolicLink))
        {
            notes.Add(NoteKind.Special, path, $"a {stamp.Kind} has no content and is not backed up");
            return false;
        }

        Current = new FoundEntry(path, directory, name, stamp);
        if (stamp.Kind == FileKind.Directory)
        {
            // Only directories tell: an overlay gives files the number of the layer that they come from.
            if (!crossMounts && device is { } above && above != stamp.Device)
                MarkUnseen(path, NoteKind.MountPoint, "another file system is mounted here; what is in it is not backed up");
            else if (_levels.Count >= BackupLimits.DepthMax)
                MarkUnseen(path, NoteKind.TooDeep, $"it is below {BackupLimits.DepthMax} directories; what is in it is not backed up");
            else
                _pending = Current;
        }

        return true;
    }

    private void Enter(FoundEntry directory)
    {
        OpenResult opened = FilesAt.OpenDirectory(directory.Directory, directory.Name);
        if (!opened.Succeeded)
        {
            if (opened.Errno != Errno.ENOENT)
                MarkUnseen(directory.Path, NoteKind.Unreadable, $"cannot open it: {Errno.Describe(opened.Errno)}");
            return;
        }

        List<byte[]> names = FilesAt.List(opened.Fd, out int errno);
        if (errno != 0)
        {
            Files.Close(opened.Fd);
            MarkUnseen(directory.Path, NoteKind.Unreadable, $"cannot list it: {Errno.Describe(errno)}");
            return;
        }

        if (names.Count == 0 && _levels.Count == 0)
            MarkMissing(directory.Path);
        names.Sort(static (a, b) => a.AsSpan().SequenceCompareTo(b));
        _levels.Push(new Level(directory.Path, opened.Fd, directory.Stamp.Device, names));
    }

    private void MarkUnseen(BytePath path, NoteKind kind, string text)
    {
        notes.Add(kind, path, text);
        Unseen.Enqueue(path);
    }

    private void MarkMissing(BytePath target)
    {
        if (givenUp?.Contains(target) != true && Missing.Add(target))
            Unseen.Enqueue(target);
    }

    private void CloseTargetParent()
    {
        if (_targetParent >= 0)
            Files.Close(_targetParent);
        _targetParent = -1;
    }

    private sealed class Level(BytePath path, int fd, ulong device, List<byte[]> names)
    {
        public BytePath Path => path;

        public int Fd => fd;

        public ulong Device => device;

        public List<byte[]> Names => names;

        public int Next { get; set; }
    }
}
