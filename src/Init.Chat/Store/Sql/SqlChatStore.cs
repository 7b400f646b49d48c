using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Init.Chat.Generation;

namespace Init.Chat.Store.Sql;

/// <summary>The store over a database. What is expensive and needs no database (digests, JSON) is done before the writer is asked.</summary>
internal sealed class SqlChatStore : IChatStore
{
    /// <summary>Calls that are read at a time.</summary>
    private const int CallPage = 256;

    private const int PrunedAtOnce = 1000;

    private readonly SqlDatabase _database;
    private readonly TimeProvider _time;
    private readonly ITimer _pruning;
    private readonly ITimer? _burying;

    public SqlChatStore(SqlDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _pruning = time.CreateTimer(_ => _ = PruneAsync(), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10));
        if (database.IsShared)
            _burying = time.CreateTimer(_ => _ = BuryAsync(), null, StoreLimits.DeadOwnersInterval, StoreLimits.DeadOwnersInterval);
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    public Task<ImmutableArray<string>> UsersAsync(ItemKind kind, CancellationToken cancellation) =>
        _database.ReadAsync(session => ItemTables.UsersAsync(session, kind), cancellation);

    public Task<ImmutableArray<BranchInfo>> BranchesAsync(ItemKind kind, string user, CancellationToken cancellation) =>
        _database.ReadAsync(session => ItemTables.BranchesAsync(session, kind, user), cancellation);

    public Task<string> CurrentBranchAsync(ItemKind kind, string user, CancellationToken cancellation) =>
        _database.ReadAsync(session => ItemTables.CurrentAsync(session, kind, user), cancellation);

    public Task SelectBranchAsync(ItemKey key, CancellationToken cancellation)
    {
        SqlUnits.Check(key);
        return WriteAsync(session => ItemTables.SelectAsync(session, key), cancellation);
    }

    public Task<bool> DeleteAsync(ItemKey key, CancellationToken cancellation)
    {
        SqlUnits.Check(key);
        return _database.WriteAsync(session => ItemTables.DeleteAsync(session, key), cancellation);
    }

    public Task<BranchOutcome> CloneAsync(ItemKey from, string to, CancellationToken cancellation)
    {
        ItemKey target = new(from.Kind, from.User, to);
        SqlUnits.Check(from);
        SqlUnits.Check(target);
        return _database.WriteAsync(session => ItemTables.CloneAsync(session, from, target, Now), cancellation);
    }

    public Task<BranchOutcome> RenameAsync(ItemKey from, string to, CancellationToken cancellation)
    {
        ItemKey target = new(from.Kind, from.User, to);
        SqlUnits.Check(from);
        SqlUnits.Check(target);
        return _database.WriteAsync(session => ItemTables.RenameAsync(session, from, target, Now), cancellation);
    }

    public Task<IAsyncDisposable> EnterContextAsync(string user, string branch, CancellationToken cancellation) =>
        _database.EnterAsync(ItemKey.Context(user, branch), cancellation);

    public Task<StoredContext> ContextAsync(string user, string branch, CancellationToken cancellation) =>
        _database.ReadAsync(session => ItemTables.ContextAsync(session, ItemKey.Context(user, branch)), cancellation);

    public Task<bool> PutContextAsync(string user, string branch, ImmutableArray<ChatMessage> messages, long expected, CancellationToken cancellation)
    {
        ItemKey key = ItemKey.Context(user, branch);
        SqlUnits.Check(key);
        ImmutableArray<string> bodies = BodiesOf(messages);
        return _database.WriteAsync(session => ItemTables.PutContextAsync(session, key, bodies, expected, Now), cancellation);
    }

    public Task PutBranchSettingsAsync(string user, string branch, BranchSettings settings, CancellationToken cancellation)
    {
        ItemKey key = ItemKey.Context(user, branch);
        SqlUnits.Check(key);
        return WriteAsync(session => ItemTables.PutSettingsAsync(session, key, settings, Now), cancellation);
    }

    public Task<string?> DocumentAsync(ItemKey key, CancellationToken cancellation)
    {
        CheckDocument(key);
        return _database.ReadAsync(session => ItemTables.DocumentAsync(session, key), cancellation);
    }

    public Task PutDocumentAsync(ItemKey key, string text, CancellationToken cancellation)
    {
        CheckDocument(key);
        return WriteAsync(session => ItemTables.PutDocumentAsync(session, key, text, Now), cancellation);
    }

    public Task BeginTaskAsync(TaskStart start, CancellationToken cancellation)
    {
        SqlUnits.Check(ItemKey.Context(start.User, start.Branch ?? ItemKey.DefaultBranch));
        string said = MessageJson.ToText(start.Said);
        return WriteAsync(
            async session =>
            {
                await _database.KeepOwnerAsync(session, start.Owner);
                await TaskTable.BeginAsync(session, start, said);
            },
            cancellation);
    }

    public Task CheckpointAsync(IReadOnlyList<TaskCheckpoint> checkpoints, CancellationToken cancellation) => checkpoints.Count == 0 ? Task.CompletedTask : WriteAsync(
        async session =>
        {
            foreach (TaskCheckpoint checkpoint in checkpoints)
                await TaskTable.CheckpointAsync(session, checkpoint);
        },
        cancellation);

    public Task<bool> EndTaskAsync(TaskEnd end, CancellationToken cancellation)
    {
        ImmutableArray<string> bodies = BodiesOf(end.Append);
        return _database.WriteAsync(session => EndAsync(session, end, bodies), cancellation);
    }

    public Task<int> InterruptTasksAsync(string owner, CancellationToken cancellation) => _database.WriteAsync(
        async session =>
        {
            int count = 0;
            ImmutableHashSet<string> live = await _database.LiveOwnersAsync(session);
            foreach (RunningTask task in await TaskTable.RunningAsync(session))
            {
                if ((task.Info.Owner == owner || !live.Contains(task.Info.Owner)) && await InterruptAsync(session, task))
                    count++;
            }

            return count;
        },
        cancellation);

    public Task<ImmutableArray<TaskInfo>> TasksAsync(TaskFilter filter, CancellationToken cancellation) =>
        _database.ReadAsync(session => TaskTable.ListAsync(session, filter), cancellation);

    public Task<TaskInfo?> TaskAsync(string id, CancellationToken cancellation) => _database.ReadAsync(session => TaskTable.FindAsync(session, id), cancellation);

    public Task AppendCallsAsync(IReadOnlyList<CallRecord> calls, CancellationToken cancellation) => WriteAsync(session => CallTables.AppendAsync(session, calls), cancellation);

    public async IAsyncEnumerable<CallRecord> CallsAsync(CallFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long? edge = null;
        for (long left = filter.Limit ?? long.MaxValue; left > 0;)
        {
            long? from = edge;
            int count = (int)Math.Min(left, CallPage);
            ImmutableArray<CallRecord> page = await _database.ReadAsync(session => CallTables.PageAsync(session, filter, from, count), cancellation);
            foreach (CallRecord call in page)
                yield return call;
            if (page.Length < count)
                yield break;
            left -= page.Length;
            edge = page[^1].Seq;
        }
    }

    public Task<ImmutableArray<UsageSum>> UsageAsync(UsageFilter filter, CancellationToken cancellation) =>
        _database.ReadAsync(session => CallTables.UsageAsync(session, filter), cancellation);

    public Task<ImmutableArray<StoredApiKey>> ApiKeysAsync(CancellationToken cancellation) => _database.ReadAsync(KeyTables.KeysAsync, cancellation);

    public Task PutApiKeyAsync(StoredApiKey key, CancellationToken cancellation) => WriteAsync(session => KeyTables.PutKeyAsync(session, key), cancellation);

    public Task<bool> DeleteApiKeyAsync(string id, CancellationToken cancellation) => _database.WriteAsync(session => KeyTables.DeleteKeyAsync(session, id), cancellation);

    public Task<string?> ValueAsync(string name, CancellationToken cancellation) => _database.ReadAsync(session => KeyTables.ValueAsync(session, name), cancellation);

    public Task PutValueAsync(string name, string? value, CancellationToken cancellation) => WriteAsync(session => KeyTables.PutValueAsync(session, name, value), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _pruning.DisposeAsync();
        if (_burying is not null)
            await _burying.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static ImmutableArray<string> BodiesOf(ImmutableArray<ChatMessage> messages) => [.. messages.Select(MessageJson.ToText)];

    private static void CheckDocument(ItemKey key)
    {
        SqlUnits.Check(key);
        if (key.Kind == ItemKind.Context)
            throw new ArgumentException("a context is no document", nameof(key));
    }

    private async ValueTask<bool> EndAsync(SqlSession session, TaskEnd end, ImmutableArray<string> bodies)
    {
        if (await TaskTable.EndAsync(session, end) is not { } task)
            return false;

        if (task.Branch is not null && !bodies.IsEmpty)
            await ItemTables.AppendAsync(session, ItemKey.Context(task.User, task.Branch), bodies, Now);
        if (end.Call is not null)
            await CallTables.AppendAsync(session, [end.Call]);
        return true;
    }

    private async ValueTask<bool> InterruptAsync(SqlSession session, RunningTask task)
    {
        TaskInfo info = task.Info;
        ImmutableArray<ChatMessage> append = MessageJson.ReadArray(task.Said);
        CallRecord? call = null;
        if (info.Content.Length > 0 || info.Reasoning.Length > 0)
        {
            ImmutableArray<ChatMessage> history = info.Branch is null ? [] : (await ItemTables.ContextAsync(session, ItemKey.Context(info.User, info.Branch))).Messages;
            call = InterruptedCall.Of(info, [.. history, .. append], Now);
            append = append.Add(new ChatMessage("assistant", info.Content) { Reasoning = info.Reasoning, IsInterrupted = true });
        }

        return await EndAsync(session, new TaskEnd(info.Id, TaskState.Interrupted, append, call, "the process that ran it died", Now), BodiesOf(append));
    }

    /// <summary>What goes wrong here goes wrong for callers too, who say it; the next time is soon.</summary>
    private async Task PruneAsync()
    {
        try
        {
            DateTimeOffset before = Now - StoreLimits.EndedTasksKept;
            while (await _database.WriteAsync(session => TaskTable.PruneAsync(session, before, PrunedAtOnce), CancellationToken.None) == PrunedAtOnce)
            {
            }
        }
        catch (Exception exception) when (exception is StoreException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Ends the tasks of processes that have died and are not started again. Nobody is called "".</summary>
    private async Task BuryAsync()
    {
        try
        {
            _ = await InterruptTasksAsync("", CancellationToken.None);
        }
        catch (Exception exception) when (exception is StoreException or ObjectDisposedException)
        {
        }
    }

    private Task WriteAsync(Func<SqlSession, ValueTask> work, CancellationToken cancellation) => _database.WriteAsync(
        async session =>
        {
            await work(session);
            return true;
        },
        cancellation);
}
