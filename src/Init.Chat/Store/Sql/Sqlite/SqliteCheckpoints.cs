using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>Moves the log into the file, on a thread and a connection of its own, so that writers do not wait for it.</summary>
internal sealed class SqliteCheckpoints : IDisposable
{
    /// <summary>Pages (4 KiB) of the log from which on it is to begin again at its start.</summary>
    private const long PagesMax = 16_000;

    /// <summary>Between two passes: what is written again and again meanwhile is moved once, and writers wait behind the file's fsync less often.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SqliteSession _session;
    private readonly Action _requestAtWriter;
    private readonly AutoResetEvent _written = new(false);
    private readonly ManualResetEventSlim _closed = new(false);
    private readonly Thread _thread;

    /// <param name="session">Its own from now on.</param>
    /// <param name="requestAtWriter">Asks the writer to move the rest.</param>
    public SqliteCheckpoints(SqliteSession session, Action requestAtWriter)
    {
        _session = session;
        _requestAtWriter = requestAtWriter;
        _thread = new Thread(Run) { IsBackground = true, Name = "chat store log" };
        _thread.Start();
    }

    public void Written() => _written.Set();

    public void Dispose()
    {
        if (_closed.IsSet)
            return;
        _closed.Set();
        _written.Set();
        _thread.Join();
        _session.Dispose();
        _written.Dispose();
        _closed.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _written.WaitOne();
            if (_closed.Wait(Pause))
                return;

            try
            {
                // Whether it was busy, pages of the log, pages of it that are in the file.
                ImmutableArray<long> pages = _session.QueryAsync("PRAGMA wal_checkpoint(PASSIVE)", row => row.Number(1)).AsTask().GetAwaiter().GetResult();
                if (pages[0] > PagesMax)
                    _requestAtWriter();
            }
            catch (SqliteException)
            {
                // The log grows on; writers say what is wrong.
            }
        }
    }
}
