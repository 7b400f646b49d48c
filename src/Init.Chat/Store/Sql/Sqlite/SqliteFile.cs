using Init.Linux;
using Microsoft.Data.Sqlite;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>The file of the store, and connections to it.</summary>
internal static class SqliteFile
{
    /// <summary>In the file's header (PRAGMA application_id): "ICHT".</summary>
    private const long ApplicationId = 0x49434854;

    /// <summary>How long another program may hold the file: a backup's snapshot is the one that does.</summary>
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(5);

    /// <summary>Whom the file belongs to: <see cref="SqliteDatabase"/>.</summary>
    public static string LockOf(string path) => path + ".lock";

    /// <summary>Makes the file and its directory when they are not there, for the owner alone, and brings the tables up to date.</summary>
    /// <returns>A connection that may write.</returns>
    /// <exception cref="StoreException">It cannot be used. It is left as it is.</exception>
    public static SqliteSession OpenForWriting(string path)
    {
        SqliteLibrary.Use();
        Create(path);
        SqliteSession session = Connect(path);
        try
        {
            Prepare(session, path);
            return session;
        }
        catch (SqliteException exception)
        {
            session.Dispose();
            throw SqliteErrors.Of(path, exception);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public static SqliteSession OpenForReading(string path)
    {
        SqliteSession session = Connect(path);
        session.Execute("PRAGMA query_only = 1");
        return session;
    }

    /// <summary>For moving the log into the file, beside the writer.</summary>
    public static SqliteSession Connect(string path)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = (int)Busy.TotalSeconds,
        }.ToString());
        try
        {
            connection.Open();
            SqliteSession session = new(connection);
            session.Execute($"PRAGMA busy_timeout = {(long)Busy.TotalMilliseconds}");
            return session;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw SqliteErrors.Of(path, exception);
        }
    }

    private static void Create(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        int errno = Files.MakeDirectories(directory, 0x1C0 /* 0700 */);
        if (errno != 0)
            throw new StoreException($"cannot make the directory {directory} of the chat store: {Errno.Describe(errno)}");

        CreateEmpty(path);
        CreateEmpty(LockOf(path));
    }

    /// <summary>SQLite would make it by the umask; its log gets the mode of the file.</summary>
    private static void CreateEmpty(string path)
    {
        OpenResult made = Files.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180 /* 0600 */);
        if (made.Succeeded)
            Files.Close(made.Fd);
        else if (made.Errno != Errno.EEXIST)
            throw new StoreException($"cannot make the chat store {path}: {Errno.Describe(made.Errno)}");
    }

    private static void Prepare(SqliteSession session, string path)
    {
        long version = session.Number("PRAGMA user_version");
        long id = session.Number("PRAGMA application_id");
        if (id != ApplicationId && (version != 0 || session.Number("SELECT count(*) FROM sqlite_schema") > 0))
            throw new StoreException($"cannot use {path} as chat store: it is a database of another program (name another file)");
        if (version > SqlSchema.Version)
            throw new StoreException(SqlSchema.Newer(path, version));

        session.Execute("PRAGMA journal_mode = WAL");
        // Each transaction is on the disk when it is acknowledged; many writes share one: SqliteWriter.
        session.Execute("PRAGMA synchronous = FULL");
        session.Execute("PRAGMA wal_autocheckpoint = 0"); // Beside the writer: SqliteCheckpoints.
        session.Execute("PRAGMA journal_size_limit = 67108864");
        session.Execute("PRAGMA cache_size = -8192");
        if (version < SqlSchema.Version)
            Migrate(session, (int)version);
    }

    private static void Migrate(SqliteSession session, int version)
    {
        session.Execute("BEGIN IMMEDIATE");
        foreach (string statement in SqlSchema.Migrations[version..].SelectMany(migration => migration))
            session.Execute(statement.Replace("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT").Replace("{text}", "TEXT").Replace("{bytes}", "BLOB").Replace("{clustered}", "WITHOUT ROWID"));
        session.Execute($"PRAGMA application_id = {ApplicationId}");
        session.Execute($"PRAGMA user_version = {SqlSchema.Version}");
        session.Execute("COMMIT");
    }
}
