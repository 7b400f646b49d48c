using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>A connection to the file. Statements are prepared once and kept.</summary>
internal sealed class SqliteSession : SqlSession, IDisposable
{
    /// <summary>More statements than there are; those of filters come in some variants.</summary>
    private const int StatementsMax = 200;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public SqliteSession(SqliteConnection connection) => _connection = connection;

    public override string ForUpdate => "";

    public SQLitePCL.sqlite3? Handle => _connection.Handle;

    /// <summary>There is one writer.</summary>
    public override ValueTask LockCallsAsync() => ValueTask.CompletedTask;

    public override ValueTask<int> ExecuteAsync(string sql, params object?[] values) => new(CommandOf(sql, values).ExecuteNonQuery());

    public void Execute(string sql) => CommandOf(sql, []).ExecuteNonQuery();

    public long Number(string sql) => Convert.ToInt64(CommandOf(sql, []).ExecuteScalar(), null);

    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values)
            command.Dispose();
        _connection.Dispose();
    }

    protected override Task<DbDataReader> ReaderAsync(string sql, object?[] values) => Task.FromResult<DbDataReader>(CommandOf(sql, values).ExecuteReader());

    private SqliteCommand CommandOf(string sql, object?[] values)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            if (_commands.Count == StatementsMax)
                Forget();
            command = _connection.CreateCommand();
#pragma warning disable CA2100 // SQL is ours; what comes from outside is a parameter.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (int i = 1; i <= values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            _commands.Add(sql, command);
        }

        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = Bound(values[i]);
        return command;
    }

    private void Forget()
    {
        foreach (SqliteCommand command in _commands.Values)
            command.Dispose();
        _commands.Clear();
    }
}
