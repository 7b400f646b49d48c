using System.Diagnostics;
using Init.Admin.Http.Access;
using Microsoft.AspNetCore.Connections;

namespace Init.Gateway.Hosting;

/// <summary>
/// Counts the connections of one listening address. When there are too many, the one that has been without a request for longest makes room: idle clients, however
/// many, keep nobody out.
/// </summary>
internal sealed class ConnectionKeeper(int connectionsMax)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Kept> _idle = [];
    private int _count;

    /// <summary>As connection middleware.</summary>
    public async Task KeepAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Kept kept = new(this, connection);
        if (!TryAdmit(kept))
        {
            connection.Abort();
            return;
        }

        connection.Features.Set<IConnectionActivity>(kept);
        try
        {
            await next(connection);
        }
        finally
        {
            Remove(kept);
        }
    }

    private bool TryAdmit(Kept kept)
    {
        Kept? victim = null;
        lock (_lock)
        {
            if (_count >= connectionsMax)
            {
                if (_idle.First is not { } longest)
                    return false;

                victim = longest.Value;
                _idle.Remove(longest);
                victim.Place = null;
                victim.IsGivenUp = true;
                _count--;
            }

            _count++;
            kept.Place = _idle.AddLast(kept);
        }

        victim?.Connection.Abort(new ConnectionAbortedException("another client needed the place"));
        return true;
    }

    private void Remove(Kept kept)
    {
        lock (_lock)
        {
            if (!kept.IsGivenUp)
                _count--;
            kept.IsGivenUp = true;
            TakeFromIdle(kept);
        }
    }

    private void TakeFromIdle(Kept kept)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (kept.Place is { } place)
            _idle.Remove(place);
        kept.Place = null;
    }

    private sealed class Kept(ConnectionKeeper keeper, ConnectionContext connection) : IConnectionActivity
    {
        public ConnectionContext Connection { get; } = connection;

        /// <summary>Among the idle ones, the longest first; null while a request is under way.</summary>
        public LinkedListNode<Kept>? Place { get; set; }

        /// <summary>It is being closed, or is closed, and is counted no more.</summary>
        public bool IsGivenUp { get; set; }

        /// <summary>Requests under way; with HTTP/2 there may be many.</summary>
        private int _requests;

        public void RequestBegun()
        {
            lock (keeper._lock)
            {
                if (_requests++ == 0)
                    keeper.TakeFromIdle(this);
            }
        }

        public void RequestEnded()
        {
            lock (keeper._lock)
            {
                if (--_requests == 0 && !IsGivenUp)
                    Place = keeper._idle.AddLast(this);
            }
        }
    }
}
