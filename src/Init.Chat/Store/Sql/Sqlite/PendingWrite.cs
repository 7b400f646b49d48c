namespace Init.Chat.Store.Sql.Sqlite;

/// <summary>A write that waits for its transaction.</summary>
internal abstract class PendingWrite
{
    public abstract bool IsGivenUp { get; }

    /// <summary>May be called again, after a transaction that came to nothing.</summary>
    public abstract void Run(SqlSession session);

    public abstract void Succeed();

    public abstract void Fail(Exception exception);

    public abstract void GiveUp();
}

internal sealed class PendingWrite<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation) : PendingWrite
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Completion => _completion.Task;

    public override bool IsGivenUp => cancellation.IsCancellationRequested;

    // With SQLite no task waits: SqlSession.
    public override void Run(SqlSession session) => _result = work(session).AsTask().GetAwaiter().GetResult();

    public override void Succeed() => _completion.SetResult(_result!);

    public override void Fail(Exception exception) => _completion.SetException(exception);

    public override void GiveUp() => _completion.SetCanceled(cancellation);
}
