using System.Diagnostics;
using Init.Admin.Http.Access;
using Microsoft.AspNetCore.Connections;

namespace Init.Admin.Hosting;

/// <summary>
/// Counts the connections of one listening address. When there are too many, the one that has been without a request for longest makes room: idle clients, however
/// many, keep nobody out.
/// </summary>
public sealed class ConnectionKeeper(int connectionsMax, MemoryTrim trim)
{
    private readonly MemoryTrim _trim = trim;
    private readonly Lock _lock = new();
    private readonly LinkedList<Kept> _idle = new();
    private int _count;

    /// <summary>As connection middleware.</summary>
    public async Task KeepAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        _trim.NoteWork();
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
            _trim.NoteWork();
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
                victim.IsGivenUp = true;
                _count--;
            }

            _count++;
            _idle.AddLast(kept.Place);
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
        if (kept.Place.List is not null)
            _idle.Remove(kept.Place);
    }

    private sealed class Kept : IConnectionActivity
    {
        private readonly ConnectionKeeper _keeper;

        public Kept(ConnectionKeeper keeper, ConnectionContext connection)
        {
            _keeper = keeper;
            Connection = connection;
            Place = new LinkedListNode<Kept>(this);
        }

        public ConnectionContext Connection { get; }

        /// <summary>Among the idle ones, the longest first; in no list while a request is under way.</summary>
        public LinkedListNode<Kept> Place { get; }

        /// <summary>It is being closed, or is closed, and is counted no more.</summary>
        public bool IsGivenUp { get; set; }

        /// <summary>Requests under way; with HTTP/2 there may be many.</summary>
        private int _requests;

        public void RequestBegun()
        {
            _keeper._trim.NoteWork();
            lock (_keeper._lock)
            {
                if (_requests++ == 0)
                    _keeper.TakeFromIdle(this);
            }
        }

        public void RequestEnded()
        {
            lock (_keeper._lock)
            {
                if (--_requests == 0 && !IsGivenUp)
                    _keeper._idle.AddLast(Place);
            }
        }
    }
}
