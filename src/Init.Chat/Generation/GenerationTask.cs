using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>One generation, as those see it who follow it.</summary>
internal sealed class GenerationTask(string taskId, GenerationRequest request, DateTimeOffset started) : IGeneration, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<GenerationResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stopState = (int)TaskState.Running;

    public string TaskId => taskId;

    public string User => request.User;

    public string? Branch => request.Branch;

    public string ModelType => request.ModelType;

    public DateTimeOffset Started => started;

    public int Length => Log.ContentLength;

    public Task<GenerationResult> Completion => _completion.Task;

    public GenerationRequest Request => request;

    public AnswerLog Log { get; } = new();

    /// <summary>When it is to end before it is done.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>What it ends as then: cancelled, or interrupted; running: nobody has stopped it.</summary>
    public TaskState StopState => (TaskState)Volatile.Read(ref _stopState);

    /// <summary>What was kept last: UTF-16 units, and when (of the clock's timestamps).</summary>
    public (int Length, long At) Kept { get; set; }

    public IAsyncEnumerable<GenerationEvent> FollowAsync(long after, CancellationToken cancellation) => Log.FollowAsync(after, cancellation);

    public void Cancel() => StopAs(TaskState.Cancelled);

    /// <summary>The first who stops it says what it ends as.</summary>
    public void StopAs(TaskState state)
    {
        if (Interlocked.CompareExchange(ref _stopState, (int)state, (int)TaskState.Running) != (int)TaskState.Running)
            return;
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }

    public void End(GenerationResult result)
    {
        Log.End(result);
        _completion.TrySetResult(result);
    }

    public void Dispose() => _stop.Dispose();
}
