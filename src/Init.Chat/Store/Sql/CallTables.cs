using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Init.Chat.CallLog;

namespace Init.Chat.Store.Sql;

/// <summary>The log of calls, and what they add up to.</summary>
internal static class CallTables
{
    /// <summary>Longer names of models and keys are cut in the sums: an index of PostgreSQL has no room for them.</summary>
    private const int SumNameLengthMax = 128;

    public static async ValueTask AppendAsync(SqlSession session, IReadOnlyList<CallRecord> calls)
    {
        if (calls.Count == 0)
            return;

        await session.LockCallsAsync();
        foreach (CallRecord call in calls)
        {
            await session.ExecuteAsync(
                "INSERT INTO calls (user_id, model, key_id, started, body) VALUES ($1, $2, $3, $4, $5)",
                SqlUnits.Cut(call.UserId, ItemKey.NameLengthMax), call.Model, call.KeyId, call.TaskStartTime, CallLogJson.ToText(call with { Seq = 0 }));
            await session.ExecuteAsync(
                """
                INSERT INTO usage_sums (day, model, user_id, key_id, calls, failures, prompt_tokens, completion_tokens, total_tokens, cost_micros)
                VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9)
                ON CONFLICT (day, model, user_id, key_id) DO UPDATE SET
                    calls = usage_sums.calls + 1, failures = usage_sums.failures + $5, prompt_tokens = usage_sums.prompt_tokens + $6,
                    completion_tokens = usage_sums.completion_tokens + $7, total_tokens = usage_sums.total_tokens + $8, cost_micros = usage_sums.cost_micros + $9
                """,
                SqlUnits.Day(call.TaskStartTime), SqlUnits.Cut(call.Model, SumNameLengthMax), SqlUnits.Cut(call.UserId, ItemKey.NameLengthMax),
                SqlUnits.Cut(call.KeyId ?? "", SumNameLengthMax), call.Outcome == "failed" ? 1L : 0L,
                call.PromptTokens, call.CompletionTokens, call.TotalTokens, call.CostMicros);
        }
    }

    /// <param name="session">A reader.</param>
    /// <param name="filter">Of all.</param>
    /// <param name="edge">Those behind this number in the order of the filter; null: from the beginning.</param>
    /// <param name="count">At most.</param>
    public static ValueTask<ImmutableArray<CallRecord>> PageAsync(SqlSession session, CallFilter filter, long? edge, int count)
    {
        List<object?> values = [];
        StringBuilder sql = new("SELECT seq, body FROM calls WHERE 1 = 1");
        void And(string condition, object value) => sql.Append(CultureInfo.InvariantCulture, $" AND {condition} ${TaskTable.Add(values, value)}");

        if (filter.AfterSeq > 0 || (edge is not null && !filter.NewestFirst))
            And("seq >", filter.NewestFirst ? filter.AfterSeq : Math.Max(filter.AfterSeq, edge ?? 0));
        if (edge is { } last && filter.NewestFirst)
            And("seq <", last);
        if (filter.User is not null)
            And("user_id =", SqlUnits.Cut(filter.User, ItemKey.NameLengthMax));
        if (filter.Model is not null)
            And("model =", filter.Model);
        if (filter.KeyId is not null)
            And("key_id =", filter.KeyId);
        if (filter.Since is { } since)
            And("started >=", Nanoseconds(since));
        if (filter.Until is { } until)
            And("started <", Nanoseconds(until));
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY seq {(filter.NewestFirst ? "DESC" : "ASC")} LIMIT ${TaskTable.Add(values, (long)count)}");
        return session.QueryAsync(sql.ToString(), row => CallLogJson.Read(row.Text(1)) with { Seq = row.Number(0) }, [.. values]);
    }

    public static ValueTask<ImmutableArray<UsageSum>> UsageAsync(SqlSession session, UsageFilter filter)
    {
        List<object?> values = [];
        StringBuilder sql = new(
            "SELECT day, model, user_id, key_id, calls, failures, prompt_tokens, completion_tokens, total_tokens, cost_micros FROM usage_sums");
        sql.Append(CultureInfo.InvariantCulture, $" WHERE day >= ${TaskTable.Add(values, SqlUnits.Day(filter.Since))}");
        if (filter.KeyId is not null)
            sql.Append(CultureInfo.InvariantCulture, $" AND key_id = ${TaskTable.Add(values, SqlUnits.Cut(filter.KeyId, SumNameLengthMax))}");
        if (filter.User is not null)
            sql.Append(CultureInfo.InvariantCulture, $" AND user_id = ${TaskTable.Add(values, SqlUnits.Cut(filter.User, ItemKey.NameLengthMax))}");
        sql.Append(" ORDER BY day, model, user_id, key_id");
        return session.QueryAsync(
            sql.ToString(),
            row => new UsageSum(
                SqlUnits.DayOf(row.Number(0)), row.Text(1), row.Text(2), row.Text(3) is { Length: > 0 } key ? key : null,
                row.Number(4), row.Number(5), row.Number(6), row.Number(7), row.Number(8), row.Number(9)),
            [.. values]);
    }

    private static long Nanoseconds(DateTimeOffset time) => SqlUnits.Time(time) * TimeSpan.NanosecondsPerTick;
}
