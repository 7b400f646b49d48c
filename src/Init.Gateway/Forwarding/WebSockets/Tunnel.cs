using System.Buffers;
using System.Net.Sockets;

namespace Init.Gateway.Forwarding.WebSockets;

/// <summary>Carries bytes both ways until one side has no more. While nothing comes, it holds no buffer and little else: there may be thousands of them that say nothing for hours.</summary>
internal sealed class Tunnel : IDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly Stream _client;
    private readonly Stream _backend;
    private readonly Action _abortClient;
    private readonly Timer _timer;
    private readonly TimeSpan _idle;
    private long _lastActivity = Environment.TickCount64;

    /// <param name="client">Upgraded.</param>
    /// <param name="backend">Upgraded. Disposed of in the end.</param>
    /// <param name="idle">Silence in both directions ends it after this.</param>
    /// <param name="abortClient">Ends the client's connection, and what waits for it.</param>
    public Tunnel(Stream client, Stream backend, TimeSpan idle, Action abortClient)
    {
        _client = client;
        _backend = backend;
        _abortClient = abortClient;
        _idle = idle;
        _timer = new Timer(static tunnel => ((Tunnel)tunnel!).Look(), this, idle, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Ends when one direction has: the HTTP server takes a client that closes its half for one that has gone, and WebSockets say goodbye in their own words before they close.
    /// </summary>
    public async Task RunAsync()
    {
        Task<bool> up = CopyAsync(_client, _backend), down = CopyAsync(_backend, _client);
        bool isOrderly = await await Task.WhenAny(up, down);

        // What broke, or was silent for too long, is not to be taken for an orderly end.
        if (!isOrderly)
            _abortClient();
        await _backend.DisposeAsync();
    }

    public void Dispose() => _timer.Dispose();

    /// <returns>True at the end of the stream, false when it broke.</returns>
    private async Task<bool> CopyAsync(Stream from, Stream to)
    {
        byte[]? buffer = null;
        try
        {
            while (true)
            {
                // A read of nothing ends when there is something, and keeps no buffer until then.
                _ = await from.ReadAsync(Memory<byte>.Empty);
                buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                int count = await from.ReadAsync(buffer.AsMemory());
                if (count == 0)
                    return true;

                Volatile.Write(ref _lastActivity, Environment.TickCount64);
                await to.WriteAsync(buffer.AsMemory(0, count));
                await to.FlushAsync();
                Volatile.Write(ref _lastActivity, Environment.TickCount64);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = null;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or SocketException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            if (buffer is not null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Setting the timer for every message would cost more than the message: it looks when it goes off how long the silence has been.</summary>
    private void Look()
    {
        TimeSpan silence = TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _lastActivity));
        if (silence < _idle)
        {
            _timer.Change(_idle - silence, Timeout.InfiniteTimeSpan);
            return;
        }

        _abortClient();
        _backend.Dispose();
    }
}
