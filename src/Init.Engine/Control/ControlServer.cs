using System.Buffers;
using System.Runtime.CompilerServices;
using Init.Control;
using Init.Linux;

[assembly: InternalsVisibleTo("Init.Control.Tests")]

namespace Init.Engine.Control;

/// <summary>
/// The server's end of the control socket, on the loop's thread. It knows nothing of programs: it turns bytes into requests for the
/// <see cref="IControlHandler"/> and replies into bytes, and keeps clients (slow, silent, hostile, or hundreds of them) from doing harm.
/// </summary>
/// <remarks>
/// <see cref="IControlReply.Closed"/> is never called from within a call of the handler or of a reply, so that a handler may send while it
/// walks over its own lists. While no client is half-way through something, no timer is set.
/// </remarks>
public sealed class ControlServer : IDisposable
{
    /// <summary>Connections that wait to be accepted.</summary>
    private const int ListenBacklog = 128;

    /// <summary>Connections accepted before the rest of the loop's work has its turn.</summary>
    private const int AcceptsPerTurn = 32;

    /// <summary>Owner only: the peer check is a second lock on the same door.</summary>
    private const int SocketMode = 0x180; // 0600

    private readonly List<ControlConnection> _connections = [];
    private readonly string _path;
    private readonly Action<string> _report;
    private readonly int _listener;
    private readonly FileStatus? _socketFile;
    private LoopTimer? _acceptPause;

    /// <summary>A descriptor kept for the client who comes when there is none left: the one, perhaps, who wants to stop what has taken them all.</summary>
    private int _spare;

    private long _turn;
    private bool _saidExhausted;
    private bool _disposed;

    /// <summary>Listens from now on.</summary>
    /// <param name="loop">The loop that everything here runs on.</param>
    /// <param name="path">The socket's path. The file of a dead supervisor is replaced.</param>
    /// <param name="handler">What carries out the requests.</param>
    /// <param name="report">Told what an operator should know, as a ready-made line: faults of ours, refused strangers.</param>
    /// <param name="limits">The limits; null = the usual ones.</param>
    /// <exception cref="SyscallException">The socket cannot be made; EADDRINUSE when another supervisor answers there.</exception>
    public ControlServer(EventLoop loop, string path, IControlHandler handler, Action<string> report, ControlServerLimits? limits = null)
    {
        Loop = loop;
        Handler = handler;
        Limits = limits ?? new ControlServerLimits();
        _path = path;
        _report = report;
        _listener = UnixSockets.Listen(path, SocketMode, ListenBacklog).OrThrow("listen on", $"control socket {path}");
        _socketFile = Files.StatusOf(path, followLink: false);
        _spare = Files.Duplicate(_listener).Fd;
        loop.Watch(_listener, IoEvents.Readable, _ => Accept());
    }

    public int ConnectionCount => _connections.Count;

    /// <summary>Clients that were let in so far.</summary>
    public long ConnectionsTotal { get; private set; }

    /// <summary>Requests that were handed to the handler so far.</summary>
    public long RequestsTotal { get; private set; }

    /// <summary>Bytes that wait to be read by all clients together.</summary>
    public long BacklogBytes { get; private set; }

    /// <summary>accept(2). Tests let it fail: a process that has really run out of descriptors cannot be relied on to report a test's result.</summary>
    internal Func<int, OpenResult> AcceptNext { get; set; } = UnixSockets.Accept;

    internal EventLoop Loop { get; }

    internal IControlHandler Handler { get; }

    internal ControlServerLimits Limits { get; }

    /// <summary>Reused for every read: what a client has not completed is kept by its connection.</summary>
    internal byte[] ReadBuffer { get; } = new byte[16 * 1024];

    /// <summary>Closes every connection and removes the socket's file. Not to be called from within the handler.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;

        _disposed = true;
        _acceptPause?.Cancel();
        Loop.Unwatch(_listener);
        Files.Close(_listener);
        ReleaseSpare();

        // Only our own: another supervisor may have put its socket there by now.
        if (_socketFile is { } ours && Files.StatusOf(_path, followLink: false) is { } present
            && (present.Device, present.Inode) == (ours.Device, ours.Inode))
        {
            _ = Files.Unlink(_path);
        }

        foreach (ControlConnection connection in _connections.ToArray())
            connection.Close();
    }

    internal void Report(string line) => _report(line);

    /// <summary>A number that grows with everything a client does, to tell who has been quiet for longest.</summary>
    internal long NextTurn() => ++_turn;

    internal void Forget(ControlConnection connection)
    {
        _connections.Remove(connection);
        KeepSpare(); // The descriptor of that connection, unless somebody was faster.
    }

    /// <summary>To be called at once when a descriptor has become free: a program that starts takes all there are, and then nobody could come in to stop it.</summary>
    private void KeepSpare()
    {
        if (_spare < 0 && !_disposed)
            _spare = Files.Duplicate(_listener).Fd;
    }

    private void ReleaseSpare()
    {
        if (_spare >= 0)
            Files.Close(_spare);
        _spare = -1;
    }

    internal void CountRequest() => RequestsTotal++;

    internal void CountBacklog(int bytes) => BacklogBytes += bytes;

    /// <summary>Called after a line was queued for <paramref name="writer"/>.</summary>
    internal void EnforceTotalBacklog(ControlConnection writer)
    {
        while (BacklogBytes > Limits.TotalBacklogBytesMax)
        {
            ControlConnection largest = _connections.MaxBy(connection => connection.BacklogBytes) ?? writer;
            largest.Abandon();
        }
    }

    private void Accept()
    {
        if (_disposed)
            return;

        for (int i = 0; i < AcceptsPerTurn; i++)
        {
            OpenResult accepted = AcceptNext(_listener);
            if (accepted.Succeeded)
            {
                _saidExhausted = false;
                Admit(accepted.Fd);
                continue;
            }

            // Linux looks for a free descriptor before it looks for a waiting client, so that after the first of this turn EMFILE may mean that
            // nobody waits. If somebody does, the next turn begins with him.
            if (accepted.Errno != Errno.EAGAIN && i == 0)
                AcceptWithoutDescriptors(accepted.Errno);
            return;
        }
    }

    /// <summary>
    /// EMFILE, ENFILE, ENOBUFS, ENOMEM: the client goes on waiting, and the kernel goes on saying so. Room is made with the spare descriptor, or at the
    /// expense of a quiet client; without either, the listener is left alone for a while, or the loop would spin.
    /// </summary>
    private void AcceptWithoutDescriptors(int errno)
    {
        bool madeRoom;
        do
        {
            ReleaseSpare();
            OpenResult accepted = AcceptNext(_listener);
            if (accepted.Succeeded)
            {
                Admit(accepted.Fd);
                return;
            }

            // The spare was of no use: nobody waits, another thread was faster, or it is the whole system that has none left.
            KeepSpare();
            if (accepted.Errno == Errno.EAGAIN)
                return;
            madeRoom = CloseQuietest(idleOnly: true);
        }
        while (madeRoom);

        PauseAccepting(errno);
    }

    private void Admit(int fd)
    {
        SocketCredentials? peer = UnixSockets.PeerOf(fd);
        if (peer is not { } known || (known.Uid != 0 && known.Uid != (int)Init.Linux.Processes.GetUid()))
        {
            Report($"control socket: refused process {peer?.Pid} of user {peer?.Uid}");
            Refuse(fd, new ControlError(
                ErrorCode.Forbidden,
                $"cannot accept user {peer?.Uid}: this supervisor runs as user {Init.Linux.Processes.GetUid()}",
                "use the same user, or root"));
            KeepSpare();
            return;
        }

        if (_connections.Count >= Limits.ConnectionsMax)
            _ = CloseQuietest(idleOnly: false);

        ControlConnection connection = new(this, fd, new ControlPeer(known.Pid, known.Uid, known.Gid));
        try
        {
            Loop.Watch(fd, IoEvents.Readable, connection.OnReady);
        }
        catch (SyscallException exception)
        {
            // ENOSPC: /proc/sys/fs/epoll/max_user_watches.
            Report($"control socket: {exception.Message}");
            Files.Close(fd);
            KeepSpare();
            return;
        }

        _connections.Add(connection);
        ConnectionsTotal++;
    }

    /// <summary>
    /// First those that wait for nothing, then those that follow something, then those that wait for an answer; among equals the one
    /// that has been quiet for longest. So the newest client always gets in.
    /// </summary>
    private bool CloseQuietest(bool idleOnly)
    {
        ControlConnection? quietest = _connections
            .Where(connection => !idleOnly || connection.IsIdle)
            .MinBy(connection => (connection.IsIdle ? 0 : connection.IsFollower ? 1 : 2, connection.LastTurn));
        if (quietest is null)
            return false;

        quietest.CloseWith(new ControlError(
            ErrorCode.TooManyConnections, "cannot keep this connection: it was closed to make room for another", "connect again"));
        return true;
    }

    private void PauseAccepting(int errno)
    {
        if (!_saidExhausted)
            Report($"control socket: cannot accept connections: {Errno.Describe(errno)}; tried again every {Limits.AcceptPause.TotalSeconds:0.#} s");
        _saidExhausted = true;
        Loop.Change(_listener, IoEvents.None);
        _acceptPause?.Cancel();
        _acceptPause = Loop.After(Limits.AcceptPause, () =>
        {
            KeepSpare(); // Another thread may have had its descriptor for a moment.
            Loop.Change(_listener, IoEvents.Readable);
        });
    }

    private static void Refuse(int fd, ControlError error)
    {
        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteError(line, id: null, error);

        // One short line fits into a new socket's buffer; if it does not, the client learns no more than that it was closed.
        _ = UnixSockets.Send(fd, line.WrittenSpan);
        Files.Close(fd);
    }
}
