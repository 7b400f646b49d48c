using System.Data.Common;
using Npgsql;

namespace Init.Chat.Store.Sql.Postgres;

/// <summary>A connection of the pool. Npgsql prepares what comes again and again.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection) : SqlSession
{
    /// <summary>Any number: of the advisory lock that numbers calls.</summary>
    private const long CallsLock = 0x4943485443414C4C;

    public override string ForUpdate => " FOR UPDATE";

    public override async ValueTask LockCallsAsync() => await ExecuteAsync("SELECT pg_advisory_xact_lock($1)", CallsLock);

    public override async ValueTask<int> ExecuteAsync(string sql, params object?[] values)
    {
        await using NpgsqlCommand command = CommandOf(sql, values);
        return await command.ExecuteNonQueryAsync();
    }

    protected override async Task<DbDataReader> ReaderAsync(string sql, object?[] values)
    {
        NpgsqlCommand command = CommandOf(sql, values);
        return await command.ExecuteReaderAsync();
    }

    private NpgsqlCommand CommandOf(string sql, object?[] values)
    {
#pragma warning disable CA2100 // SQL is ours; what comes from outside is a parameter.
        NpgsqlCommand command = new(sql, connection);
#pragma warning restore CA2100
        foreach (object? value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = Bound(value) });
        return command;
    }
}
