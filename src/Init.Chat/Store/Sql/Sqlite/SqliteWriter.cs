using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>
/// The one writer of the file, a thread. All writes that wait share a transaction, and so one fsync. When anything goes wrong with it, all of it is undone, and each write has a transaction of its own: what one does wrong is
/// no harm to the others, and no savepoint is paid for as long as nothing does.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    /// <summary>Writes of a transaction; those behind them wait for the next one.</summary>
    private const int BatchMax = 512;

    /// <summary>Writes that wait. More are refused: the disk stands still.</summary>
    private const int WaitingMax = 20_000;

    private readonly SqliteSession _session;
    private readonly string _path;
    private readonly Action _written;
    private readonly Lock _lock = new();
    private readonly Queue<PendingWrite> _waiting = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private bool _closed;
    private volatile bool _checkpointRequested;

    /// <param name="session">Its own from now on.</param>
    /// <param name="path">For messages.</param>
    /// <param name="written">Called after each transaction, on the writer's thread.</param>
    public SqliteWriter(SqliteSession session, string path, Action written)
    {
        _session = session;
        _path = path;
        _written = written;
        _thread = new Thread(Run) { IsBackground = true, Name = "chat store" };
        _thread.Start();
    }

    public Task<T> RunAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellation);

        PendingWrite<T> write = new(work, cancellation);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_waiting.Count == WaitingMax)
                return Task.FromException<T>(new StoreException($"cannot use the chat store {_path}: {WaitingMax} writes are waiting for its disk already (look at what keeps the disk busy)"));
            _waiting.Enqueue(write);
            if (_waiting.Count == 1)
                _work.Release();
        }

        return write.Completion;
    }

    /// <summary>
    /// After the next transaction the writer moves what is left of the log into the file: only while nobody writes the log can begin again at its start. Most of it was moved beside the writer, so that this is short.
    /// </summary>
    public void RequestCheckpoint() => _checkpointRequested = true;

    /// <summary>Does what waits, and ends.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
                return;
            _closed = true;
            _work.Release();
        }

        _thread.Join();
        _session.Dispose();
        _work.Dispose();
    }

    private void Run()
    {
        List<PendingWrite> batch = new(BatchMax);
        while (true)
        {
            _work.Wait();
            while (Take(batch))
            {
                if (!TryCommit(batch))
                {
                    foreach (PendingWrite write in batch)
                        CommitAlone(write);
                }

                if (_checkpointRequested)
                    Checkpoint();
                _written();
            }

            lock (_lock)
            {
                if (_closed && _waiting.Count == 0)
                    return;
            }
        }
    }

    private bool Take(List<PendingWrite> batch)
    {
        batch.Clear();
        lock (_lock)
        {
            while (batch.Count < BatchMax && _waiting.TryDequeue(out PendingWrite? write))
            {
                if (write.IsGivenUp)
                    write.GiveUp();
                else
                    batch.Add(write);
            }
        }

        return batch.Count > 0;
    }

    private bool TryCommit(List<PendingWrite> batch)
    {
        try
        {
            _session.Execute("BEGIN IMMEDIATE");
            foreach (PendingWrite write in batch)
                write.Run(_session);
            _session.Execute("COMMIT");
        }
#pragma warning disable CA1031 // Whatever it is, it is done again one by one, and told to whom it belongs.
        catch (Exception)
#pragma warning restore CA1031
        {
            Undo();
            return false;
        }

        foreach (PendingWrite write in batch)
            write.Succeed();
        return true;
    }

    private void CommitAlone(PendingWrite write)
    {
        try
        {
            _session.Execute("BEGIN IMMEDIATE");
            write.Run(_session);
            _session.Execute("COMMIT");
            write.Succeed();
        }
        catch (SqliteException exception)
        {
            Undo();
            write.Fail(SqliteErrors.Of(_path, exception));
        }
#pragma warning disable CA1031 // A mistake of ours: the caller is told, and the writer goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Undo();
            write.Fail(exception);
        }
    }

    private void Checkpoint()
    {
        _checkpointRequested = false;
        try
        {
            _session.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (SqliteException)
        {
            // A full disk, for one: the log grows on, and the next write says so.
        }
    }

    private void Undo()
    {
        try
        {
            // SQLite may have undone it itself: https://www.sqlite.org/lang_transaction.html
            if (raw.sqlite3_get_autocommit(_session.Handle) == 0)
                _session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // The next BEGIN says what is wrong.
        }
    }
}
