using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Generation;

/// <summary>The one who keeps answers so far, for all tasks together and about once a second, and forgets what has ended long ago. Sleeps when there is nothing.</summary>
internal sealed class Housekeeper(TaskTable tasks, TaskEnds ends, IChatStore store, GeneratorOptions options, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _work = new(0, 1);

    /// <summary>There is a task.</summary>
    public void Wake()
    {
        if (_work.CurrentCount > 0)
            return;
        try
        {
            _work.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has.
        }
    }

    /// <summary>Until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                if (tasks.IsEmpty && !ends.HasAbandoned)
                    await _work.WaitAsync(cancellation);
                await Task.Delay(options.Checkpoint, clock, cancellation);
                await KeepAsync(cancellation);
                await ends.StoreAbandonedAsync();
                tasks.Sweep();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    public void Dispose() => _work.Dispose();

    private async Task KeepAsync(CancellationToken cancellation)
    {
        List<TaskCheckpoint> checkpoints = [];
        foreach (GenerationTask task in tasks.Running)
        {
            int length = task.Log.Length;
            long now = clock.GetTimestamp();
            TimeSpan interval = options.Checkpoint * (length / GeneratorOptions.CheckpointUnitsPerInterval);
            if (length == task.Kept.Length || (task.Kept.At != 0 && clock.GetElapsedTime(task.Kept.At, now) < interval))
                continue;
            (string content, string reasoning) = task.Log.Texts;
            checkpoints.Add(new TaskCheckpoint(task.TaskId, content, reasoning));
            task.Kept = (length, now);
        }

        if (checkpoints.Count == 0)
            return;
        try
        {
            await store.CheckpointAsync(checkpoints, cancellation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.CheckpointFailed(exception);
            foreach (TaskCheckpoint checkpoint in checkpoints.Where(checkpoint => tasks.Find(checkpoint.Id) is not null))
                tasks.Find(checkpoint.Id)!.Kept = default;
        }
    }
}
