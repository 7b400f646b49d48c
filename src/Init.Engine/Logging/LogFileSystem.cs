using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>The system calls of <see cref="LogFile"/>, so that a test can put a failing disk in their place.</summary>
internal class LogFileSystem
{
    public virtual OpenResult Open(string path, OpenFlags flags) => Files.Open(path, flags);

    public virtual IoResult Write(int fd, ReadOnlySpan<byte> data) => Files.Write(fd, data);

    public virtual int Truncate(int fd, long length) => Files.Truncate(fd, length);

    public virtual int Rename(string from, string to) => Files.Rename(from, to);

    public virtual int Unlink(string path) => Files.Unlink(path);
}
