using System.Collections.Immutable;

namespace Init.Chat.Store;

/// <summary>
/// Where everything of the chat API is kept. What a call has returned from survives the death of the process. Each call happens whole or not at all.
/// One suite of tests (<c>ChatStoreContract</c>) holds for every implementation.
/// </summary>
/// <exception cref="StoreException">Any call: the store cannot be reached, or its disk is full; nothing was done, and the message is fit for a log.</exception>
public interface IChatStore : IAsyncDisposable
{
    // Users and branches.

    /// <summary>Who has something of this kind, in ordinal order. To have been read makes nobody a user.</summary>
    Task<ImmutableArray<string>> UsersAsync(ItemKind kind, CancellationToken cancellation);

    /// <summary>In ordinal order; empty for an unknown user.</summary>
    Task<ImmutableArray<BranchInfo>> BranchesAsync(ItemKind kind, string user, CancellationToken cancellation);

    /// <returns><see cref="ItemKey.DefaultBranch"/> for whoever has chosen none.</returns>
    Task<string> CurrentBranchAsync(ItemKind kind, string user, CancellationToken cancellation);

    /// <summary>The branch need not exist: it comes to be with what is written to it first.</summary>
    Task SelectBranchAsync(ItemKey key, CancellationToken cancellation);

    /// <summary>Deletes what is in a branch, its settings included. The choice of the current branch stays.</summary>
    /// <returns>False: there was nothing.</returns>
    Task<bool> DeleteAsync(ItemKey key, CancellationToken cancellation);

    /// <summary>Copies a branch with its settings.</summary>
    Task<BranchOutcome> CloneAsync(ItemKey from, string to, CancellationToken cancellation);

    /// <summary>Who had it as the current branch has it still, by its new name.</summary>
    Task<BranchOutcome> RenameAsync(ItemKey from, string to, CancellationToken cancellation);

    // Contexts.

    /// <summary>
    /// Waits for its turn to change a context, in the order of coming, over all processes that share the store. Reads need no turn. A process that dies loses its turns within <see cref="StoreLimits.TurnLease"/>.
    /// </summary>
    /// <returns>To be disposed of at the end of the turn.</returns>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    /// <exception cref="ContextBusyException">Too many wait.</exception>
    Task<IAsyncDisposable> EnterContextAsync(string user, string branch, CancellationToken cancellation);

    /// <returns>An empty one, of revision 0, when there is none.</returns>
    Task<StoredContext> ContextAsync(string user, string branch, CancellationToken cancellation);

    /// <summary>Replaces the messages of a context; other properties stay.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="branch">Which.</param>
    /// <param name="messages">All of them.</param>
    /// <param name="expected">The revision that was read; another one in the store: nothing is done.</param>
    /// <param name="cancellation">Before it has begun.</param>
    Task<bool> PutContextAsync(string user, string branch, ImmutableArray<ChatMessage> messages, long expected, CancellationToken cancellation);

    /// <summary>What this branch of a context has instead of the user's prompt and configuration.</summary>
    Task PutBranchSettingsAsync(string user, string branch, BranchSettings settings, CancellationToken cancellation);

    // Prompts and configurations.

    /// <returns>The text of a prompt, or the JSON object of a configuration; null: there is none.</returns>
    Task<string?> DocumentAsync(ItemKey key, CancellationToken cancellation);

    Task PutDocumentAsync(ItemKey key, string text, CancellationToken cancellation);

    // Tasks: docs/reference/chat.md.

    /// <summary>Before the provider is asked, so that what was said to the chat is not lost with it.</summary>
    Task BeginTaskAsync(TaskStart start, CancellationToken cancellation);

    /// <summary>Keeps answers so far. Called about once a second for all running tasks together. Those that have ended meanwhile are left alone.</summary>
    Task CheckpointAsync(IReadOnlyList<TaskCheckpoint> checkpoints, CancellationToken cancellation);

    /// <summary>Ends a task: its messages are appended to its context, its call is logged, its usage counted, together and once.</summary>
    /// <returns>False: it has ended before, and nothing was done.</returns>
    Task<bool> EndTaskAsync(TaskEnd end, CancellationToken cancellation);

    /// <summary>
    /// Ends the running tasks of an owner that is dead (or of any owner whose lease has run out) as interrupted: what was asked, and the answer so far with <see cref="ChatMessage.IsInterrupted"/> if there is any, are appended to their contexts. A provider that has answered has taken something: such a call is logged and counted by estimate.
    /// </summary>
    /// <returns>How many.</returns>
    Task<int> InterruptTasksAsync(string owner, CancellationToken cancellation);

    /// <returns>The newest first.</returns>
    Task<ImmutableArray<TaskInfo>> TasksAsync(TaskFilter filter, CancellationToken cancellation);

    /// <returns>Null: there is none.</returns>
    Task<TaskInfo?> TaskAsync(string id, CancellationToken cancellation);

    // Calls.

    /// <summary>Logs calls that belong to no task, with their usage. Batched by the caller.</summary>
    Task AppendCallsAsync(IReadOnlyList<CallRecord> calls, CancellationToken cancellation);

    /// <summary>The oldest first, unless the filter says otherwise. Read in pages: a long log needs no memory.</summary>
    IAsyncEnumerable<CallRecord> CallsAsync(CallFilter filter, CancellationToken cancellation);

    /// <summary>Sums by day, model, user and key, for charts and budgets.</summary>
    Task<ImmutableArray<UsageSum>> UsageAsync(UsageFilter filter, CancellationToken cancellation);

    // Keys and single values.

    Task<ImmutableArray<StoredApiKey>> ApiKeysAsync(CancellationToken cancellation);

    /// <summary>Adds a key, or replaces the one with this id.</summary>
    Task PutApiKeyAsync(StoredApiKey key, CancellationToken cancellation);

    Task<bool> DeleteApiKeyAsync(string id, CancellationToken cancellation);

    /// <summary>Small values of the role itself, such as the hash of the administrator's key.</summary>
    Task<string?> ValueAsync(string name, CancellationToken cancellation);

    Task PutValueAsync(string name, string? value, CancellationToken cancellation);
}

/// <summary>The store could not do it, and did nothing. The message names the place and the remedy, and no secret.</summary>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Too many wait for their turn already (<see cref="StoreLimits.TurnsWaitingMax"/>).</summary>
public sealed class ContextBusyException() : Exception($"{StoreLimits.TurnsWaitingMax} requests wait for this context already; try again later");

public static class StoreLimits
{
    /// <summary>After which a turn, or a task, of a process that says nothing is over.</summary>
    public static readonly TimeSpan TurnLease = TimeSpan.FromSeconds(30);

    /// <summary>Who wait for the turn of one context in one process.</summary>
    public const int TurnsWaitingMax = 64;

    /// <summary>Between two looks for tasks of processes that have died, where several share a store.</summary>
    public static readonly TimeSpan DeadOwnersInterval = TimeSpan.FromSeconds(15);

    /// <summary>A task that has ended is forgotten after this; what it appended and its call stay.</summary>
    public static readonly TimeSpan EndedTasksKept = TimeSpan.FromDays(1);
}
