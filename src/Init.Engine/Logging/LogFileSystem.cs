using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>The system calls of <see cref="LogFile"/>, so that a test can put a failing disk in their place.</summary>
internal class LogFileSystem
{
    /// <summary>Makes the directory that the file belongs into, if it is missing: a new log_dir, or "bots/web.log".</summary>
    public virtual OpenResult Open(string path, OpenFlags flags)
    {
        OpenResult opened = Files.Open(path, flags);
        bool isFolderMissing = opened.Errno == Errno.ENOENT && flags.HasFlag(OpenFlags.Create);
        return isFolderMissing && Files.MakeDirectories(Path.GetDirectoryName(path) ?? "/", 0x1ED /* 0755 */) == 0 ? Files.Open(path, flags) : opened;
    }

    public virtual IoResult Write(int fd, ReadOnlySpan<byte> data) => Files.Write(fd, data);

    public virtual int Truncate(int fd, long length) => Files.Truncate(fd, length);

    public virtual int Rename(string from, string to) => Files.Rename(from, to);

    public virtual int Unlink(string path) => Files.Unlink(path);
}
