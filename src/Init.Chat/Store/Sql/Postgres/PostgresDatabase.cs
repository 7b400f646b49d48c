using System.Collections.Immutable;
using System.Net.Sockets;
using Npgsql;

namespace Init.Chat.Store.Sql.Postgres;

/// <summary>A database that several processes share. What they must know of each other are rows with a lease.</summary>
internal sealed class PostgresDatabase : SqlDatabase
{
    /// <summary>After which a transaction that others got in the way of is not tried again.</summary>
    private const int TriesMax = 5;

    private readonly NpgsqlDataSource _source;
    private readonly string _place;
    private readonly PostgresLeases _leases;

    private PostgresDatabase(NpgsqlDataSource source, string place, TimeSpan lease)
    {
        _source = source;
        _place = place;
        _leases = new PostgresLeases(this, lease);
    }

    /// <exception cref="StoreException">It cannot be used.</exception>
    public static async Task<PostgresDatabase> OpenAsync(string text, TimeSpan lease, CancellationToken cancellation)
    {
        NpgsqlConnectionStringBuilder address = PostgresAddress.Parse(text);
        NpgsqlSlimDataSourceBuilder builder = new(address.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        PostgresDatabase database = new(builder.Build(), PostgresAddress.Place(address), lease);
        try
        {
            await database.WriteAsync(session => PostgresTables.PrepareAsync(session, address.SearchPath!, database._place), cancellation);
            database._leases.Start();
            return database;
        }
        catch
        {
            await database._source.DisposeAsync();
            throw;
        }
    }

    public override bool IsShared => true;

    public override async Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation)
    {
        try
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellation);
            return await work(new PostgresSession(connection));
        }
        catch (Exception exception) when (IsOfDatabase(exception))
        {
            throw ErrorOf(exception);
        }
    }

    public override async Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellation);
                await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                T result = await work(new PostgresSession(connection));
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            }
            catch (PostgresException exception) when (tries < TriesMax && exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                // Undone by the server; whoever was in the way is through now.
            }
            catch (Exception exception) when (IsOfDatabase(exception))
            {
                throw ErrorOf(exception);
            }
        }
    }

    public override Task<IAsyncDisposable> EnterAsync(ItemKey key, CancellationToken cancellation) => _leases.EnterAsync(key, cancellation);

    public override ValueTask KeepOwnerAsync(SqlSession session, string owner) => _leases.KeepOwnerAsync(session, owner);

    public override ValueTask<ImmutableHashSet<string>> LiveOwnersAsync(SqlSession session) => PostgresLeases.LiveOwnersAsync(session);

    public override async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _source.DisposeAsync();
    }

    private static bool IsOfDatabase(Exception exception) => exception is NpgsqlException or SocketException or TimeoutException or IOException;

    private StoreException ErrorOf(Exception exception) => new(
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } => $"cannot use the chat store in {_place}: the server's disk is full",
            PostgresException refused => $"cannot use the chat store in {_place}: the server says: {refused.MessageText} ({refused.SqlState})",
            _ => $"cannot reach the chat store in {_place}: {exception.Message} (look whether the server runs and lets this host in)",
        },
        exception);
}
