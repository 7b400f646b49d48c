using System.Buffers;
using Init.Control;
using Init.Linux;

namespace Init.Engine.Control;

/// <summary>
/// One client. Bytes come in, are cut into lines and carried out a few at a time; lines go out through a bounded queue, and while
/// that is long nothing more is read.
/// </summary>
internal sealed class ControlConnection(ControlServer server, int fd, ControlPeer peer)
{
    private readonly Queue<byte[]> _output = new();
    private readonly List<ControlReply> _replies = [];

    /// <summary>What has been received and not carried out: part of a line, or lines that have to wait.</summary>
    private byte[] _input = [];
    private int _inputLength;

    /// <summary>How much of the first line in the queue has been sent.</summary>
    private int _sent;
    private LoopTimer? _requestTimer;
    private LoopTimer? _readTimer;
    private LoopTimer? _abandonTimer;
    private bool _serving;
    private bool _inputEnded;
    private bool _turnPosted;
    private bool _closeWhenSent;
    private bool _abandoned;
    private bool _closed;

    public ControlPeer Peer => peer;

    public long BacklogBytes { get; private set; }

    public long LastTurn { get; private set; } = server.NextTurn();

    /// <summary>Nothing is owed to it.</summary>
    public bool IsIdle => _replies.Count == 0 && BacklogBytes == 0;

    /// <summary>All that is owed to it is what it follows.</summary>
    public bool IsFollower => _replies.Count > 0 && _replies.TrueForAll(reply => reply.IsFollowed);

    private bool ReadsPaused => _inputEnded || _closeWhenSent || _turnPosted || BacklogBytes > server.Limits.ReadPauseBytes;

    /// <summary>The descriptor's handler.</summary>
    public void OnReady(IoEvents events) => Serve(() =>
    {
        if ((events & IoEvents.Readable) != IoEvents.None && !ReadsPaused)
            _ = Receive();

        if ((events & (IoEvents.HangUp | IoEvents.Error)) != IoEvents.None)
        {
            // The peer is gone and can send no more. What it sent before it went is still carried out, one turn's share of it ("shutdown" and away).
            do
                CarryOut();
            while (!_closed && !ReadsPaused && Receive());
            Close();
        }
    });

    /// <summary>Queues a line; it is sent when the loop says that there is room. False: the client is no longer there.</summary>
    public bool Enqueue(ReadOnlySpan<byte> line)
    {
        if (_closed || _abandoned)
            return false;

        _output.Enqueue(line.ToArray());
        Count(line.Length);
        server.EnforceTotalBacklog(this);
        if (!_serving && !_abandoned)
            UpdateInterest();
        return !_abandoned;
    }

    public void Forget(ControlReply reply) => _replies.Remove(reply);

    /// <summary>
    /// Frees its backlog at once and closes it in the next pass: callers are in the midst of sending, where no <see cref="IControlReply.Closed"/> may be
    /// called.
    /// </summary>
    public void Abandon()
    {
        _abandoned = true;
        DropOutput();
        server.Report($"control socket: closed the connection of process {peer.Pid}, which does not read what it asked for");
        _abandonTimer = server.Loop.After(TimeSpan.Zero, Close);
    }

    /// <summary>Says why, if the client's buffer has room for that, and closes.</summary>
    public void CloseWith(ControlError error)
    {
        // Whole lines only: after a part of one, this would be garbage.
        if (_sent == 0)
        {
            ArrayBufferWriter<byte> line = new();
            ReplyWriter.WriteError(line, id: null, error);
            _ = UnixSockets.Send(fd, line.WrittenSpan);
        }

        Close();
    }

    public void Close()
    {
        if (_closed)
            return;

        _closed = true;
        server.Loop.Unwatch(fd);
        Files.Close(fd);
        DropOutput();
        _requestTimer?.Cancel();
        _readTimer?.Cancel();
        _abandonTimer?.Cancel();
        server.Forget(this);

        foreach (ControlReply reply in _replies.ToArray())
            reply.ClientLeft();
        _replies.Clear();
    }

    /// <summary>Runs a turn of this connection. A fault of ours costs this client its connection, and nobody else anything.</summary>
    private void Serve(Action turn)
    {
        if (_closed)
            return;

        _serving = true;
        try
        {
            turn();
            do
            {
                CarryOut();
                Flush();
            }
            while (CanCarryOut);
        }
        catch (Exception exception)
        {
            server.Report($"control socket: cannot serve process {peer.Pid}: {exception}");
            Close();
        }
        finally
        {
            _serving = false;
        }

        if (_closed)
            return;

        if (_abandoned)
            return; // Its timer is set.

        if (BacklogBytes == 0 && (_closeWhenSent || (_inputEnded && _replies.Count == 0 && !_turnPosted)))
            Close();
        else
            UpdateInterest();
    }

    /// <summary>One read. False when there is nothing more to be had now, or ever.</summary>
    private bool Receive()
    {
        IoResult received = Files.Read(fd, server.ReadBuffer);
        if (received.WouldBlock)
            return false;

        if (!received.Succeeded)
        {
            Close(); // ECONNRESET.
            return false;
        }

        if (received.IsEndOfFile)
        {
            // Perhaps it has only shut down its writing half ("… | socat - UNIX:…") and still reads: its requests are answered.
            _inputEnded = true;
            return false;
        }

        Append(server.ReadBuffer.AsSpan(0, received.Count));
        return true;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_inputLength + bytes.Length > _input.Length)
            Array.Resize(ref _input, Math.Max(_inputLength + bytes.Length, _input.Length * 2));

        bytes.CopyTo(_input.AsSpan(_inputLength));
        _inputLength += bytes.Length;
    }

    /// <summary>Carries out complete lines, up to this turn's share.</summary>
    private void CarryOut()
    {
        if (_closed)
            return;

        int start = 0, share = server.Limits.RequestsPerTurn;
        while (!_closed && !_abandoned && !_closeWhenSent && !_turnPosted)
        {
            int length = _input.AsSpan(start, _inputLength - start).IndexOf((byte)'\n');
            if ((length < 0 ? _inputLength - start : length + 1) > ControlProtocol.RequestBytesMax)
            {
                FailConnection(ErrorCode.TooLarge, $"cannot read request: it is longer than {ControlProtocol.RequestBytesMax} bytes");
                break;
            }

            if (length < 0)
                break;

            if (BacklogBytes > server.Limits.ReadPauseBytes)
            {
                Flush();
                if (_closed || BacklogBytes > server.Limits.ReadPauseBytes)
                    break; // Goes on when the client has read.
            }

            if (share-- == 0)
            {
                _turnPosted = true;
                server.Loop.Post(() =>
                {
                    _turnPosted = false;
                    Serve(static () => { });
                });
                break;
            }

            ReadOnlySpan<byte> line = _input.AsSpan(start, length);
            start += length + 1;
            _requestTimer?.Cancel();
            _requestTimer = null;
            CarryOut(line);
        }

        if (_closed)
            return;

        Consume(start);
        if (_inputEnded && _inputLength > 0 && !HasLine && !_closeWhenSent)
            FailConnection(ErrorCode.BadRequest, "cannot read request: it does not end with a newline");
        WatchRequestTime();
    }

    /// <summary>A line waits, and nothing stands in its way.</summary>
    private bool CanCarryOut =>
        !_closed && !_abandoned && !_closeWhenSent && !_turnPosted && BacklogBytes <= server.Limits.ReadPauseBytes && HasLine;

    private bool HasLine => _input.AsSpan(0, _inputLength).Contains((byte)'\n');

    private void CarryOut(ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty)
            return;

        LastTurn = server.NextTurn();
        RequestLine parsed = RequestReader.Read(line);
        if (parsed.Error is null && _replies.Count >= server.Limits.OutstandingMax)
        {
            parsed = parsed with
            {
                Request = null,
                Error = new ControlError(
                    ErrorCode.TooManyRequests, $"cannot take on another request: {_replies.Count} of this connection are not answered yet"),
            };
        }

        if (parsed.Request is null)
        {
            ArrayBufferWriter<byte> answer = new();
            ReplyWriter.WriteError(answer, parsed.Id, parsed.Error!);
            _ = Enqueue(answer.WrittenSpan);
            return;
        }

        ControlReply reply = new(server, this, parsed.Id!.Value, parsed.Request);
        _replies.Add(reply);
        server.CountRequest();
        try
        {
            server.Handler.Handle(parsed.Request, reply);
        }
        catch (Exception exception)
        {
            // The request is lost, PID 1 is not.
            server.Report($"control socket: cannot carry out {parsed.Request.Op}: {exception}");
            reply.Fail(new ControlError(ErrorCode.Internal, $"cannot carry out {parsed.Request.Op}: a fault in the supervisor; its log says more"));
        }
    }

    private void Consume(int count)
    {
        _inputLength -= count;
        if (_inputLength == 0)
            _input = []; // Hundreds of idle connections hold no buffers.
        else if (count > 0)
            _input.AsSpan(count, _inputLength).CopyTo(_input);
    }

    /// <summary>The clock runs from the first byte of a line to its newline, however many bytes trickle in between.</summary>
    private void WatchRequestTime()
    {
        if (_inputLength == 0 || HasLine || _inputEnded || _closeWhenSent)
        {
            _requestTimer?.Cancel();
            _requestTimer = null;
            return;
        }

        _requestTimer ??= server.Loop.After(server.Limits.RequestTime, () => Serve(() =>
            FailConnection(ErrorCode.TimedOut, $"cannot read request: it was not complete after {server.Limits.RequestTime.TotalSeconds:0.#} s")));
    }

    private void FailConnection(string code, string message)
    {
        ArrayBufferWriter<byte> line = new();
        ReplyWriter.WriteError(line, id: null, new ControlError(code, message));
        _ = Enqueue(line.WrittenSpan);
        _closeWhenSent = true;
    }

    private void Flush()
    {
        if (_closed)
            return;

        bool moved = false;
        while (_output.TryPeek(out byte[]? line))
        {
            IoResult result = UnixSockets.Send(fd, line.AsSpan(_sent));
            if (result.WouldBlock)
                break;

            if (!result.Succeeded)
            {
                Close(); // EPIPE, ECONNRESET: nobody reads this any more.
                return;
            }

            moved = true;
            _sent += result.Count;
            Count(-result.Count);
            if (_sent == line.Length)
            {
                _output.Dequeue();
                _sent = 0;
            }
        }

        if (_output.Count == 0)
        {
            foreach (ControlReply reply in _replies)
                reply.TellDropped();
        }

        WatchReadTime(moved);
    }

    /// <summary>A follower may stop reading for as long as it likes: its backlog is bounded, and it learns what it missed.</summary>
    private void WatchReadTime(bool moved)
    {
        if (moved || _output.Count == 0 || IsFollower)
        {
            _readTimer?.Cancel();
            _readTimer = null;
        }

        if (_output.Count > 0 && !IsFollower)
            _readTimer ??= server.Loop.After(server.Limits.ReadTime, Close);
    }

    private void UpdateInterest()
    {
        IoEvents events = ReadsPaused ? IoEvents.None : IoEvents.Readable;
        if (BacklogBytes > 0)
            events |= IoEvents.Writable;
        server.Loop.Change(fd, events);
    }

    private void DropOutput()
    {
        _output.Clear();
        _sent = 0;
        Count((int)-BacklogBytes);
    }

    private void Count(int bytes)
    {
        BacklogBytes += bytes;
        server.CountBacklog(bytes);
    }
}
