using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>
/// A file. Several processes may read it and write to it, but one only has turns and tasks: it holds a lock until it dies, and so whatever runs in the file by another owner is known to be dead.
/// </summary>
internal sealed class SqliteDatabase : SqlDatabase
{
    /// <summary>Reads that run at the same time; others wait. Each takes microseconds of a processor.</summary>
    private const int ReadersMax = 4;

    private readonly string _path;
    private readonly SqliteWriter _writer;
    private readonly SqliteCheckpoints _checkpoints;
    private readonly SemaphoreSlim _readers = new(ReadersMax);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly KeyedTurns _turns = new();
    private readonly HashSet<string> _owners = []; // The writer's thread alone.
    private readonly Lock _lock = new();
    private FileStream? _roleLock;
    private bool _closed;

    public SqliteDatabase(string path)
    {
        _path = Path.GetFullPath(path);
        SqliteSession session = SqliteFile.OpenForWriting(_path);
        try
        {
            _checkpoints = new SqliteCheckpoints(SqliteFile.Connect(_path), () => _writer!.RequestCheckpoint());
        }
        catch
        {
            session.Dispose();
            throw;
        }

        _writer = new SqliteWriter(session, _path, _checkpoints.Written);
    }

    public override bool IsShared => false;

    public override async Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        await _readers.WaitAsync(cancellation);
        try
        {
            if (!_idle.TryTake(out SqliteSession? session))
                session = SqliteFile.OpenForReading(_path);
            try
            {
                return await work(session);
            }
            finally
            {
                _idle.Add(session);
            }
        }
        catch (SqliteException exception)
        {
            throw SqliteErrors.Of(_path, exception);
        }
        finally
        {
            _readers.Release();
        }
    }

    public override Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation) => _writer.RunAsync(work, cancellation);

    public override Task<IAsyncDisposable> EnterAsync(ItemKey key, CancellationToken cancellation)
    {
        TakeRole();
        return _turns.EnterAsync(key, cancellation);
    }

    public override ValueTask KeepOwnerAsync(SqlSession session, string owner)
    {
        TakeRole();
        _owners.Add(owner);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<ImmutableHashSet<string>> LiveOwnersAsync(SqlSession session)
    {
        TakeRole();
        return new([.. _owners]);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        for (int i = 0; i < ReadersMax; i++)
            await _readers.WaitAsync(); // Those that are at it end first.
        _writer.Dispose();
        _checkpoints.Dispose();
        while (_idle.TryTake(out SqliteSession? session))
            session.Dispose();
        if (_roleLock is not null)
            await _roleLock.DisposeAsync();
        _readers.Dispose();
    }

    /// <summary>The lock is the kernel's: it goes with the process, however that ends.</summary>
    /// <exception cref="StoreException">Another process has it.</exception>
    private void TakeRole()
    {
        lock (_lock)
        {
            try
            {
                _roleLock ??= new FileStream(SqliteFile.LockOf(_path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new StoreException($"cannot run chats on {_path}: another process does (end it, or give both a PostgreSQL database): {exception.Message}", exception);
            }
        }
    }
}
