using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Init.Base;
using Init.Linux;

namespace Init.Engine.Notify;

/// <summary>
/// Where one program instance sends its notifications (sd_notify(3)). Datagrams come with the sender's identity from the kernel; only root, our
/// own user and the program's user are heard. A program that floods it is slowed down, not the loop.
/// </summary>
public sealed class NotifySocket : IDisposable
{
    /// <summary>
    /// Datagrams taken in each <see cref="Period"/>. Whoever has more to say has to wait: the kernel's queue for the socket is short, and when it
    /// is full, the sender's send(2) blocks.
    /// </summary>
    private const int DatagramsPerPeriod = 32;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <summary>sun_path less its final zero byte (unix(7)).</summary>
    private const int PathBytesMax = 107;

    private readonly EventLoop _loop;
    private readonly int? _programUid;
    private readonly Action<NotifyMessage, int, int> _received;
    private readonly bool _isPath;
    private int _socket;
    private Instant _periodStart;
    private int _takenInPeriod;
    private LoopTimer? _pause;

    private NotifySocket(EventLoop loop, int socket, string address, int? programUid, Action<NotifyMessage, int, int> received)
    {
        _loop = loop;
        _socket = socket;
        _programUid = programUid;
        _received = received;
        _isPath = !address.StartsWith('@');
        Address = address;
    }

    /// <summary>The value of NOTIFY_SOCKET: a path, or "@" and a name in the abstract namespace.</summary>
    public string Address { get; }

    /// <summary>Datagrams that were not heard: from strangers, or longer than <see cref="NotifyMessage.BytesMax"/>.</summary>
    public long Refused { get; private set; }

    /// <summary>Told of the first of them, for people; of the others only <see cref="Refused"/> tells, or whoever sends them could fill the log.</summary>
    public Action<string>? FirstRefused { get; set; }

    /// <summary>
    /// Opens STATE_DIR/notify/NAME.sock. Where that is not possible (too long, not writable) or of no use (the program runs as another user, who
    /// cannot reach into our state directory) it is a socket in the abstract namespace, which has neither path nor permissions: there all the
    /// protection lies in looking at the sender.
    /// </summary>
    /// <param name="loop">Messages are received on its thread.</param>
    /// <param name="stateDirectory">STATE_DIR; "notify" in it is made when it is missing.</param>
    /// <param name="instance">The program instance; part of the file's name.</param>
    /// <param name="programUid">The user the program runs as; null = ours.</param>
    /// <param name="received">The message, the sender's pid (0 = not in our PID namespace) and the sender's uid.</param>
    /// <param name="problem">Why there is no socket at all; for people.</param>
    /// <returns>Null when neither kind of socket can be had.</returns>
    public static NotifySocket? TryOpen(
        EventLoop loop, string stateDirectory, string instance, int? programUid, Action<NotifyMessage, int, int> received, out string? problem)
    {
        string directory = Path.Combine(stateDirectory, "notify");
        string address = Path.Combine(directory, instance + ".sock");
        OpenResult socket = new(-1, Errno.ENAMETOOLONG);
        bool isOurUser = programUid is null || programUid == (int)Linux.Processes.GetUid();
        bool isFileName = !instance.Contains('/');
        if (isOurUser && isFileName && Encoding.UTF8.GetByteCount(address) <= PathBytesMax && Files.MakeDirectories(directory, 0x1C0 /* 0700 */) == 0)
            socket = UnixSockets.BindDatagram(address, 0x180 /* 0600 */);

        if (!socket.Succeeded)
        {
            address = "@init/" + RandomNumberGenerator.GetHexString(32, lowercase: true);
            socket = UnixSockets.BindDatagram(address, 0x1B6 /* 0666 */);
        }

        if (!socket.Succeeded)
        {
            problem = $"cannot open the notification socket of program \"{instance}\": {Errno.Describe(socket.Errno)}";
            return null;
        }

        NotifySocket opened = new(loop, socket.Fd, address, programUid, received);
        try
        {
            loop.Watch(socket.Fd, IoEvents.Readable, _ => opened.ReceiveSome());
        }
        catch (SyscallException exception)
        {
            opened.Dispose();
            problem = exception.Message;
            return null;
        }

        problem = null;
        return opened;
    }

    /// <summary>Nothing is heard any more, and the socket file is gone.</summary>
    public void Dispose()
    {
        if (_socket < 0)
            return;

        _pause?.Cancel();
        _loop.Unwatch(_socket);
        Files.Close(_socket);
        _socket = -1;
        if (_isPath)
            _ = Files.Unlink(Address); // ENOENT: somebody has tidied up before us.
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address} (descriptor {_socket})");

    private void ReceiveSome()
    {
        if (_loop.Now - _periodStart >= Period)
            (_periodStart, _takenInPeriod) = (_loop.Now, 0);

        Span<byte> buffer = stackalloc byte[NotifyMessage.BytesMax];
        for (; _takenInPeriod < DatagramsPerPeriod; _takenInPeriod++)
        {
            // Descriptors that come with a message are closed in there, always: for a barrier that is the answer, and nobody else has use for them.
            ReceivedDatagram datagram = UnixSockets.Receive(_socket, buffer);
            if (datagram.Errno == Errno.EAGAIN)
                return;
            if (datagram.Errno != 0)
                break; // Out of memory, at most: it is still readable, so without the pause we would be back at once.

            if (datagram.WasTruncated || datagram.Sender is not { } sender || !MaySend(sender.Uid))
            {
                if (Refused++ == 0)
                    FirstRefused?.Invoke(WhyRefused(datagram));
                continue;
            }

            _received(NotifyMessage.Parse(buffer[..datagram.Count]), sender.Pid, sender.Uid);
            if (_socket < 0)
                return; // Whoever heard that has closed us.
        }

        _loop.Change(_socket, IoEvents.None);
        _pause = _loop.After(Period, () => _loop.Change(_socket, IoEvents.Readable));
    }

    private static string WhyRefused(ReceivedDatagram datagram) => (datagram.Sender, datagram.WasTruncated) switch
    {
        (null, _) => "its sender is not known",
        ({ } sender, true) => $"process {sender.Pid} sent more than {NotifyMessage.BytesMax} bytes",
        ({ } sender, false) => $"process {sender.Pid} runs as user {sender.Uid}, and only root, init's user and the program's are heard",
    };

    private bool MaySend(int uid) => uid == 0 || uid == (int)Linux.Processes.GetUid() || uid == _programUid;
}
