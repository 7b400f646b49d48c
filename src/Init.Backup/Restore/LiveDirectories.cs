using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Linux;

namespace Init.Backup.Restore;

/// <summary>
/// The directories on the way to the entry that is being restored, by descriptor: no link leads out of BASE. A directory gets its own mode, owner and time when everything in
/// it is done, and is open to us until then.
/// </summary>
internal sealed class LiveDirectories(int baseDirectory, bool removeLeftovers, BackupNotes notes, RestoreQueue queue) : IDisposable
{
    private const int AncestorMode = 0x1ED; // 0755

    private readonly Stack<Level> _levels = new();

    /// <summary>Something could not be restored, and will be tried again: what has come of large files stays.</summary>
    public bool IsToBeContinued { get; set; }

    /// <summary>The descriptor of the directory that holds the path; it is made when it is missing.</summary>
    /// <exception cref="SyscallException">It cannot be opened or made, or something else is in its place.</exception>
    public int Of(BytePath path)
    {
        BytePath parent = path.Parent;
        while (_levels.TryPeek(out Level? level) && !parent.IsWithin(level.Path))
            LeaveLater(_levels.Pop());

        BytePath at = _levels.TryPeek(out Level? top) ? top.Path : default;
        foreach (Range component in parent.Components())
        {
            ReadOnlySpan<byte> whole = parent.Bytes[..component.End.GetOffset(parent.Bytes.Length)];
            if (whole.Length <= at.Bytes.Length)
                continue;
            Enter(BytePath.Of(whole), null);
        }

        return Fd;
    }

    /// <summary>Opens a directory of the manifest, in the directory that <see cref="Of"/> gave last.</summary>
    public void Enter(BytePath path, ManifestEntry? entry)
    {
        int parent = Fd;
        OpenResult opened = FilesAt.OpenDirectory(parent, path.Name);
        if (opened.Errno == Errno.ENOENT)
        {
            int errno = FilesAt.MakeDirectory(parent, path.Name, entry is null ? AncestorMode : 0x1C0 /* 0700 */);
            if (errno != 0)
                throw new SyscallException("make directory", $"\"{path}\"", errno);
            opened = FilesAt.OpenDirectory(parent, path.Name);
        }

        int fd = opened.OrThrow("open directory", $"\"{path}\"");
        if (entry is not null && FilesAt.StampOf(fd, out _) is { } stamp && (stamp.Mode & 0x1C0) != 0x1C0)
            _ = FilesAt.SetMode(fd, stamp.Mode | 0x1C0); // Not ours: then making files in it says so.
        _levels.Push(new Level(path, fd, entry));
        if (removeLeftovers)
            RemoveLeftovers(fd, withLarge: false);
    }

    public void Dispose()
    {
        while (_levels.TryPop(out Level? level))
            LeaveLater(level);
    }

    private int Fd => _levels.TryPeek(out Level? level) ? level.Fd : baseDirectory;

    /// <summary>Files in it may still be written.</summary>
    private void LeaveLater(Level level)
    {
        int parent = Fd; // Left after this one, and open until then.
        queue.Add(Task.CompletedTask, () => Leave(level, parent));
    }

    private void Leave(Level level, int parent)
    {
        if (removeLeftovers && !IsToBeContinued)
            RemoveLeftovers(level.Fd, withLarge: true);
        if (level.Entry is { } entry)
        {
            ReadOnlySpan<byte> name = level.Path.Name;
            SetOwner(parent, name, entry, notes);
            int errno = FilesAt.SetMode(level.Fd, entry.Mode);
            if (errno == 0)
                errno = FilesAt.SetModified(parent, name, entry.Modified);
            if (errno != 0)
                notes.Add(NoteKind.NotPermitted, level.Path, $"cannot set mode or time: {Errno.Describe(errno)}");
        }

        Files.Close(level.Fd);
    }

    /// <summary>Only root gives files away. Whoever else restores keeps them, and is told when that makes a difference.</summary>
    public static void SetOwner(int directory, ReadOnlySpan<byte> name, ManifestEntry entry, BackupNotes notes)
    {
        if (FilesAt.StampOf(directory, name, out _) is { } stamp && stamp.Uid == entry.Uid && stamp.Gid == entry.Gid)
            return;

        int errno = FilesAt.SetOwner(directory, name, entry.Uid, entry.Gid);
        if (errno != 0)
            notes.Add(NoteKind.NotPermitted, entry.Path, $"cannot give it to {entry.Uid}:{entry.Gid}: {Errno.Describe(errno)}");
    }

    private static void RemoveLeftovers(int directory, bool withLarge)
    {
        OpenResult again = FilesAt.OpenDirectory(directory, "."u8); // Listing moves the offset of a descriptor.
        if (!again.Succeeded)
            return;

        foreach (byte[] name in FilesAt.List(again.Fd, out _))
        {
            if (name.AsSpan().StartsWith(OwnNames.TemporaryPrefix) && (withLarge || !name.AsSpan().StartsWith(OwnNames.LargePrefix)))
                _ = FilesAt.Unlink(directory, name);
        }

        Files.Close(again.Fd);
    }

    private sealed record Level(BytePath Path, int Fd, ManifestEntry? Entry);
}
