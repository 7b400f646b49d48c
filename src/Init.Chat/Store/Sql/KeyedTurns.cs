namespace Init.Chat.Store.Sql;

/// <summary>A queue for each key. Keys that nobody has or waits for take no memory.</summary>
internal sealed class KeyedTurns
{
    private readonly Lock _lock = new();

    /// <summary>Who waits, in the order of coming, for a key that somebody has.</summary>
    private readonly Dictionary<ItemKey, LinkedList<TaskCompletionSource>> _waiting = [];

    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    /// <exception cref="ContextBusyException">Too many wait.</exception>
    public async Task<IAsyncDisposable> EnterAsync(ItemKey key, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!_waiting.TryGetValue(key, out var queue))
            {
                _waiting[key] = [];
                return new Turn(this, key);
            }

            if (queue.Count >= StoreLimits.TurnsWaitingMax)
                throw new ContextBusyException();
            queue.AddLast(called);
        }

        await using (cancellation.Register(() => GiveUp(key, called, cancellation)))
            await called.Task;
        return new Turn(this, key);
    }

    private void GiveUp(ItemKey key, TaskCompletionSource waiter, CancellationToken cancellation)
    {
        lock (_lock)
        {
            // Who has been called already keeps the turn.
            if (_waiting.TryGetValue(key, out var queue) && queue.Remove(waiter))
                waiter.SetCanceled(cancellation);
        }
    }

    private void Leave(ItemKey key)
    {
        lock (_lock)
        {
            LinkedList<TaskCompletionSource> queue = _waiting[key];
            if (queue.First is { } next)
            {
                queue.RemoveFirst();
                next.Value.SetResult();
            }
            else
            {
                _waiting.Remove(key);
            }
        }
    }

    private sealed class Turn(KeyedTurns turns, ItemKey key) : IAsyncDisposable
    {
        private int _left;

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                turns.Leave(key);
            return ValueTask.CompletedTask;
        }
    }
}
