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
    private readonly LineBuffer _received = new();
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
    public bool IsUsable => _received.IsEmpty && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>True: what the longest answer has made it hold is not worth getting rid of.</summary>
    public bool IsSmall => _received.Capacity <= BufferBytesKept;

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
                if (!_received.TryTake(out ReadOnlySpan<byte> line))
                {
                    int count = await _socket.ReceiveAsync(_received.Room(), cancellation);
                    if (count == 0)
                        return new ControlAnswer.Lost("the connection was closed before the answer was complete");

                    _received.Add(count);
                    continue;
                }

                ReplyLine reply = ReplyReader.Read(line, request.Op);
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
}
