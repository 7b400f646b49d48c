using System.Buffers;
using Init.Control;

namespace Init.Engine.Control;

/// <summary>The answer to one request of one connection.</summary>
internal sealed class ControlReply(ControlServer server, ControlConnection connection, long id, ControlRequest request) : IControlReply
{
    /// <summary>Items left out since the client was last told.</summary>
    private long _dropped;

    public ControlPeer Peer => connection.Peer;

    public bool IsClosed { get; private set; }

    public Action? Closed { get; set; }

    /// <summary>It goes on until the client leaves, so that waiting for its end means nothing.</summary>
    public bool IsFollowed { get; } = request is ControlRequest.Events or ControlRequest.Tail { Follow: true };

    public bool Send(ControlItem item)
    {
        if (IsClosed)
            return false;

        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteItem(line, id, item);
        if (connection.BacklogBytes + line.WrittenCount > server.Limits.BacklogBytesMax)
        {
            _dropped++;
            return false;
        }

        TellDropped();
        return connection.Enqueue(line.WrittenSpan);
    }

    public void Complete(ControlResult? result = null)
    {
        if (IsClosed)
            return;

        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteResult(line, id, result);
        if (line.WrittenCount > ControlProtocol.ReplyBytesMax)
            Fail(new ControlError(ErrorCode.TooLarge, $"cannot answer {request.Op}: the answer has {line.WrittenCount} bytes", "name fewer programs"));
        else
            End(line.WrittenSpan);
    }

    public void Fail(ControlError error)
    {
        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteError(line, id, error);
        End(line.WrittenSpan);
    }

    public void TellDropped()
    {
        if (_dropped == 0 || IsClosed)
            return;

        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteDropped(line, id, _dropped);
        _dropped = 0;
        _ = connection.Enqueue(line.WrittenSpan);
    }

    /// <summary>Tells the handler that nobody waits any more.</summary>
    public void ClientLeft()
    {
        if (IsClosed)
            return;

        IsClosed = true;
        try
        {
            Closed?.Invoke();
        }
        catch (Exception exception)
        {
            server.Report($"control socket: cannot end {request.Op}: {exception}");
        }
    }

    private void End(ReadOnlySpan<byte> line)
    {
        if (IsClosed)
            return;

        TellDropped();
        IsClosed = true;
        connection.Forget(this);
        _ = connection.Enqueue(line);
    }
}
