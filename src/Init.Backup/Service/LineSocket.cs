using System.Text;
using System.Text.Json;
using Init.Control;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>One request of a client, to be answered once; see docs/reference/control-protocol.md.</summary>
public sealed class LineRequest
{
    private readonly Func<byte[], bool> _send;
    private readonly long _id;

    internal LineRequest(long id, string op, JsonElement fields, Func<byte[], bool> send)
    {
        _id = id;
        _send = send;
        Op = op;
        Fields = fields;
    }

    public string Op { get; }

    public JsonElement Fields { get; }

    /// <param name="json">Any value.</param>
    /// <returns>False: the client has gone.</returns>
    public bool Item(string json) => _send(Encoding.UTF8.GetBytes($"{{\"id\":{_id},\"item\":{json}}}\n"));

    /// <summary>Many items and the result at once, which a client may take its time to read.</summary>
    public void Succeed(IReadOnlyList<string> items, string json)
    {
        StringBuilder lines = new();
        foreach (string item in items)
            lines.Append($"{{\"id\":{_id},\"item\":{item}}}\n");
        _send(Encoding.UTF8.GetBytes(lines.Append($"{{\"id\":{_id},\"ok\":true,\"result\":{json}}}\n").ToString()));
    }

    public void Succeed(string? json = null) => _send(Encoding.UTF8.GetBytes(json is null ? $"{{\"id\":{_id},\"ok\":true}}\n" : $"{{\"id\":{_id},\"ok\":true,\"result\":{json}}}\n"));

    public void Fail(string code, string message) => _send(ErrorLine(_id, code, message));

    internal static byte[] ErrorLine(long? id, string code, string message) =>
        Encoding.UTF8.GetBytes($"{{\"id\":{(id is null ? "null" : id.ToString())},\"ok\":false,\"error\":{{\"code\":\"{code}\",\"message\":\"{JsonEncodedText.Encode(message)}\"}}}}\n");
}

/// <summary>
/// Lines of JSON over a unix socket, on the loop's thread, as the control protocol has them. For few clients that read what they ask for: one that does not, or sends nonsense, is
/// closed.
/// </summary>
public sealed class LineSocket : IDisposable
{
    private const int ConnectionsMax = 32;
    private const int OutputBytesMax = 1024 * 1024;
    private const int Mode = 0x180; // 0600

    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private readonly EventLoop _loop;
    private readonly string _path;
    private readonly int _listener;
    private readonly Action<LineRequest> _handle;
    private readonly List<Connection> _connections = [];

    /// <exception cref="SyscallException">EADDRINUSE when another role answers there.</exception>
    public LineSocket(EventLoop loop, string path, Action<LineRequest> handle)
    {
        _loop = loop;
        _path = path;
        _handle = handle;
        _listener = UnixSockets.Listen(path, Mode, backlog: 16).OrThrow("listen on", path);
        loop.Watch(_listener, IoEvents.Readable, _ => Accept());
    }

    public void Dispose()
    {
        _loop.Unwatch(_listener);
        Files.Close(_listener);
        _ = Files.Unlink(_path);
        foreach (Connection connection in _connections.ToArray())
            connection.Close();
    }

    private void Accept()
    {
        OpenResult accepted = UnixSockets.Accept(_listener);
        if (!accepted.Succeeded)
        {
            // EAGAIN: gone again. Else there is no descriptor left, and the kernel would go on saying that somebody waits: without a pause the loop would spin.
            if (accepted.Errno != Errno.EAGAIN)
            {
                _loop.Change(_listener, IoEvents.None);
                _loop.After(AcceptPause, () => _loop.Change(_listener, IoEvents.Readable));
            }

            return;
        }

        if (UnixSockets.PeerOf(accepted.Fd) is not { } peer || (peer.Uid != 0 && peer.Uid != (int)Processes.GetUid()) || _connections.Count == ConnectionsMax)
            Files.Close(accepted.Fd);
        else
            _connections.Add(new Connection(this, accepted.Fd));
    }

    private sealed class Connection
    {
        private readonly LineSocket _server;
        private readonly int _fd;
        private readonly LineBuffer _input = new();
        private byte[] _output = [];
        private bool _isClosed;

        public Connection(LineSocket server, int fd)
        {
            _server = server;
            _fd = fd;
            server._loop.Watch(fd, IoEvents.Readable, OnReady);
        }

        public void Close()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            _server._connections.Remove(this);
            _server._loop.Unwatch(_fd);
            Files.Close(_fd);
        }

        private void OnReady(IoEvents events)
        {
            if ((events & IoEvents.Writable) != IoEvents.None)
                Flush();
            if (!_isClosed && (events & (IoEvents.Readable | IoEvents.HangUp | IoEvents.Error)) != IoEvents.None)
                Receive();
        }

        private void Receive()
        {
            IoResult read = Files.Read(_fd, _input.Room().Span);
            if (read.Count <= 0)
            {
                if (read.Errno != Errno.EAGAIN)
                    Close();
                return;
            }

            _input.Add(read.Count);
            while (!_isClosed && _input.TryTake(out ReadOnlySpan<byte> line))
                Take(line);
            if (_input.Capacity > ControlProtocol.RequestBytesMax)
                Close();
        }

        private void Take(ReadOnlySpan<byte> line)
        {
            if (Read(line) is { } request)
                _server._handle(request);
        }

        /// <returns>Null when it is none that can be handled, which has been answered.</returns>
        private LineRequest? Read(ReadOnlySpan<byte> line)
        {
            try
            {
                using var document = JsonDocument.Parse(line.ToArray(), new JsonDocumentOptions { MaxDepth = 8 });
                JsonElement root = document.RootElement.Clone();
                long id = root.GetProperty("id").GetInt64();
                if (root.GetProperty("v").GetInt32() == ControlProtocol.Version)
                    return new LineRequest(id, root.GetProperty("op").GetString() ?? "", root, Send);
                Send(LineRequest.ErrorLine(id, "unsupported-version", $"cannot read request: this role speaks version {ControlProtocol.Version}"));
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                Send(LineRequest.ErrorLine(null, "bad-request", "cannot read request: it is no JSON object with v, id and op"));
            }

            return null;
        }

        private bool Send(byte[] line)
        {
            if (_isClosed)
                return false;
            // Not counting this one: an answer may be long, a client that reads none of several is closed.
            if (_output.Length > OutputBytesMax)
            {
                Close();
                return false;
            }

            _output = [.. _output, .. line];
            Flush();
            return !_isClosed;
        }

        private void Flush()
        {
            while (_output.Length > 0)
            {
                IoResult sent = UnixSockets.Send(_fd, _output);
                if (sent.Errno == Errno.EAGAIN)
                    break;
                if (sent.Errno != 0)
                {
                    Close();
                    return;
                }

                _output = _output[sent.Count..];
            }

            _server._loop.Change(_fd, _output.Length > 0 ? IoEvents.Readable | IoEvents.Writable : IoEvents.Readable);
        }
    }
}
