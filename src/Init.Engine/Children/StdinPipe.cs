using Init.Linux;

namespace Init.Engine.Children;

/// <summary>What became of bytes for a child's stdin.</summary>
public enum StdinWrite
{
    /// <summary>The pipe has them, or they wait for room in it.</summary>
    Taken,

    /// <summary>None of them was taken: the child does not read, and what waits already leaves no room.</summary>
    Full,

    /// <summary>Nobody has the other end open any more.</summary>
    Closed,
}

/// <summary>
/// The end of a child's stdin that is ours. Writing never blocks: what the pipe does not take waits here, up to a limit, and is written when the child has read. It
/// is the main loop's alone.
/// </summary>
/// <remarks>Init ignores SIGPIPE (the runtime sees to that), so a child that has closed its stdin is an EPIPE and no signal.</remarks>
public sealed class StdinPipe : IDisposable
{
    private readonly EventLoop _loop;
    private readonly int _pendingMax;
    private byte[] _pending = [];
    private int _start;
    private int _fd;
    private bool _isWatched;

    private StdinPipe(EventLoop loop, int fd, int pendingMax) => (_loop, _fd, _pendingMax) = (loop, fd, pendingMax);

    /// <summary>False when the child has closed its end, or we ours.</summary>
    public bool IsOpen => _fd >= 0;

    /// <summary>Bytes that the pipe has not taken yet.</summary>
    public int PendingBytes => _pending.Length - _start;

    /// <summary>A pipe for one start of a program.</summary>
    /// <param name="loop">The loop on whose thread everything happens.</param>
    /// <param name="pendingMax">How many bytes may wait here beside the 64 KiB that a pipe holds.</param>
    /// <param name="childEnd">The end for the child; the caller closes it when the child has been started.</param>
    /// <exception cref="SyscallException">No more descriptors.</exception>
    public static StdinPipe Create(EventLoop loop, int pendingMax, out int childEnd)
    {
        (childEnd, int write) = Pipes.Create(nonBlockingWrite: true);
        return new StdinPipe(loop, write, pendingMax);
    }

    /// <summary>Takes all of the bytes or none. With nothing waiting it always takes them, however many they are.</summary>
    public StdinWrite Write(ReadOnlySpan<byte> bytes)
    {
        if (!IsOpen)
            return StdinWrite.Closed;

        if (PendingBytes > 0)
        {
            if (PendingBytes + bytes.Length > _pendingMax)
                return StdinWrite.Full;

            _pending = [.. _pending.AsSpan(_start), .. bytes];
            _start = 0;
            return StdinWrite.Taken;
        }

        int written = WriteNow(bytes);
        if (!IsOpen)
            return StdinWrite.Closed;

        if (written < bytes.Length)
        {
            (_pending, _start) = (bytes[written..].ToArray(), 0);
            Watch(true);
        }

        return StdinWrite.Taken;
    }

    /// <summary>The child reads the end of its input after what the pipe holds; what waits here is dropped.</summary>
    public void Dispose()
    {
        if (!IsOpen)
            return;

        Watch(false);
        Files.Close(_fd);
        _fd = -1;
        (_pending, _start) = ([], 0);
    }

    private void WritePending()
    {
        _start += WriteNow(_pending.AsSpan(_start));
        if (IsOpen && PendingBytes == 0)
        {
            (_pending, _start) = ([], 0);
            Watch(false);
        }
    }

    /// <returns>How many bytes the pipe has taken. The pipe is closed when nobody reads it any more.</returns>
    private int WriteNow(ReadOnlySpan<byte> bytes)
    {
        int written = 0;
        while (written < bytes.Length)
        {
            IoResult result = Files.Write(_fd, bytes[written..]);
            if (result.WouldBlock)
                break;

            if (!result.Succeeded)
            {
                Dispose(); // EPIPE: the child has ended, or has closed its stdin.
                break;
            }

            written += result.Count;
        }

        return written;
    }

    private void Watch(bool pending)
    {
        if (pending == _isWatched)
            return;

        _isWatched = pending;
        if (pending)
            _loop.Watch(_fd, IoEvents.Writable, _ => WritePending());
        else
            _loop.Unwatch(_fd);
    }
}
