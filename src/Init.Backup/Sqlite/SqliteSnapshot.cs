using Init.Linux;

namespace Init.Backup.Sqlite;

public enum SnapshotOutcome
{
    Taken,

    /// <summary>It has the magic and nothing else of a database; it is an ordinary file.</summary>
    NotADatabase,

    /// <summary>It could not be taken now: locked for too long, no room, no library.</summary>
    Failed,
}

/// <param name="Text">Why not; empty when taken.</param>
public readonly record struct SnapshotResult(SnapshotOutcome Outcome, string Text);

/// <summary>SQLite databases, taken and checked by SQLite itself. A database that is in use is never copied as a file: what is in its log would be missing, or half of it there.</summary>
public static class SqliteSnapshot
{
    /// <summary>Longer than any sane transaction, and short enough for a backup to go on with the other files.</summary>
    private static readonly TimeSpan BusyTime = TimeSpan.FromSeconds(5);

    /// <summary>SQLite opens no longer path (MAX_PATHNAME of os_unix.c, less what it appends), so no program can have such a database open, either.</summary>
    private const int PathBytesMax = 500;

    /// <summary>The first 16 bytes of a database; an empty one has none.</summary>
    public static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>What SQLite keeps beside a database; part of it, and of no use without it.</summary>
    public static IReadOnlyList<byte[]> CompanionSuffixes { get; } = ["-journal"u8.ToArray(), "-shm"u8.ToArray(), "-wal"u8.ToArray()];

    /// <param name="path">Of the database, absolute or relative to the working directory.</param>
    /// <param name="scratch">Is overwritten.</param>
    public static SnapshotResult Take(ReadOnlySpan<byte> path, string scratch)
    {
        if (path.Length > PathBytesMax)
            return new(SnapshotOutcome.NotADatabase, $"SQLite opens no path of more than {PathBytesMax} bytes");

        try
        {
            File.Delete(scratch);
            using SqliteDatabase target = new(System.Text.Encoding.UTF8.GetBytes(scratch), SqliteNative.SQLITE_OPEN_READWRITE | SqliteNative.SQLITE_OPEN_CREATE, BusyTime);
            // Nobody needs a half-made scratch file back.
            target.Query("PRAGMA journal_mode=OFF", 1);
            target.Query("PRAGMA synchronous=OFF", 1);
            using SqliteDatabase source = OpenSource(path);
            source.CopyTo(target);
            return new(SnapshotOutcome.Taken, "");
        }
        catch (SqliteException exception) when (exception.Code is SqliteNative.SQLITE_NOTADB or SqliteNative.SQLITE_CORRUPT)
        {
            return new(SnapshotOutcome.NotADatabase, $"SQLite says \"{exception.Message}\"");
        }
        catch (SqliteException exception)
        {
            return new(SnapshotOutcome.Failed, $"cannot take a snapshot of it: SQLite says \"{exception.Message}\"");
        }
        catch (DllNotFoundException)
        {
            return new(SnapshotOutcome.Failed, "cannot take a snapshot of it: libsqlite3.so.0 is not installed (Debian: libsqlite3-0)");
        }
    }

    /// <summary>PRAGMA integrity_check, on a file that nobody has open.</summary>
    /// <returns>Null when the database is whole; else what SQLite says.</returns>
    public static string? Check(ReadOnlySpan<byte> path)
    {
        const int ComplaintsMax = 5;
        try
        {
            // Immutable: the check makes no files beside it and takes no locks.
            using SqliteDatabase database = new(SqliteDatabase.Uri(path, "immutable=1"), SqliteNative.SQLITE_OPEN_READONLY | SqliteNative.SQLITE_OPEN_URI, BusyTime);
            List<string> said = database.Query("PRAGMA integrity_check", ComplaintsMax);
            return said is ["ok"] ? null : string.Join("; ", said);
        }
        catch (SqliteException exception)
        {
            return exception.Message;
        }
        catch (DllNotFoundException)
        {
            return "libsqlite3.so.0 is not installed (Debian: libsqlite3-0)";
        }
    }

    /// <summary>Changes whenever the write-ahead log does: there are changes that the database file itself does not show.</summary>
    /// <returns>0 when there is none with anything in it.</returns>
    public static ulong FingerprintOfLog(int directory, ReadOnlySpan<byte> name)
    {
        if (FilesAt.StampOf(directory, [.. name, .. "-wal"u8], out _) is not { Size: > 0 } log)
            return 0;

        ulong hash = 14695981039346656037; // FNV-1a
        foreach (ulong part in (ReadOnlySpan<ulong>)[log.Inode, (ulong)log.Size, (ulong)log.Modified.Seconds, (ulong)log.Modified.Nanoseconds, (ulong)log.Changed.Seconds, (ulong)log.Changed.Nanoseconds])
            hash = (hash ^ part) * 1099511628211;
        return hash | 1;
    }

    private static SqliteDatabase OpenSource(ReadOnlySpan<byte> path)
    {
        // With a log: read-only, for the last connection to close would else empty it into the database, and that may be ours after a crash. Without one: as a writer, for
        // a reader of a database in WAL mode makes an empty log and cannot take it away again.
        bool hasLog = FilesAt.StampOf(FilesAt.WorkingDirectory, [.. path, .. "-wal"u8], out _) is not null;
        SqliteDatabase database = new(path, hasLog ? SqliteNative.SQLITE_OPEN_READONLY : SqliteNative.SQLITE_OPEN_READWRITE, BusyTime);
        try
        {
            database.Query("SELECT 1 FROM sqlite_master LIMIT 1", 1);
            return database;
        }
        catch (SqliteException exception)
        {
            database.Dispose();
            // A journal left by a crash has to be rolled back, or an index of the log made, which only a writer may.
            const int SQLITE_READONLY = 8, SQLITE_CANTOPEN = 14;
            if (exception.Code is not (SQLITE_READONLY or SQLITE_CANTOPEN))
                throw;
            return new SqliteDatabase(path, SqliteNative.SQLITE_OPEN_READWRITE, BusyTime);
        }
    }
}
