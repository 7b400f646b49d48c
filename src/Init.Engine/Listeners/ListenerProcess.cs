using Init.Config;
using Init.Engine.Children;
using Init.Linux;

namespace Init.Engine.Listeners;

/// <summary>What is left to do when a listener that is to end has heard all it should.</summary>
/// <param name="Limit">When that is done anyway.</param>
/// <param name="End">Tells the listener to end.</param>
internal sealed record Farewell(LoopTimer Limit, Action End);

/// <summary>One running listener: the pipe to its stdin, the pipe from its stdout, and how far the conversation has come.</summary>
internal sealed class ListenerProcess
{
    private const int ReadSize = 4096;

    /// <summary>How much of what a listener has left in its pipe is read when it has ended.</summary>
    private const int LastWordsMax = 128 << 10;

    private readonly EventLoop _loop;
    private readonly Action<ListenerProcess, ListenerSign> _tell;
    private readonly StdinPipe _stdin;
    private readonly ListenerProtocol _protocol = new();
    private int _stdout;

    /// <param name="loop">The loop.</param>
    /// <param name="pool">Its pool.</param>
    /// <param name="definition">The program it is an instance of.</param>
    /// <param name="stdin">Its stdin, which is the program's and is closed with it.</param>
    /// <param name="stdoutReadEnd">Taken over; it must not block.</param>
    /// <param name="tell">Hears what the listener says.</param>
    public ListenerProcess(
        EventLoop loop, ListenerPool pool, ProgramDefinition definition, StdinPipe stdin, int stdoutReadEnd, Action<ListenerProcess, ListenerSign> tell)
    {
        (_loop, Pool, Definition, _stdin, _stdout, _tell) = (loop, pool, definition, stdin, stdoutReadEnd, tell);
        loop.Watch(stdoutReadEnd, IoEvents.Readable, _ => Read());
    }

    public ListenerPool Pool { get; }

    public ProgramDefinition Definition { get; }

    public ListenerState State => _protocol.State;

    /// <summary>The event it is busy with.</summary>
    public PooledEvent? Current { get; private set; }

    /// <summary>It is to end, and hears its last events.</summary>
    public Farewell? Farewell { get; set; }

    /// <summary>Ready, and has read all that it was sent.</summary>
    public bool IsFree => _protocol.State == ListenerState.Ready && _stdin is { IsOpen: true, PendingBytes: 0 };

    /// <summary>Gives it an event. False: it has closed its stdin, and keeps its state.</summary>
    public bool TrySend(PooledEvent pooled, byte[] encoded)
    {
        if (_stdin.Write(encoded) != StdinWrite.Taken)
            return false;

        _protocol.BeginEvent();
        Current = pooled;
        return true;
    }

    /// <summary>The event is not its business any more.</summary>
    public PooledEvent? TakeCurrent()
    {
        PooledEvent? current = Current;
        Current = null;
        return current;
    }

    /// <summary>It has ended: what it still has said counts, and then its stdout is closed.</summary>
    public void Finish()
    {
        int total = 0;
        Span<byte> buffer = stackalloc byte[ReadSize];
        while (_stdout >= 0 && total < LastWordsMax && Files.Read(_stdout, buffer) is { Count: > 0 } read)
        {
            total += read.Count;
            Take(buffer[..read.Count]);
        }

        if (TakeStdout() is var fd and >= 0)
            Files.Close(fd);
    }

    /// <summary>Gives away its stdout; -1 when it is closed.</summary>
    public int TakeStdout()
    {
        int fd = _stdout;
        _stdout = -1;
        if (fd >= 0)
            _loop.Unwatch(fd);
        return fd;
    }

    private void Read()
    {
        Span<byte> buffer = stackalloc byte[ReadSize];
        IoResult read = Files.Read(_stdout, buffer);
        if (read.WouldBlock)
            return;

        if (read.Count > 0)
            Take(buffer[..read.Count]);
        else
            Files.Close(TakeStdout()); // It has closed its stdout, or has ended; in the second case SIGCHLD is on its way.
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (ListenerSign sign in _protocol.Take(bytes))
            _tell(this, sign);
    }
}
