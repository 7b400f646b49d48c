namespace Init.Linux;

/// <summary>A moment as the file system keeps it; also before 1970 and after 2262, which nanoseconds in 64 bits are not.</summary>
/// <param name="Seconds">Since 1970.</param>
/// <param name="Nanoseconds">0 to 999,999,999, always forward.</param>
public readonly record struct FileTime(long Seconds, int Nanoseconds);

/// <summary>What lstat(2) says of a file, with all that tells whether it has been touched since.</summary>
/// <param name="Mode">Permission bits with set-user-ID, set-group-ID and sticky.</param>
/// <param name="Changed">When content, mode or owner last changed; nobody can set it.</param>
public readonly record struct FileStamp(
    FileKind Kind, int Mode, long Size, uint Uid, uint Gid, ulong Device, ulong Inode, FileTime Modified, FileTime Changed);

/// <summary>
/// Files by directory descriptor and name. A name is bytes, as the kernel has it; none is followed when it is a symbolic link, so that a link put in the way leads nobody
/// out of the directory. A method that returns an int returns 0 or an errno.
/// </summary>
public static unsafe class FilesAt
{
    /// <summary>For <c>directory</c>: names are relative to the working directory.</summary>
    public const int WorkingDirectory = Libc.AT_FDCWD;

    /// <summary>Bytes of a name or a link's target; the kernel's PATH_MAX with the final zero.</summary>
    public const int NameBytesMax = 4096;

    private const int ListBufferBytes = 64 * 1024;

    public static OpenResult OpenDirectory(int directory, ReadOnlySpan<byte> name) => Open(directory, name, Libc.O_RDONLY | Libc.O_DIRECTORY, 0);

    /// <summary>Does not wait for the other end of a FIFO: look at what has been opened before reading from it.</summary>
    public static OpenResult OpenFile(int directory, ReadOnlySpan<byte> name) => Open(directory, name, Libc.O_RDONLY | Libc.O_NONBLOCK, 0);

    /// <summary>EEXIST when there is anything of that name.</summary>
    public static OpenResult CreateFile(int directory, ReadOnlySpan<byte> name, int mode) =>
        Open(directory, name, Libc.O_RDWR | (int)(OpenFlags.Create | OpenFlags.Exclusive), mode);

    /// <summary>For reading and writing; made when there is none.</summary>
    public static OpenResult OpenOrCreateFile(int directory, ReadOnlySpan<byte> name, int mode) => Open(directory, name, Libc.O_RDWR | (int)OpenFlags.Create, mode);

    /// <param name="errno">ENOENT when there is nothing.</param>
    public static FileStamp? StampOf(int directory, ReadOnlySpan<byte> name, out int errno) => Stamp(directory, name, Libc.AT_SYMLINK_NOFOLLOW, out errno);

    public static FileStamp? StampOf(int fd, out int errno) => Stamp(fd, default, Libc.AT_EMPTY_PATH, out errno);

    /// <returns>Null with an errno; EINVAL when it is no link.</returns>
    public static byte[]? ReadLink(int directory, ReadOnlySpan<byte> name, out int errno)
    {
        byte* path = stackalloc byte[NameBytesMax];
        errno = Terminate(name, path);
        if (errno != 0)
            return null;

        byte* buffer = stackalloc byte[NameBytesMax];
        nint length = Libc.readlinkat(directory, path, buffer, NameBytesMax);
        errno = length < 0 ? Libc.LastErrno : length == NameBytesMax ? Errno.ENAMETOOLONG : 0;
        return errno == 0 ? new ReadOnlySpan<byte>(buffer, (int)length).ToArray() : null;
    }

    /// <summary>The names in a directory but for "." and "..", in no order.</summary>
    /// <param name="directory">Opened for this, and read once: its offset moves to the end.</param>
    /// <param name="errno">0, or why the list is not complete.</param>
    public static List<byte[]> List(int directory, out int errno)
    {
        List<byte[]> names = [];
        byte[] buffer = new byte[ListBufferBytes];
        fixed (byte* start = buffer)
        {
            nint length;
            while ((length = Libc.getdents64(directory, start, ListBufferBytes)) > 0)
            {
                for (byte* entry = start; entry < start + length; entry += *(ushort*)(entry + Libc.DirentLengthOffset))
                {
                    var name = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + Libc.DirentNameOffset);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        names.Add(name.ToArray());
                }
            }

            errno = length < 0 ? Libc.LastErrno : 0;
            return names;
        }
    }

    public static int MakeDirectory(int directory, ReadOnlySpan<byte> name, int mode)
    {
        byte* path = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.mkdirat(directory, path, (uint)mode));
    }

    public static int MakeLink(ReadOnlySpan<byte> target, int directory, ReadOnlySpan<byte> name)
    {
        byte* path = stackalloc byte[NameBytesMax];
        byte* to = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        if (errno == 0)
            errno = Terminate(target, to);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.symlinkat(to, directory, path));
    }

    public static int Rename(int fromDirectory, ReadOnlySpan<byte> from, int toDirectory, ReadOnlySpan<byte> to)
    {
        byte* source = stackalloc byte[NameBytesMax];
        byte* target = stackalloc byte[NameBytesMax];
        int errno = Terminate(from, source);
        if (errno == 0)
            errno = Terminate(to, target);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.renameat(fromDirectory, source, toDirectory, target));
    }

    /// <summary>Each gets the other's name, at one moment. EXDEV between file systems; EINVAL or ENOSYS where it cannot be done.</summary>
    public static int Exchange(int oneDirectory, ReadOnlySpan<byte> one, int otherDirectory, ReadOnlySpan<byte> other)
    {
        byte* source = stackalloc byte[NameBytesMax];
        byte* target = stackalloc byte[NameBytesMax];
        int errno = Terminate(one, source);
        if (errno == 0)
            errno = Terminate(other, target);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.renameat2(oneDirectory, source, otherDirectory, target, Libc.RENAME_EXCHANGE));
    }

    public static int Unlink(int directory, ReadOnlySpan<byte> name) => Remove(directory, name, 0);

    public static int RemoveDirectory(int directory, ReadOnlySpan<byte> name) => Remove(directory, name, Libc.AT_REMOVEDIR);

    /// <summary>A file, or a directory with all that is in it. What cannot be removed stays.</summary>
    public static void RemoveTree(int directory, ReadOnlySpan<byte> name)
    {
        if (Unlink(directory, name) is 0 or Errno.ENOENT)
            return;

        OpenResult opened = OpenDirectory(directory, name);
        if (opened.Succeeded)
        {
            _ = SetMode(opened.Fd, 0x1C0 /* 0700 */);
            foreach (byte[] child in List(opened.Fd, out _))
                RemoveTree(opened.Fd, child);
            Files.Close(opened.Fd);
        }

        _ = RemoveDirectory(directory, name);
    }

    public static int SetOwner(int directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        byte* path = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.fchownat(directory, path, uid, gid, Libc.AT_SYMLINK_NOFOLLOW));
    }

    public static int SetMode(int fd, int mode) => Files.ErrnoOf(Libc.fchmod(fd, (uint)mode));

    /// <summary>Sets the time of the last modification; that of the last access becomes the same.</summary>
    public static int SetModified(int directory, ReadOnlySpan<byte> name, FileTime modified)
    {
        byte* path = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        if (errno != 0)
            return errno;

        Libc.timespec_t* times = stackalloc Libc.timespec_t[2];
        times[0] = times[1] = new Libc.timespec_t { tv_sec = modified.Seconds, tv_nsec = modified.Nanoseconds };
        return Files.ErrnoOf(Libc.utimensat(directory, path, times, Libc.AT_SYMLINK_NOFOLLOW));
    }

    /// <summary>Everything written so far to the file system that the descriptor is on reaches the disk: one wait for thousands of files.</summary>
    public static int SynchronizeFileSystem(int fd) => Files.ErrnoOf(Libc.syncfs(fd));

    private static int Remove(int directory, ReadOnlySpan<byte> name, int flags)
    {
        byte* path = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        return errno != 0 ? errno : Files.ErrnoOf(Libc.unlinkat(directory, path, flags));
    }

    private static OpenResult Open(int directory, ReadOnlySpan<byte> name, int flags, int mode)
    {
        byte* path = stackalloc byte[NameBytesMax];
        int errno = Terminate(name, path);
        if (errno != 0)
            return new OpenResult(-1, errno);

        while (true)
        {
            OpenResult result = OpenResult.Of(Libc.openat(directory, path, flags | Libc.O_NOFOLLOW | Libc.O_CLOEXEC | Libc.O_NOCTTY, (uint)mode));
            if (result.Errno != Errno.EINTR)
                return result;
        }
    }

    private static FileStamp? Stamp(int directory, ReadOnlySpan<byte> name, int flags, out int errno)
    {
        byte* path = stackalloc byte[NameBytesMax];
        errno = Terminate(name, path);
        if (errno != 0)
            return null;

        Libc.statx_t status;
        errno = Files.ErrnoOf(Libc.statx_raw(directory, path, flags, Libc.STATX_BASIC_STATS, &status));
        if (errno != 0)
            return null;

        return new FileStamp(
            Files.KindOf(status.stx_mode),
            status.stx_mode & ~Libc.S_IFMT,
            (long)status.stx_size,
            status.stx_uid,
            status.stx_gid,
            ((ulong)status.stx_dev_major << 32) | status.stx_dev_minor,
            status.stx_ino,
            new FileTime(status.stx_mtime_sec, (int)status.stx_mtime_nsec),
            new FileTime(status.stx_ctime_sec, (int)status.stx_ctime_nsec));
    }

    /// <summary>A zero inside would name another file than was asked for.</summary>
    private static int Terminate(ReadOnlySpan<byte> name, byte* path)
    {
        if (name.Length >= NameBytesMax)
            return Errno.ENAMETOOLONG;
        if (name.Contains((byte)0))
            return Errno.EINVAL;

        name.CopyTo(new Span<byte>(path, NameBytesMax));
        path[name.Length] = 0;
        return 0;
    }
}
