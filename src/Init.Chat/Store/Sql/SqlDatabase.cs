using System.Collections.Immutable;

namespace Init.Chat.Store.Sql;

/// <summary>A database as the store needs it. What is done with it may be done twice: only the last time counts.</summary>
internal abstract class SqlDatabase : IAsyncDisposable
{
    /// <summary>Other processes may run tasks in it, too, and die.</summary>
    public abstract bool IsShared { get; }

    /// <summary>One statement, or several that need not agree.</summary>
    /// <exception cref="StoreException">It could not be done.</exception>
    public abstract Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation);

    /// <summary>All of it, durable when this returns, or nothing.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public abstract Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation);

    /// <summary>Takes a turn: <see cref="IChatStore.EnterContextAsync"/>.</summary>
    public abstract Task<IAsyncDisposable> EnterAsync(ItemKey key, CancellationToken cancellation);

    /// <summary>From now on this owner counts as alive, until this process dies or closes the store.</summary>
    public abstract ValueTask KeepOwnerAsync(SqlSession session, string owner);

    /// <summary>Owners that are alive, here or elsewhere.</summary>
    public abstract ValueTask<ImmutableHashSet<string>> LiveOwnersAsync(SqlSession session);

    public abstract ValueTask DisposeAsync();
}
