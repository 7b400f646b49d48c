using System.Runtime.InteropServices;

namespace Init.Linux;

[Flags]
public enum OpenFlags
{
    Read = 0,
    Write = 0x1,
    ReadWrite = 0x2,
    Create = 0x40,

    /// <summary>With <see cref="Create"/>: fail with EEXIST when it is there.</summary>
    Exclusive = 0x80,
    Truncate = 0x200,
    Append = 0x400,

    /// <summary>Neither opening nor writing waits, also not for a reader of a FIFO (ENXIO then).</summary>
    NonBlocking = 0x800,
}

public enum FileKind
{
    Other,
    Regular,
    Directory,
    SymbolicLink,
    Socket,
    Fifo,
    CharacterDevice,
    BlockDevice,
}

/// <param name="Mode">Permission bits only.</param>
/// <param name="Device">With <paramref name="Inode"/>, which file it is.</param>
public readonly record struct FileStatus(
    FileKind Kind, int Mode, long Size, int Uid, int Gid, ulong Device, ulong Inode, DateTimeOffset ModifiedAt);

/// <summary>Files by descriptor and by path. A method that returns an int returns 0 or an errno.</summary>
public static unsafe class Files
{
    /// <summary>Whatever the flags, the descriptor is close-on-exec and a terminal does not become ours.</summary>
    public static OpenResult Open(string path, OpenFlags flags, int mode = 0x1A4 /* 0644 */)
    {
        while (true)
        {
            OpenResult result = OpenResult.Of(Libc.open(path, (int)flags | Libc.O_CLOEXEC | Libc.O_NOCTTY, (uint)mode));
            if (result.Errno != Errno.EINTR)
                return result;
        }
    }

    public static IoResult Read(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = Libc.read(fd, start, (nuint)buffer.Length);
                if (count >= 0)
                    return new IoResult((int)count, 0);
                if (Libc.LastErrno != Errno.EINTR)
                    return new IoResult(0, Libc.LastErrno);
            }
        }
    }

    /// <summary>Reads at an offset, without moving the file's own.</summary>
    public static IoResult ReadAt(int fd, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = Libc.pread(fd, start, (nuint)buffer.Length, offset);
                if (count >= 0)
                    return new IoResult((int)count, 0);
                if (Libc.LastErrno != Errno.EINTR)
                    return new IoResult(0, Libc.LastErrno);
            }
        }
    }

    /// <summary>One write(2), which may take less than all of it.</summary>
    public static IoResult Write(int fd, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = Libc.write(fd, start, (nuint)buffer.Length);
                if (count >= 0)
                    return new IoResult((int)count, 0);
                if (Libc.LastErrno != Errno.EINTR)
                    return new IoResult(0, Libc.LastErrno);
            }
        }
    }

    /// <summary>All of it, or as much as went before the error. Only for descriptors that may block: a full pipe is EAGAIN here, not a wait.</summary>
    public static IoResult WriteAll(int fd, ReadOnlySpan<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            IoResult result = Write(fd, buffer[done..]);
            if (!result.Succeeded)
                return new IoResult(done, result.Errno);
            done += result.Count;
        }

        return new IoResult(done, 0);
    }

    /// <summary>All of it at an offset, without moving the file's own: 0 or an errno.</summary>
    public static int WriteAllAt(int fd, ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            int done = 0;
            while (done < buffer.Length)
            {
                nint count = Libc.pwrite(fd, start + done, (nuint)(buffer.Length - done), offset + done);
                if (count < 0 && Libc.LastErrno != Errno.EINTR)
                    return Libc.LastErrno;
                done += (int)Math.Max(0, count);
            }

            return 0;
        }
    }

    /// <summary>One writev(2) of at most 1024 pieces (IOV_MAX); it may take less than all of them.</summary>
    public static IoResult WriteVectored(int fd, ReadOnlySpan<IoVector> pieces)
    {
        fixed (IoVector* start = pieces)
        {
            while (true)
            {
                nint count = Libc.writev(fd, start, Math.Min(pieces.Length, Libc.IOV_MAX));
                if (count >= 0)
                    return new IoResult((int)count, 0);
                if (Libc.LastErrno != Errno.EINTR)
                    return new IoResult(0, Libc.LastErrno);
            }
        }
    }

    /// <summary>Moves bytes inside the kernel; one end must be a pipe. EINVAL when the target was opened for appending (splice(2)).</summary>
    public static IoResult Splice(int from, int to, int count)
    {
        while (true)
        {
            nint moved = Libc.splice(from, null, to, null, (nuint)count, Libc.SPLICE_F_MOVE | Libc.SPLICE_F_NONBLOCK);
            if (moved >= 0)
                return new IoResult((int)moved, 0);
            if (Libc.LastErrno != Errno.EINTR)
                return new IoResult(0, Libc.LastErrno);
        }
    }

    /// <summary>Never retried, and never EINTR to anyone: on Linux the descriptor is gone whatever close(2) says.</summary>
    public static void Close(int fd) => _ = Libc.close(fd);

    /// <summary>What the descriptor stands for; null when that cannot be told.</summary>
    public static FileStatus? StatusOf(int fd) => Status(fd, "", Libc.AT_EMPTY_PATH);

    /// <summary>Null when there is nothing at the path, or it cannot be looked at.</summary>
    public static FileStatus? StatusOf(string path, bool followLink = true) =>
        Status(Libc.AT_FDCWD, path, followLink ? 0 : Libc.AT_SYMLINK_NOFOLLOW);

    /// <summary>True only for regular files: the only kind that may be rotated or truncated.</summary>
    public static bool IsRegular(int fd) => StatusOf(fd) is { Kind: FileKind.Regular };

    public static int Rename(string from, string to) => ErrnoOf(Libc.rename(from, to));

    public static int Unlink(string path) => ErrnoOf(Libc.unlink(path));

    public static int MakeDirectory(string path, int mode) => ErrnoOf(Libc.mkdir(path, (uint)mode));

    /// <summary>Makes the directory and all above it that are missing; 0 also when it is there already.</summary>
    public static int MakeDirectories(string path, int mode)
    {
        if (StatusOf(path) is { Kind: FileKind.Directory })
            return 0;

        string? parent = Path.GetDirectoryName(path);
        if (!string.IsNullOrEmpty(parent))
        {
            int errno = MakeDirectories(parent, mode);
            if (errno != 0)
                return errno == Errno.EEXIST ? Errno.ENOTDIR : errno;
        }

        int own = MakeDirectory(path, mode);
        return own == Errno.EEXIST && StatusOf(path) is { Kind: FileKind.Directory } ? 0 : own;
    }

    /// <summary>A second name for the file; EEXIST when something has that name.</summary>
    public static int Link(string path, string secondName) => ErrnoOf(Libc.link(path, secondName));

    public static int ChangeOwner(string path, uint uid, uint gid) => ErrnoOf(Libc.chown(path, uid, gid));

    public static int ChangeMode(string path, int mode) => ErrnoOf(Libc.chmod(path, (uint)mode));

    public static int Truncate(int fd, long length) => ErrnoOf(Libc.ftruncate(fd, length));

    public static int Synchronize(int fd) => ErrnoOf(Libc.fsync(fd));

    public static int SetNonBlocking(int fd, bool nonBlocking)
    {
        int flags = Libc.fcntl(fd, Libc.F_GETFL, 0);
        if (flags < 0)
            return Libc.LastErrno;

        flags = nonBlocking ? flags | Libc.O_NONBLOCK : flags & ~Libc.O_NONBLOCK;
        return Libc.fcntl(fd, Libc.F_SETFL, flags) < 0 ? Libc.LastErrno : 0;
    }

    public static int SetCloseOnExec(int fd, bool closeOnExec) =>
        Libc.fcntl(fd, Libc.F_SETFD, closeOnExec ? Libc.FD_CLOEXEC : 0) < 0 ? Libc.LastErrno : 0;

    /// <summary>A second descriptor for the same open file, numbered <paramref name="atLeast"/> or more.</summary>
    public static OpenResult Duplicate(int fd, int atLeast = 3) => OpenResult.Of(Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, atLeast));

    /// <summary>A file in memory with this content, read from its start.</summary>
    public static OpenResult CreateInMemory(string name, ReadOnlySpan<byte> content)
    {
        OpenResult file = OpenResult.Of(Libc.memfd_create(name, Libc.MFD_CLOEXEC));
        if (!file.Succeeded)
            return file;

        IoResult written = WriteAll(file.Fd, content);
        if (!written.Succeeded)
        {
            Close(file.Fd);
            return new OpenResult(-1, written.Errno);
        }

        _ = Libc.lseek(file.Fd, 0, 0);
        return file;
    }

    /// <summary>The whole file, or null with an errno. EFBIG when it has more than <paramref name="maxBytes"/>.</summary>
    public static byte[]? ReadAll(string path, int maxBytes, out int errno)
    {
        OpenResult file = Open(path, OpenFlags.Read);
        errno = file.Errno;
        if (!file.Succeeded)
            return null;

        try
        {
            return ReadToEnd(file.Fd, maxBytes, out errno);
        }
        finally
        {
            Close(file.Fd);
        }
    }

    /// <summary>From the present offset to the end. The size is not believed: files of /proc say 0.</summary>
    public static byte[]? ReadToEnd(int fd, int maxBytes, out int errno)
    {
        byte[] buffer = new byte[Math.Min(4096, maxBytes + 1)];
        int length = 0;
        while (true)
        {
            IoResult result = Read(fd, buffer.AsSpan(length));
            errno = result.Errno;
            if (!result.Succeeded)
                return null;
            if (result.Count == 0)
                return buffer[..length];

            length += result.Count;
            if (length > maxBytes)
            {
                errno = Errno.EFBIG;
                return null;
            }

            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, maxBytes + 1L));
        }
    }

    /// <summary>Writes beside the file and renames, so that a reader sees the old content or the new, and a full disk harms neither. Synchronised to disk first.</summary>
    public static int Replace(string path, ReadOnlySpan<byte> content, int mode)
    {
        string beside = path + ".new";
        OpenResult file = Open(beside, OpenFlags.Write | OpenFlags.Create | OpenFlags.Truncate, mode);
        if (!file.Succeeded)
            return file.Errno;

        int errno = WriteAll(file.Fd, content).Errno;
        if (errno == 0)
            errno = Synchronize(file.Fd);
        Close(file.Fd);
        if (errno == 0)
            errno = Rename(beside, path);
        if (errno != 0)
            _ = Unlink(beside);
        return errno;
    }

    /// <summary>Where a symbolic link points; null when it is none, or points further than 4095 bytes.</summary>
    public static string? ReadLink(string path)
    {
        byte* buffer = stackalloc byte[4096];
        nint length = Libc.readlink(path, buffer, 4096);
        return length is > 0 and < 4096 ? Marshal.PtrToStringUTF8((nint)buffer, (int)length) : null;
    }

    /// <summary>Whether the effective user may execute the file or search the directory.</summary>
    internal static int CheckExecutable(string path) => ErrnoOf(Libc.faccessat(Libc.AT_FDCWD, path, Libc.X_OK, Libc.AT_EACCESS));

    internal static FileKind KindOf(int mode) =>
        (mode & Libc.S_IFMT) switch
        {
            Libc.S_IFREG => FileKind.Regular,
            Libc.S_IFDIR => FileKind.Directory,
            Libc.S_IFLNK => FileKind.SymbolicLink,
            Libc.S_IFSOCK => FileKind.Socket,
            Libc.S_IFIFO => FileKind.Fifo,
            Libc.S_IFCHR => FileKind.CharacterDevice,
            Libc.S_IFBLK => FileKind.BlockDevice,
            _ => FileKind.Other,
        };

    internal static int ErrnoOf(int result) => result == 0 ? 0 : Libc.LastErrno;

    private static FileStatus? Status(int directory, string path, int flags)
    {
        Libc.statx_t status;
        if (Libc.statx(directory, path, flags, Libc.STATX_BASIC_STATS, &status) != 0)
            return null;

        return new FileStatus(
            KindOf(status.stx_mode),
            status.stx_mode & ~Libc.S_IFMT,
            (long)status.stx_size,
            (int)status.stx_uid,
            (int)status.stx_gid,
            ((ulong)status.stx_dev_major << 32) | status.stx_dev_minor,
            status.stx_ino,
            DateTimeOffset.FromUnixTimeSeconds(status.stx_mtime_sec).AddTicks(status.stx_mtime_nsec / 100));
    }
}
