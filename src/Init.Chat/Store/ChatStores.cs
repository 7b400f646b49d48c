using Init.Chat.Store.Sql;
using Init.Chat.Store.Sql.Postgres;
using Init.Chat.Store.Sql.Sqlite;
using Init.Config;

namespace Init.Chat.Store;

/// <summary>Opens the store by where it is.</summary>
public static class ChatStores
{
    /// <param name="place">The path of an SQLite file, or the connection string of a PostgreSQL database ("Host=…" or "postgresql://…").</param>
    /// <param name="cancellation">While it is being opened.</param>
    /// <param name="time">For times that are stored.</param>
    /// <exception cref="StoreException">It cannot be used. Nothing was replaced or deleted.</exception>
    public static Task<IChatStore> OpenAsync(string place, CancellationToken cancellation, TimeProvider? time = null) => OpenAsync(place, StoreLimits.TurnLease, time ?? TimeProvider.System, cancellation);

    /// <summary>Where the store of a configuration is. It may be a connection string: see <see cref="IsPostgres"/>.</summary>
    public static string PlaceOf(ChatOptions options) => options.Database ?? Path.Combine(options.DataDirectory, "chat.db");

    /// <summary>Whether it is a connection string, which must not be shown to anybody, and no path.</summary>
    public static bool IsPostgres(string place) =>
        place.StartsWith("postgres://", StringComparison.Ordinal) || place.StartsWith("postgresql://", StringComparison.Ordinal)
        || (place.Contains("host", StringComparison.OrdinalIgnoreCase) && place.Split(';').Any(part => part.Split('=')[0].Trim().Equals("host", StringComparison.OrdinalIgnoreCase) && part.Contains('=')));

    internal static async Task<IChatStore> OpenAsync(string place, TimeSpan lease, TimeProvider time, CancellationToken cancellation) => IsPostgres(place)
        ? new SqlChatStore(await PostgresDatabase.OpenAsync(place, lease, cancellation), time)
        : new SqlChatStore(await Task.Run(() => new SqliteDatabase(place), cancellation), time);
}
