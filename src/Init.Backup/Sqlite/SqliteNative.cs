using System.Runtime.InteropServices;

namespace Init.Backup.Sqlite;

/// <summary>SQLite by its own names, from the library that the distribution maintains. File names go as bytes.</summary>
internal static unsafe partial class SqliteNative
{
    internal const int SQLITE_OK = 0;
    internal const int SQLITE_ERROR = 1;
    internal const int SQLITE_BUSY = 5;
    internal const int SQLITE_LOCKED = 6;
    internal const int SQLITE_CORRUPT = 11;
    internal const int SQLITE_NOTADB = 26;
    internal const int SQLITE_ROW = 100;
    internal const int SQLITE_DONE = 101;

    internal const int SQLITE_OPEN_READONLY = 1;
    internal const int SQLITE_OPEN_READWRITE = 2;
    internal const int SQLITE_OPEN_CREATE = 4;
    internal const int SQLITE_OPEN_URI = 0x40;

    private const string Name = "libsqlite3.so.0";

    [LibraryImport(Name)]
    internal static partial int sqlite3_open_v2(byte* path, nint* database, int flags, byte* vfs);

    [LibraryImport(Name)]
    internal static partial int sqlite3_close(nint database);

    [LibraryImport(Name)]
    internal static partial int sqlite3_busy_timeout(nint database, int milliseconds);

    [LibraryImport(Name)]
    internal static partial nint sqlite3_errmsg(nint database);

    [LibraryImport(Name)]
    internal static partial nint sqlite3_errstr(int code);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint sqlite3_backup_init(nint to, string toName, nint from, string fromName);

    [LibraryImport(Name)]
    internal static partial int sqlite3_backup_step(nint backup, int pages);

    [LibraryImport(Name)]
    internal static partial int sqlite3_backup_finish(nint backup);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_prepare_v2(nint database, string sql, int bytes, nint* statement, byte** tail);

    [LibraryImport(Name)]
    internal static partial int sqlite3_step(nint statement);

    [LibraryImport(Name)]
    internal static partial nint sqlite3_column_text(nint statement, int column);

    [LibraryImport(Name)]
    internal static partial int sqlite3_finalize(nint statement);
}
