using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Init.Chat.Store.Sql.Postgres;

/// <summary>
/// What a process has for as long as it lives: turns of contexts, and its name as an owner of tasks. Each is a row that expires by the server's clock unless it is renewed. A turn is a ticket: whose number is the lowest of those that
/// have not expired has the turn.
/// </summary>
internal sealed class PostgresLeases : IAsyncDisposable
{
    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    /// <summary>Between two looks at whether it is our turn; the first are closer together.</summary>
    private static readonly TimeSpan PollMin = TimeSpan.FromMilliseconds(3), PollMax = TimeSpan.FromMilliseconds(100);

    private readonly SqlDatabase _database;
    private readonly TimeSpan _lease;
    private readonly string _holder = Guid.NewGuid().ToString("N");
    private readonly KeyedTurns _turns = new();
    private readonly ConcurrentDictionary<long, bool> _tickets = new();
    private readonly ConcurrentDictionary<string, bool> _owners = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _renewing = Task.CompletedTask;

    public PostgresLeases(SqlDatabase database, TimeSpan lease)
    {
        _database = database;
        _lease = lease;
    }

    private long LeaseMilliseconds => (long)_lease.TotalMilliseconds;

    public static async ValueTask<ImmutableHashSet<string>> LiveOwnersAsync(SqlSession session) =>
        [.. await session.QueryAsync($"SELECT owner FROM owners WHERE expires > {Now}", row => row.Text(0))];

    public void Start() => _renewing = RenewAsync();

    /// <summary>Ours wait for each other here, so that one of them at a time asks the server.</summary>
    public async Task<IAsyncDisposable> EnterAsync(ItemKey key, CancellationToken cancellation)
    {
        byte[] digest = SqlUnits.Digest(key);
        IAsyncDisposable local = await _turns.EnterAsync(key, cancellation);
        long ticket = 0;
        try
        {
            for (TimeSpan poll = PollMin; ; poll = TimeSpan.FromTicks(Math.Min(poll.Ticks * 2, PollMax.Ticks)))
            {
                if (ticket == 0)
                {
                    ticket = await TakeTicketAsync(digest, cancellation);
                    _tickets[ticket] = true;
                }

                long taken = ticket;
                Place place = await _database.ReadAsync(session => PlaceAsync(session, digest, taken), cancellation);
                if (!place.IsValid)
                {
                    // The process, or the server, stood still for longer than a lease, and others went by.
                    _tickets.TryRemove(ticket, out _);
                    ticket = 0;
                }
                else if (place.Before == 0)
                {
                    return new Turn(this, ticket, local);
                }
                else
                {
                    await Task.Delay(poll, cancellation);
                }
            }
        }
        catch
        {
            await LeaveAsync(ticket);
            await local.DisposeAsync();
            throw;
        }
    }

    public async ValueTask KeepOwnerAsync(SqlSession session, string owner)
    {
        if (_owners.ContainsKey(owner))
            return;
        await session.ExecuteAsync(
            $"INSERT INTO owners (owner, holder, expires) VALUES ($1, $2, {Now} + $3) ON CONFLICT (owner) DO UPDATE SET holder = excluded.holder, expires = excluded.expires",
            owner, _holder, LeaseMilliseconds);
        _owners[owner] = true; // If this transaction fails, the next renewal makes the row: RenewOnceAsync.
    }

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
            return;
        await _closing.CancelAsync();
        await _renewing;
        try
        {
            await _database.WriteAsync(
                async session => await session.ExecuteAsync("DELETE FROM turns WHERE holder = $1", _holder) + await session.ExecuteAsync("DELETE FROM owners WHERE holder = $1", _holder),
                CancellationToken.None);
        }
        catch (StoreException)
        {
            // They expire.
        }

        _closing.Dispose();
    }

    private static async ValueTask<Place> PlaceAsync(SqlSession session, byte[] digest, long ticket)
    {
        var places = await session.QueryAsync(
            $"SELECT count(*) FILTER (WHERE ticket < $2), count(*) FILTER (WHERE ticket = $2) FROM turns WHERE digest = $1 AND ticket <= $2 AND expires > {Now}",
            row => new Place(row.Number(0), row.Number(1) > 0), digest, ticket);
        return places[0];
    }

    private Task<long> TakeTicketAsync(byte[] digest, CancellationToken cancellation) => _database.WriteAsync(
        async session =>
        {
            // Without it a lower number could be committed after a higher one had looked and gone ahead.
            await session.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", BinaryPrimitives.ReadInt64LittleEndian(digest));
            await session.ExecuteAsync($"DELETE FROM turns WHERE digest = $1 AND expires <= {Now}", digest);
            var tickets = await session.QueryAsync(
                $"INSERT INTO turns (digest, holder, expires) VALUES ($1, $2, {Now} + $3) RETURNING ticket", row => row.Number(0), digest, _holder, LeaseMilliseconds);
            return tickets[0];
        },
        cancellation);

    private async Task LeaveAsync(long ticket)
    {
        if (ticket == 0)
            return;
        _tickets.TryRemove(ticket, out _); // Not renewed any more, whatever comes.
        try
        {
            await _database.WriteAsync(session => session.ExecuteAsync("DELETE FROM turns WHERE ticket = $1", ticket), CancellationToken.None);
        }
        catch (Exception exception) when (exception is StoreException or ObjectDisposedException)
        {
            // It expires.
        }
    }

    private async Task RenewAsync()
    {
        using PeriodicTimer timer = new(_lease / 4);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                try
                {
                    await RenewOnceAsync();
                }
                catch (StoreException)
                {
                    // Again in a quarter of the lease; whoever uses the store is told.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RenewOnceAsync()
    {
        long[] tickets = [.. _tickets.Keys];
        string[] owners = [.. _owners.Keys];
        if (tickets.Length == 0 && owners.Length == 0)
            return;

        await _database.WriteAsync(
            async session =>
            {
                if (tickets.Length > 0)
                    await session.ExecuteAsync($"UPDATE turns SET expires = {Now} + $1 WHERE ticket = ANY($2)", LeaseMilliseconds, tickets);
                foreach (string owner in owners)
                {
                    await session.ExecuteAsync(
                        $"INSERT INTO owners (owner, holder, expires) VALUES ($1, $2, {Now} + $3) ON CONFLICT (owner) DO UPDATE SET expires = excluded.expires WHERE owners.holder = excluded.holder",
                        owner, _holder, LeaseMilliseconds);
                }

                return true;
            },
            _closing.Token);
    }

    /// <param name="Before">Tickets before ours.</param>
    /// <param name="IsValid">Ours has not expired.</param>
    private readonly record struct Place(long Before, bool IsValid);

    private sealed class Turn(PostgresLeases leases, long ticket, IAsyncDisposable local) : IAsyncDisposable
    {
        private int _left;

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            await leases.LeaveAsync(ticket);
            await local.DisposeAsync();
        }
    }
}
