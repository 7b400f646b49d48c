using System.Collections.Immutable;
using System.Data.Common;

namespace Init.Chat.Store.Sql;

/// <summary>
/// A connection while somebody uses it. SQL is written once, for both databases: parameters are $1, $2 …; values are <see cref="long"/>, <see cref="string"/>, an array of bytes, or null. With SQLite nothing here waits: every task
/// that is returned is complete.
/// </summary>
internal abstract class SqlSession
{
    /// <summary>What a SELECT ends with whose rows are to be changed.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>From here to the end of the transaction nobody else numbers calls: who follows the log by number must not miss one that was committed late.</summary>
    public abstract ValueTask LockCallsAsync();

    /// <returns>How many rows were changed.</returns>
    public abstract ValueTask<int> ExecuteAsync(string sql, params object?[] values);

    public async ValueTask<ImmutableArray<T>> QueryAsync<T>(string sql, Func<SqlRow, T> read, params object?[] values)
    {
        await using DbDataReader reader = await ReaderAsync(sql, values);
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync())
            rows.Add(read(new SqlRow(reader)));
        return rows.DrainToImmutable();
    }

    /// <returns>What the first row is read as; null: there is none.</returns>
    public async ValueTask<T?> FirstAsync<T>(string sql, Func<SqlRow, T> read, params object?[] values)
        where T : class
    {
        ImmutableArray<T> rows = await QueryAsync(sql, read, values);
        return rows.Length > 0 ? rows[0] : null;
    }

    protected abstract Task<DbDataReader> ReaderAsync(string sql, object?[] values);

    /// <summary>As it goes to the database.</summary>
    protected static object Bound(object? value) => value switch
    {
        null => DBNull.Value,
        string text => SqlText.Encode(text),
        _ => value,
    };
}

internal readonly struct SqlRow(DbDataReader reader)
{
    public long Number(int column) => reader.GetInt64(column);

    public long? NumberOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    public string Text(int column) => SqlText.Decode(reader.GetString(column));

    public string? TextOrNull(int column) => reader.IsDBNull(column) ? null : Text(column);
}
