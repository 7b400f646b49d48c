using Init.Linux;

namespace Init.Admin.Logs;

/// <summary>
/// A log file from near its end on, through rotations, as supervisord's tail_f_producer has it: it is looked at now and then, for a file that is renamed while it is
/// written can be followed in no better way that works on every file system.
/// </summary>
internal sealed class FollowedFile : IDisposable
{
    /// <summary>Shown when the file has become shorter; what people see with supervisord.</summary>
    private static readonly byte[] Truncated = "==> File truncated <==\n"u8.ToArray();

    private readonly string _path;
    private int _fd;
    private (ulong Device, ulong Inode) _file;
    private long _position;

    private FollowedFile(string path, int fd, FileStatus status)
    {
        _path = path;
        _fd = fd;
        _file = (status.Device, status.Inode);
        ModifiedAt = status.ModifiedAt;
    }

    public DateTimeOffset ModifiedAt { get; }

    /// <summary>Null when there is no file to read.</summary>
    public static FollowedFile? Open(string path, long bytesBeforeEnd)
    {
        OpenResult opened = Files.Open(path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!opened.Succeeded)
            return null;

        // A pipe or a terminal would be read empty under somebody's hands.
        if (Files.StatusOf(opened.Fd) is { Kind: FileKind.Regular } status)
            return new FollowedFile(path, opened.Fd, status) { _position = Math.Max(0, status.Size - bytesBeforeEnd) };

        Files.Close(opened.Fd);
        return null;
    }

    /// <summary>What has come since the last call, as much as fits; 0 = nothing.</summary>
    public int Read(Span<byte> buffer)
    {
        int count = ReadOn(buffer);
        if (count != 0)
            return count;

        // All of it is read; now a successor may have its place.
        if (Files.StatusOf(_path) is not { Kind: FileKind.Regular } status || (status.Device, status.Inode) == _file)
            return 0;

        OpenResult opened = Files.Open(_path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!opened.Succeeded || Files.StatusOf(opened.Fd) is not { } successor)
            return 0;

        Files.Close(_fd);
        (_fd, _file, _position) = (opened.Fd, (successor.Device, successor.Inode), 0);
        return ReadOn(buffer);
    }

    public void Dispose() => Files.Close(_fd);

    private int ReadOn(Span<byte> buffer)
    {
        if (Files.StatusOf(_fd) is { } now && now.Size < _position)
        {
            _position = 0;
            Truncated.CopyTo(buffer);
            return Truncated.Length;
        }

        IoResult read = Files.ReadAt(_fd, buffer, _position);
        _position += read.Count;
        return read.Count;
    }
}
