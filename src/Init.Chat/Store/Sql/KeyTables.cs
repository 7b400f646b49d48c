using System.Collections.Immutable;

namespace Init.Chat.Store.Sql;

/// <summary>API keys, and single values of the role.</summary>
internal static class KeyTables
{
    public static ValueTask<ImmutableArray<StoredApiKey>> KeysAsync(SqlSession session) => session.QueryAsync(
        "SELECT id, hash, name, limits, created, revoked FROM api_keys ORDER BY created, id",
        row => new StoredApiKey(
            row.Text(0), row.Text(1), row.Text(2), row.Text(3), SqlUnits.Time(row.Number(4)), row.NumberOrNull(5) is { } revoked ? SqlUnits.Time(revoked) : null));

    public static async ValueTask PutKeyAsync(SqlSession session, StoredApiKey key) => await session.ExecuteAsync(
        """
        INSERT INTO api_keys (id, hash, name, limits, created, revoked) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, limits = excluded.limits, created = excluded.created, revoked = excluded.revoked
        """,
        key.Id, key.Hash, key.Name, key.LimitsJson, SqlUnits.Time(key.Created), key.Revoked is { } revoked ? SqlUnits.Time(revoked) : null);

    public static async ValueTask<bool> DeleteKeyAsync(SqlSession session, string id) => await session.ExecuteAsync("DELETE FROM api_keys WHERE id = $1", id) > 0;

    public static ValueTask<string?> ValueAsync(SqlSession session, string name) => session.FirstAsync("SELECT value FROM role_values WHERE name = $1", row => row.Text(0), name);

    public static async ValueTask PutValueAsync(SqlSession session, string name, string? value)
    {
        if (value is null)
            await session.ExecuteAsync("DELETE FROM role_values WHERE name = $1", name);
        else
            await session.ExecuteAsync("INSERT INTO role_values (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value);
    }
}
