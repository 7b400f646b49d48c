using System.Collections.Concurrent;
using System.Net.Sockets;
using Init.Admin.Http;
using Init.Control;

namespace Init.Admin.Backend;

/// <summary>The supervisor behind its control socket: connections that are used again, as many as are needed and never more than the supervisor would allow.</summary>
public sealed class ControlBackend(string socketPath) : IControlBackend, IDisposable
{
    /// <summary>Connections that are kept for the next request.</summary>
    private const int IdleMax = 16;

    private readonly ConcurrentStack<ControlConnection> _idle = new();
    private readonly SemaphoreSlim _asking = new(HttpLimits.ControlRequestsMax);
    private readonly SemaphoreSlim _following = new(HttpLimits.FollowersMax);

    public async Task<ControlAnswer> AskAsync(
        ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default)
    {
        // Those that follow have places of their own, so that they cannot keep the others out.
        bool follows = request is ControlRequest.Events or ControlRequest.Tail { Follow: true };
        SemaphoreSlim places = follows ? _following : _asking;
        if (!await places.WaitAsync(follows ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, cancellation))
            return new ControlAnswer.Lost($"{HttpLimits.FollowersMax} clients follow logs and events already");

        try
        {
            return await AskOnAsync(request, onItem, onDropped, cancellation);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        while (_idle.TryPop(out ControlConnection? connection))
            connection.Dispose();
        _asking.Dispose();
        _following.Dispose();
    }

    private async Task<ControlAnswer> AskOnAsync(
        ControlRequest request, ControlItemSink? onItem, Action<long>? onDropped, CancellationToken cancellation)
    {
        ControlConnection connection;
        try
        {
            connection = Take();
        }
        catch (SocketException exception)
        {
            return new ControlAnswer.Lost($"cannot connect to {socketPath}: {exception.Message}");
        }
        catch (ArgumentOutOfRangeException)
        {
            return new ControlAnswer.Lost($"cannot connect to {socketPath}: the path is longer than a socket's may be");
        }

        bool isIntact = false;
        try
        {
            ControlAnswer answer = await connection.AskAsync(request, onItem, onDropped, cancellation);
            isIntact = answer is not ControlAnswer.Lost && connection.IsSmall && _idle.Count < IdleMax;
            return answer;
        }
        finally
        {
            // Also when the client went away in the middle: what is left of the answer must not become another one's.
            if (isIntact)
                _idle.Push(connection);
            else
                connection.Dispose();
        }
    }

    private ControlConnection Take()
    {
        while (_idle.TryPop(out ControlConnection? idle))
        {
            if (idle.IsUsable)
                return idle;

            idle.Dispose();
        }

        return ControlConnection.Connect(socketPath);
    }
}
