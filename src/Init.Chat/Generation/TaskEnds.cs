using System.Collections.Concurrent;
using Init.Chat.CallLog;
using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Generation;

/// <summary>Stores the ends of tasks: again and again while the store cannot, and truthfully when it could not.</summary>
internal sealed class TaskEnds(IChatStore store, ICallWatch watch, GeneratorOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100), PauseMax = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<TaskEnd> _abandoned = new();
    private readonly long _began = clock.GetTimestamp();
    private long _retryUntil = long.MaxValue;

    /// <summary>There are ends that the store has not taken.</summary>
    public bool HasAbandoned => !_abandoned.IsEmpty;

    /// <summary>The process ends: nothing is tried for long from now on.</summary>
    public void Hurry() => Volatile.Write(ref _retryUntil, clock.GetElapsedTime(_began).Ticks + options.StoreRetryAtEnd.Ticks);

    /// <returns>Null: it is stored as it was given. Otherwise what the client is told instead.</returns>
    public async Task<GenerationProblem?> StoreAsync(TaskEnd end)
    {
        long giveUp = clock.GetElapsedTime(_began).Ticks + options.StoreRetryFor.Ticks;
        TimeSpan pause = PauseMin;
        while (true)
        {
            try
            {
                if (await store.EndTaskAsync(end, CancellationToken.None) || (await store.TaskAsync(end.Id, CancellationToken.None))?.State == end.State)
                {
                    Tell(end);
                    return null;
                }

                return await TakenAsync(end);
            }
            catch (Exception exception) // A store that throws something else has stored no more than one that says why.
            {
                logger.StoreFailed(end.Id, exception);
                if (clock.GetElapsedTime(_began).Ticks >= Math.Min(giveUp, Volatile.Read(ref _retryUntil)))
                {
                    Abandon(end);
                    return new GenerationProblem(503, "not_stored", "the answer could not be stored, and is not in the context; ask again later", TimeSpan.FromSeconds(30));
                }
            }

            await Task.Delay(pause, clock);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    /// <summary>Of a task whose start could not be stored, as far as the store has said: with a connection that broke at the wrong moment it may be there.</summary>
    public void Withdraw(string taskId, DateTimeOffset now) => Enqueue(new TaskEnd(taskId, TaskState.Failed, [], null, "the start could not be stored", now));

    /// <summary>Tells the store what it has not taken before, as the client was told: nothing is appended, but the call took place.</summary>
    public async Task StoreAbandonedAsync()
    {
        while (_abandoned.TryPeek(out TaskEnd? end))
        {
            try
            {
                if (await store.EndTaskAsync(end, CancellationToken.None))
                    Tell(end);
            }
            catch (Exception)
            {
                return; // Later. It was logged when it happened first.
            }

            _abandoned.TryDequeue(out _);
        }
    }

    /// <summary>Another process has taken this one for dead, and has ended its task as interrupted. What the call took is counted still, unless it was by estimate, with the part of the answer that was kept.</summary>
    private async Task<GenerationProblem> TakenAsync(TaskEnd end)
    {
        logger.TaskTaken(end.Id);
        bool isCounted = await store.TaskAsync(end.Id, CancellationToken.None) is { } ended && ended.Content.Length + ended.Reasoning.Length > 0;
        if (end.Call is { } call && !isCounted)
        {
            await store.AppendCallsAsync([call], CancellationToken.None);
            watch.Ended(call);
        }

        return new GenerationProblem(503, "interrupted", "another process has taken this one for dead and has ended the task; the answer as it was kept last is in the context");
    }

    private void Abandon(TaskEnd end)
    {
        logger.TaskNotStored(end.Id);
        Enqueue(end with { State = TaskState.Failed, Append = [], Problem = "the answer could not be stored" });
    }

    private void Enqueue(TaskEnd end)
    {
        if (_abandoned.Count < GeneratorOptions.AbandonedMax)
            _abandoned.Enqueue(end);
    }

    private void Tell(TaskEnd end)
    {
        if (end.Call is not null)
            watch.Ended(end.Call);
    }
}
