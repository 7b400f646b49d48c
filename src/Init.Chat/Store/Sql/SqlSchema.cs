using System.Collections.Immutable;

namespace Init.Chat.Store.Sql;

/// <summary>
/// The tables, for both databases. {id} is a number that is given out and never again, {text} compares byte by byte, {bytes} are bytes. Times are units of 100 ns since 1970. Items are found by a digest of kind, user and branch,
/// because an index of PostgreSQL has no room for two long names.
/// </summary>
internal static class SqlSchema
{
    /// <summary>Each brings the version before it up by one. What has been released is not changed any more.</summary>
    public static readonly ImmutableArray<ImmutableArray<string>> Migrations =
    [
        [
            """
            CREATE TABLE items (
                id {id}, digest {bytes} NOT NULL UNIQUE, kind BIGINT NOT NULL, user_name {text} NOT NULL, branch {text} NOT NULL,
                revision BIGINT NOT NULL, length BIGINT NOT NULL, changed BIGINT NOT NULL, body {text}, prompt {text}, model_type {text})
            """,
            "CREATE INDEX items_by_user ON items (kind, user_name)",
            "CREATE TABLE messages (item BIGINT NOT NULL, position BIGINT NOT NULL, body {text} NOT NULL, PRIMARY KEY (item, position)) {clustered}",
            "CREATE TABLE choices (kind BIGINT NOT NULL, user_name {text} NOT NULL, branch {text} NOT NULL, PRIMARY KEY (kind, user_name)) {clustered}",
            """
            CREATE TABLE tasks (
                id {text} PRIMARY KEY, owner {text} NOT NULL, user_name {text} NOT NULL, branch {text}, said {text} NOT NULL, model_type {text} NOT NULL, key_id {text},
                state BIGINT NOT NULL, content {text} NOT NULL, reasoning {text} NOT NULL, problem {text}, started BIGINT NOT NULL, ended BIGINT)
            """,
            "CREATE INDEX tasks_running ON tasks (owner) WHERE state = 0",
            "CREATE INDEX tasks_by_start ON tasks (started)",
            "CREATE INDEX tasks_by_end ON tasks (ended) WHERE ended IS NOT NULL",
            "CREATE TABLE calls (seq {id}, user_id {text} NOT NULL, model {text} NOT NULL, key_id {text}, started BIGINT NOT NULL, body {text} NOT NULL)",
            "CREATE INDEX calls_by_user ON calls (user_id, seq)",
            "CREATE INDEX calls_by_start ON calls (started)",
            """
            CREATE TABLE usage_sums (
                day BIGINT NOT NULL, model {text} NOT NULL, user_id {text} NOT NULL, key_id {text} NOT NULL, calls BIGINT NOT NULL, failures BIGINT NOT NULL,
                prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL, total_tokens BIGINT NOT NULL, cost_micros BIGINT NOT NULL,
                PRIMARY KEY (day, model, user_id, key_id)) {clustered}
            """,
            """
            CREATE TABLE api_keys (
                id {text} PRIMARY KEY, hash {text} NOT NULL, name {text} NOT NULL, limits {text} NOT NULL, created BIGINT NOT NULL, revoked BIGINT)
            """,
            "CREATE TABLE role_values (name {text} PRIMARY KEY, value {text} NOT NULL)",
        ],
    ];

    public static int Version => Migrations.Length;

    public static string Newer(string place, long version) =>
        $"cannot use the chat store {place}: its tables are of version {version}, and this Init knows up to {Version} (use the newer Init again, or take the store back from a backup of that time)";
}
