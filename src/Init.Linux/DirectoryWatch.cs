using System.Buffers.Binary;

namespace Init.Linux;

/// <param name="Watch">Which directory, as <see cref="DirectoryWatch.Add"/> numbered it.</param>
/// <param name="Name">What changed in it; empty: the directory itself.</param>
/// <param name="IsNewDirectory">A directory that has come, with whatever is in it already.</param>
/// <param name="IsOver">The directory is gone, and the watch with it: its number means nothing any more.</param>
public readonly record struct DirectoryEvent(int Watch, byte[] Name, bool IsNewDirectory, bool IsOver);

/// <summary>inotify(7) for directories: what comes, goes or changes in them. Add from any thread; read from one.</summary>
public sealed unsafe class DirectoryWatch : IDisposable
{
    private const uint Mask = Libc.IN_MODIFY | Libc.IN_ATTRIB | Libc.IN_MOVED_FROM | Libc.IN_MOVED_TO | Libc.IN_CREATE | Libc.IN_DELETE | Libc.IN_ONLYDIR | Libc.IN_EXCL_UNLINK;

    /// <summary>struct inotify_event without the name.</summary>
    private const int HeaderBytes = 16;

    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <exception cref="SyscallException">EMFILE: the user has too many of them (fs.inotify.max_user_instances).</exception>
    public DirectoryWatch() => Fd = OpenResult.Of(Libc.inotify_init1(Libc.IN_CLOEXEC | Libc.IN_NONBLOCK)).OrThrow("create", "inotify instance");

    public int Fd { get; }

    /// <param name="directory">Open.</param>
    /// <param name="errno">0, or why not: ENOSPC when the user has too many watches (fs.inotify.max_user_watches).</param>
    /// <returns>Its number; the same for a directory that is watched already.</returns>
    public int Add(int directory, out int errno)
    {
        int watch = Libc.inotify_add_watch(Fd, $"/proc/self/fd/{directory}", Mask);
        errno = watch < 0 ? Libc.LastErrno : 0;
        return watch;
    }

    /// <summary>What has happened since the last call.</summary>
    /// <returns>False: some events were lost, for there were too many.</returns>
    public bool Read(Action<DirectoryEvent> receive)
    {
        bool isComplete = true;
        while (Files.Read(Fd, _buffer) is { Count: > 0 and var count })
        {
            for (int at = 0; at + HeaderBytes <= count;)
            {
                ReadOnlySpan<byte> head = _buffer.AsSpan(at);
                int watch = BinaryPrimitives.ReadInt32LittleEndian(head);
                uint mask = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
                int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
                ReadOnlySpan<byte> name = head.Slice(HeaderBytes, length);
                name = name[..(name.IndexOf((byte)0) is >= 0 and var end ? end : name.Length)];
                if ((mask & Libc.IN_Q_OVERFLOW) != 0)
                    isComplete = false;
                else
                    receive(new DirectoryEvent(watch, name.ToArray(), (mask & Libc.IN_ISDIR) != 0 && (mask & (Libc.IN_CREATE | Libc.IN_MOVED_TO)) != 0, (mask & Libc.IN_IGNORED) != 0));
                at += HeaderBytes + length;
            }
        }

        return isComplete;
    }

    public void Dispose() => Files.Close(Fd);
}
