using System.Runtime.InteropServices;
using SQLitePCL;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>SQLite is the library that the distribution maintains, and none of our own.</summary>
internal static class SqliteLibrary
{
    private const string FileName = "libsqlite3.so.0";

    private static readonly Lazy<string?> Loading = new(Load);

    /// <exception cref="StoreException">It is not installed.</exception>
    public static void Use()
    {
        if (Loading.Value is { } problem)
            throw new StoreException(problem);
    }

    private static string? Load()
    {
        if (!NativeLibrary.TryLoad(FileName, out nint library))
            return $"cannot load {FileName}, which the chat store needs (install it with: apt-get install libsqlite3-0)";

        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (name, _, _) => name == "e_sqlite3" ? library : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return null;
    }
}
