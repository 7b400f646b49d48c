using System.Collections.Immutable;

namespace Init.Chat.Store.Sql;

/// <summary>Items of all kinds, which of their branches is the current one, and the messages of contexts, a row each.</summary>
internal static class ItemTables
{
    public static async ValueTask<ImmutableArray<string>> UsersAsync(SqlSession session, ItemKind kind)
    {
        ImmutableArray<string> users = await session.QueryAsync("SELECT DISTINCT user_name FROM items WHERE kind = $1", row => row.Text(0), (long)kind);
        return users.Sort(StringComparer.Ordinal); // The databases sort by bytes of UTF-8, which is another order.
    }

    public static async ValueTask<ImmutableArray<BranchInfo>> BranchesAsync(SqlSession session, ItemKind kind, string user)
    {
        ImmutableArray<BranchInfo> branches = await session.QueryAsync(
            "SELECT branch, length, changed FROM items WHERE kind = $1 AND user_name = $2",
            row => new BranchInfo(row.Text(0), row.Number(1), SqlUnits.Time(row.Number(2))), (long)kind, user);
        return branches.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
    }

    public static async ValueTask<string> CurrentAsync(SqlSession session, ItemKind kind, string user) =>
        await session.FirstAsync("SELECT branch FROM choices WHERE kind = $1 AND user_name = $2", row => row.Text(0), (long)kind, user) ?? ItemKey.DefaultBranch;

    public static async ValueTask SelectAsync(SqlSession session, ItemKey key) => await session.ExecuteAsync(
        "INSERT INTO choices (kind, user_name, branch) VALUES ($1, $2, $3) ON CONFLICT (kind, user_name) DO UPDATE SET branch = excluded.branch",
        (long)key.Kind, key.User, key.Branch);

    public static async ValueTask<bool> DeleteAsync(SqlSession session, ItemKey key)
    {
        if (await FindAsync(session, key) is not { } item)
            return false;

        await session.ExecuteAsync("DELETE FROM messages WHERE item = $1", item.Id);
        return await session.ExecuteAsync("DELETE FROM items WHERE id = $1", item.Id) > 0;
    }

    public static async ValueTask<BranchOutcome> CloneAsync(SqlSession session, ItemKey from, ItemKey to, DateTimeOffset now)
    {
        if (await FindAsync(session, from) is not { } item)
            return BranchOutcome.Missing;

        var clone = await session.FirstAsync(
            """
            INSERT INTO items (digest, kind, user_name, branch, revision, length, changed, body, prompt, model_type)
            SELECT $1, kind, user_name, $2, $3, length, $4, body, prompt, model_type FROM items WHERE id = $5
            ON CONFLICT (digest) DO NOTHING RETURNING id
            """,
            Id, SqlUnits.Digest(to), to.Branch, FirstRevision(now), SqlUnits.Time(now), item.Id);
        if (clone is null)
            return BranchOutcome.Exists;

        await session.ExecuteAsync("INSERT INTO messages (item, position, body) SELECT $1, position, body FROM messages WHERE item = $2", clone.Value, item.Id);
        return BranchOutcome.Done;
    }

    public static async ValueTask<BranchOutcome> RenameAsync(SqlSession session, ItemKey from, ItemKey to, DateTimeOffset now)
    {
        if (await FindAsync(session, from) is not { } item)
            return BranchOutcome.Missing;
        if (await FindAsync(session, to) is not null)
            return BranchOutcome.Exists;

        await session.ExecuteAsync("UPDATE items SET digest = $1, branch = $2, changed = $3 WHERE id = $4", SqlUnits.Digest(to), to.Branch, SqlUnits.Time(now), item.Id);
        if (await CurrentAsync(session, from.Kind, from.User) == from.Branch)
            await SelectAsync(session, to);
        return BranchOutcome.Done;
    }

    public static async ValueTask<StoredContext> ContextAsync(SqlSession session, ItemKey key)
    {
        // One statement, so that revision and messages are of the same moment.
        var rows = await session.QueryAsync(
            """
            SELECT -1 AS place, revision, prompt AS text, model_type FROM items WHERE digest = $1
            UNION ALL
            SELECT m.position, 0, m.body, NULL FROM messages m JOIN items i ON i.id = m.item WHERE i.digest = $1
            ORDER BY 1
            """,
            row => (Revision: row.Number(1), Text: row.TextOrNull(2), ModelType: row.TextOrNull(3)), SqlUnits.Digest(key));
        if (rows.IsEmpty)
            return StoredContext.Empty;

        var messages = ImmutableArray.CreateBuilder<ChatMessage>(rows.Length - 1);
        for (int i = 1; i < rows.Length; i++)
            messages.Add(MessageJson.Read(rows[i].Text!));
        return new StoredContext(messages.MoveToImmutable(), rows[0].Revision, new BranchSettings(rows[0].Text, rows[0].ModelType));
    }

    public static async ValueTask<bool> PutContextAsync(SqlSession session, ItemKey key, ImmutableArray<string> bodies, long expected, DateTimeOffset now)
    {
        Item? item = await FindAsync(session, key);
        if ((item?.Revision ?? 0) != expected)
            return false;

        if (item is null)
        {
            Key? made = await session.FirstAsync(
                "INSERT INTO items (digest, kind, user_name, branch, revision, length, changed) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING RETURNING id",
                Id, SqlUnits.Digest(key), (long)key.Kind, key.User, key.Branch, FirstRevision(now), (long)bodies.Length, SqlUnits.Time(now));
            if (made is null)
                return false; // Another process was faster.
            await InsertAsync(session, made.Value, 0, bodies);
            return true;
        }

        await session.ExecuteAsync("UPDATE items SET revision = revision + 1, length = $1, changed = $2 WHERE id = $3", (long)bodies.Length, SqlUnits.Time(now), item.Id);
        await ReplaceAsync(session, item.Id, bodies);
        return true;
    }

    /// <summary>The context comes to be when there is none.</summary>
    public static async ValueTask AppendAsync(SqlSession session, ItemKey key, ImmutableArray<string> bodies, DateTimeOffset now)
    {
        var place = await session.FirstAsync(
            """
            INSERT INTO items (digest, kind, user_name, branch, revision, length, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (digest) DO UPDATE SET revision = items.revision + 1, length = items.length + $6, changed = $7 RETURNING id, length
            """,
            row => new Place(row.Number(0), row.Number(1)), SqlUnits.Digest(key), (long)key.Kind, key.User, key.Branch, FirstRevision(now), (long)bodies.Length, SqlUnits.Time(now));
        await InsertAsync(session, place!.Id, place.Length - bodies.Length, bodies);
    }

    public static async ValueTask PutSettingsAsync(SqlSession session, ItemKey key, BranchSettings settings, DateTimeOffset now)
    {
        if (settings is { Prompt: null, ModelType: null })
        {
            await session.ExecuteAsync("UPDATE items SET prompt = NULL, model_type = NULL, changed = $1 WHERE digest = $2", SqlUnits.Time(now), SqlUnits.Digest(key));
            return;
        }

        await session.ExecuteAsync(
            """
            INSERT INTO items (digest, kind, user_name, branch, revision, length, changed, prompt, model_type) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)
            ON CONFLICT (digest) DO UPDATE SET changed = excluded.changed, prompt = excluded.prompt, model_type = excluded.model_type
            """,
            SqlUnits.Digest(key), (long)key.Kind, key.User, key.Branch, FirstRevision(now), SqlUnits.Time(now), settings.Prompt, settings.ModelType);
    }

    public static async ValueTask<string?> DocumentAsync(SqlSession session, ItemKey key) =>
        await session.FirstAsync("SELECT body FROM items WHERE digest = $1", row => row.Text(0), SqlUnits.Digest(key));

    public static async ValueTask PutDocumentAsync(SqlSession session, ItemKey key, string text, DateTimeOffset now) => await session.ExecuteAsync(
        """
        INSERT INTO items (digest, kind, user_name, branch, revision, length, changed, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (digest) DO UPDATE SET revision = items.revision + 1, length = excluded.length, changed = excluded.changed, body = excluded.body
        """,
        SqlUnits.Digest(key), (long)key.Kind, key.User, key.Branch, FirstRevision(now), (long)text.Length, SqlUnits.Time(now), text);

    /// <summary>A context that was deleted and made again must not be taken for the one before: it does not begin at 1, but at the time in microseconds.</summary>
    private static long FirstRevision(DateTimeOffset now) => Math.Max(1, SqlUnits.Time(now) / 10);

    private static async ValueTask<Item?> FindAsync(SqlSession session, ItemKey key) => await session.FirstAsync(
        "SELECT id, revision FROM items WHERE digest = $1" + session.ForUpdate, row => new Item(row.Number(0), row.Number(1)), SqlUnits.Digest(key));

    private static async ValueTask InsertAsync(SqlSession session, long item, long position, ImmutableArray<string> bodies)
    {
        foreach (string body in bodies)
            await session.ExecuteAsync("INSERT INTO messages (item, position, body) VALUES ($1, $2, $3)", item, position++, body);
    }

    /// <summary>Writes only what is another message than before.</summary>
    private static async ValueTask ReplaceAsync(SqlSession session, long item, ImmutableArray<string> bodies)
    {
        ImmutableArray<string> before = await session.QueryAsync("SELECT body FROM messages WHERE item = $1 ORDER BY position", row => row.Text(0), item);
        int common = Math.Min(before.Length, bodies.Length);
        for (int i = 0; i < common; i++)
        {
            if (before[i] != bodies[i])
                await session.ExecuteAsync("UPDATE messages SET body = $1 WHERE item = $2 AND position = $3", bodies[i], item, (long)i);
        }

        if (before.Length > common)
            await session.ExecuteAsync("DELETE FROM messages WHERE item = $1 AND position >= $2", item, (long)common);
        await InsertAsync(session, item, common, bodies[common..]);
    }

    private static Key Id(SqlRow row) => new(row.Number(0));

    private sealed record Key(long Value);

    private sealed record Item(long Id, long Revision);

    private sealed record Place(long Id, long Length);
}
