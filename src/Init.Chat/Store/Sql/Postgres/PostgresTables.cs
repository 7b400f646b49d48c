namespace Init.Chat.Store.Sql.Postgres;

/// <summary>Makes the tables and brings them up to date.</summary>
internal static class PostgresTables
{
    /// <summary>Any number: of the advisory lock under which tables are made.</summary>
    private const long TablesLock = 0x4943485454424C53;

    private const string Leases = """
        CREATE TABLE IF NOT EXISTS turns (ticket BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest BYTEA NOT NULL, holder TEXT NOT NULL, expires BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS turns_by_item ON turns (digest, ticket);
        CREATE TABLE IF NOT EXISTS owners (owner TEXT COLLATE "C" PRIMARY KEY, holder TEXT NOT NULL, expires BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
        """;

    /// <exception cref="StoreException">A newer Init has been here.</exception>
    public static async ValueTask<bool> PrepareAsync(SqlSession session, string schema, string place)
    {
        // Processes that start together make them once. The lock ends with the transaction.
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", TablesLock);
        if (schema == PostgresAddress.Schema)
            await session.ExecuteAsync($"CREATE SCHEMA IF NOT EXISTS {PostgresAddress.Schema}");
        foreach (string statement in Leases.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            await session.ExecuteAsync(statement);

        var versions = await session.QueryAsync("SELECT version FROM schema_version", row => row.Number(0));
        int version = versions.IsEmpty ? 0 : (int)versions[0];
        if (version > SqlSchema.Version)
            throw new StoreException(SqlSchema.Newer($"in {place}", version));
        if (version == SqlSchema.Version)
            return true;

        foreach (string statement in SqlSchema.Migrations[version..].SelectMany(migration => migration))
        {
            await session.ExecuteAsync(
                statement.Replace("{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY").Replace("{text}", "TEXT COLLATE \"C\"").Replace("{bytes}", "BYTEA").Replace("{clustered}", ""));
        }

        await session.ExecuteAsync("DELETE FROM schema_version");
        await session.ExecuteAsync("INSERT INTO schema_version (version) VALUES ($1)", (long)SqlSchema.Version);
        return true;
    }
}
