using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Init.Chat.Store.Sql.Sqlite;

internal static class SqliteErrors
{
    /// <summary>What to tell the operator.</summary>
    public static StoreException Of(string path, SqliteException exception) => new($"cannot use the chat store {path}: {TextOf(exception.SqliteErrorCode, path, exception.Message)}", exception);

    private static string TextOf(int code, string path, string text) => code switch
    {
        raw.SQLITE_FULL => "its disk is full, or a quota is used up (make room; nothing of what is stored is lost)",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another program holds it (end the program that has it open; lsof names it)",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_CANTOPEN => $"it cannot be opened for writing (look at the owner and the mode of it and of its directory): {text}",
        raw.SQLITE_IOERR => $"its disk refused to read or write (look at the kernel's log and at the room on the disk): {text}",
        raw.SQLITE_NOTADB => $"it is no database (take it back from a backup; to begin anew, move {path}, {path}-wal and {path}-shm away)",
        raw.SQLITE_CORRUPT =>
            $"it is damaged (stop the role; take it back from a backup, or save what can be read with: sqlite3 {path} .recover; to begin anew, move {path}, {path}-wal and {path}-shm away)",
        _ => text,
    };
}
