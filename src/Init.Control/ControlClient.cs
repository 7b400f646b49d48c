using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;

namespace Init.Control;

/// <summary>How a request ended.</summary>
public abstract record ControlAnswer
{
    private ControlAnswer() { }

    public sealed record Done(ControlResult? Result) : ControlAnswer;

    public sealed record Refused(ControlError Error) : ControlAnswer;

    /// <summary>The connection broke, or what came over it was no reply.</summary>
    public sealed record Lost(string Why) : ControlAnswer;
}

/// <summary>A connection to the supervisor that carries one request at a time. It blocks; for the command line, not for PID 1.</summary>
public sealed class ControlClient : IDisposable
{
    private readonly Socket _socket;
    private readonly LineBuffer _received = new();
    private long _lastId;

    private ControlClient(Socket socket) => _socket = socket;

    /// <summary>Null with the reason when nobody can be reached there.</summary>
    public static ControlClient? Connect(string socketPath, out SocketError reason)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            reason = SocketError.Success;
            return new ControlClient(socket);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            reason = exception.SocketErrorCode;
            return null;
        }
        catch (ArgumentOutOfRangeException)
        {
            // sun_path of unix(7) holds 107 bytes.
            socket.Dispose();
            reason = SocketError.MessageSize;
            return null;
        }
    }

    /// <summary>Sends the request and reads until it is answered.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="onItem">Called for each item as it comes.</param>
    /// <param name="onDropped">Called with the number of items that the supervisor left out, for they were not read in time.</param>
    public ControlAnswer Ask(ControlRequest request, Action<ControlItem>? onItem = null, Action<long>? onDropped = null)
    {
        ArrayBufferWriter<byte> line = new();
        RequestWriter.Write(line, ++_lastId, request);
        try
        {
            SendAll(line.WrittenSpan);
            while (true)
            {
                if (!ReceiveLine(out ReadOnlySpan<byte> received))
                    return new ControlAnswer.Lost("the connection was closed before the answer was complete");

                ReplyLine reply = ReplyReader.Read(received, request.Op);
                switch (reply)
                {
                    case ReplyLine.Refused refused when reply.Id is null || reply.Id == _lastId:
                        return new ControlAnswer.Refused(refused.Error);
                    case ReplyLine.Done done when reply.Id == _lastId:
                        return new ControlAnswer.Done(done.Result);
                    case ReplyLine.Item item when reply.Id == _lastId:
                        onItem?.Invoke(item.Value);
                        break;
                    case ReplyLine.Dropped dropped when reply.Id == _lastId:
                        onDropped?.Invoke(dropped.Count);
                        break;
                    default:
                        // The rest of an answer to an earlier request.
                        break;
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

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }

    private bool ReceiveLine(out ReadOnlySpan<byte> line)
    {
        while (!_received.TryTake(out line))
        {
            int count = _socket.Receive(_received.Room().Span);
            if (count == 0)
                return false;

            _received.Add(count);
        }

        return true;
    }
}
