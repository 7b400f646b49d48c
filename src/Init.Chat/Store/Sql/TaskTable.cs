using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Init.Chat.Store.Sql;

internal static class TaskTable
{
    private const string Columns = "id, owner, user_name, branch, model_type, key_id, state, content, reasoning, problem, started, ended";

    public static async ValueTask BeginAsync(SqlSession session, TaskStart start, string said) => await session.ExecuteAsync(
        """
        INSERT INTO tasks (id, owner, user_name, branch, said, model_type, key_id, state, content, reasoning, started)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', '', $8)
        """,
        start.Id, start.Owner, start.User, start.Branch, said, start.ModelType, start.KeyId, SqlUnits.Time(start.Started));

    public static async ValueTask CheckpointAsync(SqlSession session, TaskCheckpoint checkpoint) => await session.ExecuteAsync(
        "UPDATE tasks SET content = $1, reasoning = $2 WHERE id = $3 AND state = 0", checkpoint.Content, checkpoint.Reasoning, checkpoint.Id);

    /// <returns>Null: it is not running, and nothing was done.</returns>
    public static async ValueTask<EndedTask?> EndAsync(SqlSession session, TaskEnd end)
    {
        // The answer as it was appended, or else the one that was kept on the way.
        ChatMessage? answer = end.Append.LastOrDefault(message => message.Role == "assistant");
        return await session.FirstAsync(
            """
            UPDATE tasks SET state = $1, content = COALESCE($2, content), reasoning = COALESCE($3, reasoning), problem = $4, ended = $5, said = '[]'
            WHERE id = $6 AND state = 0 RETURNING user_name, branch
            """,
            row => new EndedTask(row.Text(0), row.TextOrNull(1)),
            (long)end.State, answer?.Content, answer?.Reasoning, end.Problem, SqlUnits.Time(end.Ended), end.Id);
    }

    public static async ValueTask<ImmutableArray<RunningTask>> RunningAsync(SqlSession session) => await session.QueryAsync(
        $"SELECT {Columns}, said FROM tasks WHERE state = 0 ORDER BY started, id" + session.ForUpdate, row => new RunningTask(Info(row), row.Text(12)));

    public static ValueTask<ImmutableArray<TaskInfo>> ListAsync(SqlSession session, TaskFilter filter)
    {
        List<object?> values = [];
        StringBuilder sql = new($"SELECT {Columns} FROM tasks WHERE 1 = 1");
        if (filter.User is not null)
            sql.Append(CultureInfo.InvariantCulture, $" AND user_name = ${Add(values, filter.User)}");
        if (filter.State is { } state)
            sql.Append(CultureInfo.InvariantCulture, $" AND state = ${Add(values, (long)state)}");
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY started DESC, id LIMIT ${Add(values, (long)Math.Max(1, filter.Limit))}");
        return session.QueryAsync(sql.ToString(), Info, [.. values]);
    }

    public static ValueTask<TaskInfo?> FindAsync(SqlSession session, string id) => session.FirstAsync($"SELECT {Columns} FROM tasks WHERE id = $1", Info, id);

    /// <summary>Those that ended before. A bounded number, because writers wait.</summary>
    /// <returns>How many.</returns>
    public static ValueTask<int> PruneAsync(SqlSession session, DateTimeOffset before, int countMax) => session.ExecuteAsync(
        "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE ended IS NOT NULL AND ended < $1 ORDER BY ended LIMIT $2)", SqlUnits.Time(before), (long)countMax);

    internal static int Add(List<object?> values, object? value)
    {
        values.Add(value);
        return values.Count;
    }

    private static TaskInfo Info(SqlRow row) => new(
        row.Text(0), row.Text(1), row.Text(2), row.TextOrNull(3), row.Text(4), row.TextOrNull(5), (TaskState)row.Number(6), row.Text(7), row.Text(8), row.TextOrNull(9),
        SqlUnits.Time(row.Number(10)), row.NumberOrNull(11) is { } ended ? SqlUnits.Time(ended) : null);
}

/// <param name="Branch">Null: it is not saved.</param>
internal sealed record EndedTask(string User, string? Branch);

/// <param name="Said">A JSON array of messages.</param>
internal sealed record RunningTask(TaskInfo Info, string Said);
