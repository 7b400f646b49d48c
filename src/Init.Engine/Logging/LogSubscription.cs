using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>A piece of a followed log.</summary>
/// <param name="Bytes">As the program wrote them; usually whole lines.</param>
/// <param name="DroppedBefore">Bytes between the piece before and this one that were dropped, for the follower was too slow.</param>
/// <param name="IsEnd">Nothing more will come: the program is no longer in the configuration, or Init stops.</param>
public readonly record struct LogChunk(ReadOnlyMemory<byte> Bytes, long DroppedBefore, bool IsEnd);

/// <summary>Made by <see cref="LogPump.Follow"/>; goes on over restarts of the program until it is cancelled.</summary>
public sealed class LogSubscription
{
    /// <summary>Bytes on their way to the main loop; what is more is dropped and counted.</summary>
    internal const int OnTheWayMax = 1 << 20;

    private readonly EventLoop _mainLoop;
    private readonly Action<LogChunk> _receive;
    private long _dropped;
    private int _onTheWay;
    private volatile bool _isCancelled;

    internal LogSubscription(EventLoop mainLoop, Action<LogChunk> receive)
    {
        _mainLoop = mainLoop;
        _receive = receive;
    }

    internal bool IsCancelled => _isCancelled;

    /// <summary>From the main loop's thread: the call-back will not be called any more.</summary>
    public void Cancel() => _isCancelled = true;

    internal void Publish(ReadOnlySpan<byte> bytes)
    {
        if (_isCancelled || bytes.IsEmpty)
            return;

        if (Volatile.Read(ref _onTheWay) + bytes.Length > OnTheWayMax)
            _dropped += bytes.Length;
        else
            Send(bytes.ToArray(), isEnd: false);
    }

    internal void End() => Send([], isEnd: true);

    private void Send(byte[] bytes, bool isEnd)
    {
        LogChunk chunk = new(bytes, _dropped, isEnd);
        _dropped = 0;
        Interlocked.Add(ref _onTheWay, bytes.Length);
        _mainLoop.Post(() =>
        {
            if (!_isCancelled)
                _receive(chunk);
            Interlocked.Add(ref _onTheWay, -chunk.Bytes.Length);
        });
    }
}
