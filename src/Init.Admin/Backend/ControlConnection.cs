using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using Init.Control;

namespace Init.Admin.Backend;

/// <summary>A connection to the supervisor that carries one request at a time, and whose waiting costs no thread. <see cref="ControlClient"/> is its sister that blocks.</summary>
internal sealed class ControlConnection : IDisposable
{
    /// <summary>The status of some hundred programs.</summary>
    private const int BufferBytesKept = 512 * 1024;

    private readonly Socket _socket;
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private byte[] _received = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _lastId;

    private ControlConnection(Socket socket) => _socket = socket;

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static ControlConnection Connect(string socketPath)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Over a unix socket this never waits for anything but room in the backlog.
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            return new ControlConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>False: the supervisor has closed it, or has said something that nobody asked for, which it does before it closes one.</summary>
    public bool IsUsable => _start == _end && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>True: what the longest answer has made it hold is not worth getting rid of.</summary>
    public bool IsSmall => _received.Length <= BufferBytesKept;

    /// <summary>After anything but Done and Refused the connection is of no further use.</summary>
    public async Task<ControlAnswer> AskAsync(ControlRequest request, ControlItemSink? onItem, Action<long>? onDropped, CancellationToken cancellation)
    {
        _line.ResetWrittenCount();
        RequestWriter.Write(_line, ++_lastId, request);
        try
        {
            for (ReadOnlyMemory<byte> left = _line.WrittenMemory; !left.IsEmpty;)
                left = left[await _socket.SendAsync(left, cancellation)..];

            while (true)
            {
                int length = await ReceiveLineAsync(cancellation);
                if (length < 0)
                    return new ControlAnswer.Lost("the connection was closed before the answer was complete");

                ReplyLine reply = ReplyReader.Read(_received.AsSpan(_start, length), request.Op);
                _start += length + 1;
                switch (reply)
                {
                    case ReplyLine.Refused refused when reply.Id is null || reply.Id == _lastId:
                        return new ControlAnswer.Refused(refused.Error);
                    case ReplyLine.Done done when reply.Id == _lastId:
                        return new ControlAnswer.Done(done.Result);
                    case ReplyLine.Item item when reply.Id == _lastId && onItem is not null:
                        await onItem(item.Value);
                        break;
                    case ReplyLine.Dropped dropped when reply.Id == _lastId:
                        onDropped?.Invoke(dropped.Count);
                        break;
                    default:
                        break; // Nobody wants it.
                }
            }
        }
        catch (SocketException exception)
        {
            return new ControlAnswer.Lost($"the connection broke: {exception.Message}");
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return new ControlAnswer.Lost($"the answer is not of this protocol: {exception.Message}");
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The length of the line that begins at _start, without its newline; -1 = the end of the connection.</summary>
    private async ValueTask<int> ReceiveLineAsync(CancellationToken cancellation)
    {
        int searched = _start;
        while (true)
        {
            int newline = _received.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (newline >= 0)
                return searched + newline - _start;

            searched = _end;
            if (_end == _received.Length)
                searched -= MakeRoom();

            int count = await _socket.ReceiveAsync(_received.AsMemory(_end), cancellation);
            if (count == 0)
                return -1;

            _end += count;
        }
    }

    /// <summary>Moves what is unread to the front, and doubles the buffer if that is not enough. Returns by how much it was moved.</summary>
    private int MakeRoom()
    {
        int moved = _start;
        _received.AsSpan(_start, _end - _start).CopyTo(_received);
        (_start, _end) = (0, _end - _start);
        if (_end == _received.Length)
        {
            if (_end > ControlProtocol.ReplyBytesMax)
                throw new JsonException("a line is too long");

            Array.Resize(ref _received, _received.Length * 2);
        }

        return moved;
    }
}
