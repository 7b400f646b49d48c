using System.Collections.Concurrent;
using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Tests.Generation;

/// <summary>Keeps what generations store, in memory, and fails when it is told to.</summary>
internal sealed class RecordingStore : IChatStore
{
    private readonly Lock _lock = new();

    public ConcurrentDictionary<string, TaskStart> Starts { get; } = new();

    public ConcurrentDictionary<string, TaskEnd> Ends { get; } = new();

    public ConcurrentQueue<IReadOnlyList<TaskCheckpoint>> Checkpoints { get; } = new();

    public ConcurrentQueue<CallRecord> Calls { get; } = new();

    /// <summary>Of a context, as it was appended.</summary>
    public ConcurrentDictionary<(string User, string Branch), ImmutableArray<ChatMessage>> Contexts { get; } = new();

    /// <summary>Before each call that writes; may throw.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task BeginTaskAsync(TaskStart start, CancellationToken cancellation)
    {
        await Before("begin");
        Assert.True(Starts.TryAdd(start.Id, start));
        await Before("begun");
    }

    public async Task CheckpointAsync(IReadOnlyList<TaskCheckpoint> checkpoints, CancellationToken cancellation)
    {
        await Before("checkpoint");
        Checkpoints.Enqueue(checkpoints);
    }

    public async Task<bool> EndTaskAsync(TaskEnd end, CancellationToken cancellation)
    {
        await Before("end");
        if (!Starts.TryGetValue(end.Id, out TaskStart? start))
            return false;
        lock (_lock)
        {
            if (!Ends.TryAdd(end.Id, end))
                return false;
            if (!end.Append.IsEmpty && start.Branch is not null)
                Contexts.AddOrUpdate((start.User, start.Branch), end.Append, (_, messages) => [.. messages, .. end.Append]);
            if (end.Call is not null)
                Calls.Enqueue(end.Call);
            return true;
        }
    }

    public Task<TaskInfo?> TaskAsync(string id, CancellationToken cancellation) => Task.FromResult(Starts.TryGetValue(id, out TaskStart? start)
        ? new TaskInfo(id, start.Owner, start.User, start.Branch, start.ModelType, start.KeyId, Ends.TryGetValue(id, out TaskEnd? end) ? end.State : TaskState.Running, "", "", end?.Problem, start.Started, end?.Ended)
        : null);

    public async Task AppendCallsAsync(IReadOnlyList<CallRecord> calls, CancellationToken cancellation)
    {
        await Before("calls");
        foreach (CallRecord call in calls)
            Calls.Enqueue(call);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<ImmutableArray<string>> UsersAsync(ItemKind kind, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ImmutableArray<BranchInfo>> BranchesAsync(ItemKind kind, string user, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string> CurrentBranchAsync(ItemKind kind, string user, CancellationToken cancellation) => throw new NotSupportedException();

    public Task SelectBranchAsync(ItemKey key, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> DeleteAsync(ItemKey key, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<BranchOutcome> CloneAsync(ItemKey from, string to, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<BranchOutcome> RenameAsync(ItemKey from, string to, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IAsyncDisposable> EnterContextAsync(string user, string branch, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<StoredContext> ContextAsync(string user, string branch, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> PutContextAsync(string user, string branch, ImmutableArray<ChatMessage> messages, long expected, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PutBranchSettingsAsync(string user, string branch, BranchSettings settings, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string?> DocumentAsync(ItemKey key, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PutDocumentAsync(ItemKey key, string text, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<int> InterruptTasksAsync(string owner, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ImmutableArray<TaskInfo>> TasksAsync(TaskFilter filter, CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<CallRecord> CallsAsync(CallFilter filter, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ImmutableArray<UsageSum>> UsageAsync(UsageFilter filter, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ImmutableArray<StoredApiKey>> ApiKeysAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task PutApiKeyAsync(StoredApiKey key, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> DeleteApiKeyAsync(string id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string?> ValueAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PutValueAsync(string name, string? value, CancellationToken cancellation) => throw new NotSupportedException();
}
