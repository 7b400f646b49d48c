using System.Text;
using Init.Backup.Names;
using Init.Backup.Scan;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>
/// Notices changes below the targets. It is an addition to the interval and never more: where it cannot see (too many directories, lost events), changes are found at the next
/// look all the same.
/// </summary>
public sealed class TreeWatch : IDisposable
{
    /// <summary>Directories; each takes some memory of the kernel's and of ours, and a user's may be as few as 8,192.</summary>
    public const int DirectoriesMax = 8000;

    private readonly BackupSettings _settings;
    private readonly DirectoryWatch _watch = new();
    private readonly Dictionary<int, BytePath> _directories = [];
    private readonly HashSet<BytePath> _done = [];
    private readonly Lock _lock = new();
    private readonly int _directoriesMax;
    private readonly int _base;
    private volatile bool _isLossy;
    private volatile bool _hasRoomAgain;

    /// <exception cref="SyscallException">There can be no watch, or no BASE.</exception>
    public TreeWatch(BackupSettings settings, int directoriesMax = DirectoriesMax)
    {
        _settings = settings;
        _directoriesMax = directoriesMax;
        _base = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(settings.Base)).OrThrow("open", settings.Base);
    }

    public int Fd => _watch.Fd;

    public int Directories
    {
        get
        {
            lock (_lock)
                return _directories.Count;
        }
    }

    /// <summary>Why not everything is watched; null when it is.</summary>
    public string? Limit { get; private set; }

    /// <summary>Watches all directories that are there, unless they are watched already; from any thread. After that, those that come are noticed.</summary>
    public void AddAll()
    {
        if (_isLossy || _hasRoomAgain)
        {
            _done.Clear();
            Limit = null;
        }

        _isLossy = false;
        _hasRoomAgain = false;
        foreach (BytePath target in TreeWalker.Normalize(_settings.Targets).Where(target => !_done.Contains(target)))
        {
            // A target that is a file, or is not there yet, is seen from the directory that it is in.
            bool isSeen = AddOne(target.Parent, out _);
            AddBelow(target);
            if (isSeen)
                _done.Add(target);
        }
    }

    /// <summary>Takes what has happened.</summary>
    /// <returns>Whether any of it matters.</returns>
    public bool TakeChanges()
    {
        bool matters = false;
        List<BytePath> grown = [];
        bool isComplete = _watch.Read(change =>
        {
            BytePath directory;
            lock (_lock)
            {
                if (!_directories.TryGetValue(change.Watch, out directory))
                    return;
                if (change.IsOver)
                {
                    // Programs make and delete directories for as long as they run: kept, they would use up what may be watched.
                    _directories.Remove(change.Watch);
                    _hasRoomAgain |= Limit is not null;
                    return;
                }
            }

            BytePath path = change.Name.Length == 0 ? directory : directory.Append(change.Name);
            if (!_settings.Targets.Any(target => path.IsWithin(target)) || path.Name.StartsWith(OwnNames.TemporaryPrefix) || IsExcluded(path))
                return;

            matters = true;
            if (change.IsNewDirectory)
                grown.Add(path);
        });
        grown.ForEach(AddBelow);
        _isLossy |= !isComplete;
        return matters || !isComplete;
    }

    public void Dispose()
    {
        _watch.Dispose();
        Files.Close(_base);
    }

    private bool IsExcluded(BytePath path)
    {
        for (BytePath at = path; !at.IsRoot; at = at.Parent)
        {
            if (_settings.Excluded.Matches(at))
                return true;
        }

        return false;
    }

    private void AddBelow(BytePath path)
    {
        if (Limit is not null || _settings.Excluded.Matches(path) || AddOne(path, out List<byte[]>? names) is false || names is null)
            return;
        foreach (byte[] name in names)
            AddBelow(path.Append(name));
    }

    /// <param name="path">Of a directory; anything else is left out.</param>
    /// <param name="names">Of the directories in it.</param>
    private bool AddOne(BytePath path, out List<byte[]>? names)
    {
        names = null;
        OpenResult opened = FilesAt.OpenDirectory(_base, path.IsRoot ? "."u8 : path.Bytes);
        if (!opened.Succeeded)
            return false;

        try
        {
            lock (_lock) // From before it is added: that it is gone must not be heard before it is known.
            {
                int watch = _watch.Add(opened.Fd, out int errno);
                if (watch >= 0 && (_directories.ContainsKey(watch) || _directories.Count < _directoriesMax))
                    _directories[watch] = path;
                else
                    Limit ??= watch >= 0 ? $"there are more than {_directoriesMax} directories" : $"the system allows no more: {Errno.Describe(errno)}";
            }

            // Listed after the watch was set: what comes in between is seen twice, and nothing not at all.
            names = [.. FilesAt.List(opened.Fd, out _).Where(name => FilesAt.StampOf(opened.Fd, name, out _) is { Kind: FileKind.Directory })];
            return true;
        }
        finally
        {
            Files.Close(opened.Fd);
        }
    }
}
