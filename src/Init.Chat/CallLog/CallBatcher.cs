using System.Threading.Channels;
using Init.Chat.Keys;
using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.CallLog;

/// <summary>
/// Logs calls that belong to no task (those of /v1) in batches, by one writer: a request never waits for the log. An orderly end writes what is left. What a crash loses is what has ended within the last <see cref="Pause"/>, or, while the
/// store is out of order, the last <see cref="CallsMax"/> at most.
/// </summary>
public sealed class CallBatcher : IAsyncDisposable
{
    /// <summary>Between two batches.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>That wait to be written. Beyond it calls are counted, and not logged.</summary>
    public const int CallsMax = 50_000;

    private const int BatchMax = 2000;

    /// <summary>For what is left at the end.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Channel<CallRecord> _calls = Channel.CreateBounded<CallRecord>(new BoundedChannelOptions(CallsMax) { SingleReader = true });
    private readonly CancellationTokenSource _end = new();
    private readonly IChatStore _store;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Task _writing;
    private long _lost;

    public CallBatcher(IChatStore store, TimeProvider clock, ILogger log)
    {
        (_store, _clock, _log) = (store, clock, log);
        _writing = WriteAsync();
    }

    /// <summary>Calls that are not in the log for want of room.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public int Waiting => _calls.Reader.Count;

    public void Add(CallRecord call)
    {
        if (!_calls.Writer.TryWrite(call))
            _ = Interlocked.Increment(ref _lost);
    }

    public async ValueTask DisposeAsync()
    {
        _ = _calls.Writer.TryComplete();
        _end.CancelAfter(EndLimit);
        await _writing;
        _end.Dispose();
        if (Lost > 0)
            _log.CallsLost(Lost);
    }

    private async Task WriteAsync()
    {
        List<CallRecord> batch = [];
        while (await _calls.Reader.WaitToReadAsync())
        {
            while (batch.Count < BatchMax && _calls.Reader.TryRead(out CallRecord? call))
                batch.Add(call);
            if (!await AppendAsync(batch))
                return;
            batch.Clear();
            if (_calls.Reader.Count < BatchMax && !_calls.Reader.Completion.IsCompleted)
                await Task.WhenAny(_calls.Reader.Completion, Task.Delay(Pause, _clock));
        }
    }

    /// <returns>False: the end has come.</returns>
    private async Task<bool> AppendAsync(List<CallRecord> batch)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            try
            {
                await _store.AppendCallsAsync(batch, _end.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (StoreException exception)
            {
                if (isFirst)
                    _log.CallsNotLogged(batch.Count, exception.Message);
            }

            try
            {
                await Task.Delay(RetryPause, _clock, _end.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        _ = Interlocked.Add(ref _lost, batch.Count + _calls.Reader.Count);
        return false;
    }
}
