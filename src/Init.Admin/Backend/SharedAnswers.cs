using Init.Control;

namespace Init.Admin.Backend;

/// <summary>
/// Asks once for all who want to know the same at the same time: fifty clients that poll the status cost the supervisor one answer after another, not fifty at once.
/// Nobody gets an answer to a question that was sent before he asked, so who has changed something sees it.
/// </summary>
public sealed class SharedAnswers(IControlBackend backend) : IControlBackend
{
    private readonly Round _status = new(backend, new ControlRequest.Status([]));
    private readonly Round _statusWithoutUsage = new(backend, new ControlRequest.Status([], Usage: false));
    private readonly Round _version = new(backend, new ControlRequest.Version());
    private readonly Round _metrics = new(backend, new ControlRequest.Metrics());

    public Task<ControlAnswer> AskAsync(
        ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default) => request switch
        {
            ControlRequest.Status { Names.Count: 0 } status => (status.Usage ? _status : _statusWithoutUsage).AskAsync(cancellation),
            ControlRequest.Version => _version.AskAsync(cancellation),
            ControlRequest.Metrics => _metrics.AskAsync(cancellation),
            _ => backend.AskAsync(request, onItem, onDropped, cancellation),
        };

    /// <summary>One question: at most one is under way, and at most one waits to be sent after it.</summary>
    private sealed class Round(IControlBackend backend, ControlRequest request)
    {
        private readonly Lock _lock = new();
        private Task<ControlAnswer>? _underWay;
        private Task<ControlAnswer>? _next;

        public Task<ControlAnswer> AskAsync(CancellationToken cancellation)
        {
            Task<ControlAnswer> answer;
            lock (_lock)
                answer = _next ??= StartAfterAsync(_underWay);

            // Who goes away does not take the answer from the others.
            return answer.WaitAsync(cancellation);
        }

        private async Task<ControlAnswer> StartAfterAsync(Task<ControlAnswer>? before)
        {
            // Not within the caller's lock, and not before _next is set.
            await Task.Yield();
            if (before is not null)
                await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            lock (_lock)
                (_underWay, _next) = (_next, null);
            return await backend.AskAsync(request);
        }
    }
}
