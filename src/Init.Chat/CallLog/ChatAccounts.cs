using Init.Chat.Keys;
using Init.Chat.Metrics;
using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.CallLog;

/// <summary>Keys and what they use, the log of calls, and what is counted: all that is told of a call when it ends.</summary>
public sealed class ChatAccounts : ICallWatch, IAsyncDisposable
{
    private ChatAccounts(KeyRing keys, CallBatcher log) => (Keys, Log) = (keys, log);

    public KeyRing Keys { get; }

    /// <summary>For calls that no task logs.</summary>
    public CallBatcher Log { get; }

    public ChatMetrics Metrics { get; } = new();

    /// <exception cref="StoreException">The keys cannot be read.</exception>
    public static async Task<ChatAccounts> OpenAsync(IChatStore store, TimeProvider clock, ILogger log, CancellationToken cancellation = default) =>
        new(await KeyRing.OpenAsync(store, clock, log, cancellation), new CallBatcher(store, clock, log));

    public void Ended(CallRecord call)
    {
        Keys.Book(call);
        Metrics.Count(call);
    }

    /// <summary>Writes what is not logged yet.</summary>
    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await Keys.DisposeAsync();
    }
}
