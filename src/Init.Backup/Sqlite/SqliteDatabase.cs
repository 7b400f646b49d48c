using System.Runtime.InteropServices;
using System.Text;

namespace Init.Backup.Sqlite;

/// <summary>SQLite refused something. <see cref="Code"/> is its primary result code.</summary>
#pragma warning disable CA1032, MA0056 // Without a code it would not be this exception.
internal sealed class SqliteException(int code, string message) : Exception(message)
#pragma warning restore CA1032, MA0056
{
    public int Code { get; } = code & 0xFF;
}

/// <summary>One connection.</summary>
internal sealed unsafe class SqliteDatabase : IDisposable
{
    private nint _handle;

    /// <param name="path">Bytes of a path, or of a URI when <paramref name="flags"/> says so.</param>
    public SqliteDatabase(ReadOnlySpan<byte> path, int flags, TimeSpan busy)
    {
        byte[] terminated = [.. path, 0];
        nint handle;
        int code;
        fixed (byte* start = terminated)
            code = SqliteNative.sqlite3_open_v2(start, &handle, flags, null);

        _handle = handle;
        try
        {
            Check(code);
            Check(SqliteNative.sqlite3_busy_timeout(handle, (int)busy.TotalMilliseconds));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint Handle => _handle;

    /// <summary>Runs one statement.</summary>
    /// <returns>The first column of the first rows.</returns>
    public List<string> Query(string sql, int rowsMax)
    {
        nint statement;
        Check(SqliteNative.sqlite3_prepare_v2(_handle, sql, -1, &statement, null));
        try
        {
            List<string> rows = [];
            int code;
            while ((code = SqliteNative.sqlite3_step(statement)) == SqliteNative.SQLITE_ROW && rows.Count < rowsMax)
                rows.Add(Marshal.PtrToStringUTF8(SqliteNative.sqlite3_column_text(statement, 0)) ?? "");
            if (code is not (SqliteNative.SQLITE_ROW or SqliteNative.SQLITE_DONE))
                Check(code);
            return rows;
        }
        finally
        {
            _ = SqliteNative.sqlite3_finalize(statement);
        }
    }

    /// <summary>All pages in one step, under one read transaction: a writer in WAL mode does not wait for it, and cannot make it start over.</summary>
    public void CopyTo(SqliteDatabase target)
    {
        nint backup = SqliteNative.sqlite3_backup_init(target.Handle, "main", _handle, "main");
        if (backup == 0)
            target.Check(SqliteNative.SQLITE_ERROR);

        int step = SqliteNative.sqlite3_backup_step(backup, -1);
        int finish = SqliteNative.sqlite3_backup_finish(backup);
        if (step != SqliteNative.SQLITE_DONE)
            target.Check(step);
        target.Check(finish);
    }

    public void Dispose()
    {
        if (_handle != 0)
            _ = SqliteNative.sqlite3_close(_handle);
        _handle = 0;
    }

    /// <summary>A path as a URI, so that it can carry parameters.</summary>
    public static byte[] Uri(ReadOnlySpan<byte> path, string parameters)
    {
        StringBuilder uri = new("file:");
        foreach (byte value in path)
            uri.Append(value is (byte)'/' or (byte)'.' || char.IsAsciiLetterOrDigit((char)value) ? ((char)value).ToString() : $"%{value:X2}");
        return Encoding.ASCII.GetBytes($"{uri}?{parameters}");
    }

    private void Check(int code)
    {
        if (code != SqliteNative.SQLITE_OK)
        {
            nint text = _handle != 0 && code != SqliteNative.SQLITE_ERROR ? SqliteNative.sqlite3_errstr(code) : SqliteNative.sqlite3_errmsg(_handle);
            throw new SqliteException(code, Marshal.PtrToStringUTF8(text) ?? "unknown error");
        }
    }
}
