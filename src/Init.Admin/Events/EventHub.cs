using System.Globalization;
using System.Threading.Channels;
using Init.Admin.Backend;
using Init.Control;

namespace Init.Admin.Events;

/// <summary>An event and its place in the stream of this process.</summary>
public readonly record struct NumberedEvent(long Number, ControlEvent Event);

/// <summary>
/// One subscription to the supervisor's events for all who want them, and the last of these for those whose connection broke. It begins with the first who asks, and
/// lasts as long as the process: between two connections of a client nothing gets lost.
/// </summary>
public sealed class EventHub(IControlBackend backend, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>What a client may have missed and still gets.</summary>
    public const int HistoryMax = 1024;

    /// <summary>What waits for a client that reads too slowly; beyond it the oldest is left out, and the client is told.</summary>
    public const int QueueMax = 256;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Queue<NumberedEvent> _history = new();
    private readonly List<Subscription> _subscriptions = [];

    /// <summary>Tells ids of this process from those of an earlier one.</summary>
    private readonly string _epoch = Guid.NewGuid().ToString("N")[..8];

    private Task? _reading;
    private long _lastNumber;

    /// <summary>As the client gets it, and gives it back as Last-Event-ID.</summary>
    public string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{_epoch}-{number}");

    /// <summary>From now on, or from what the client had last.</summary>
    /// <param name="lastId">Null = none. One that is not known, or too old, is no error: it only means that something was missed.</param>
    public Subscription Subscribe(string? lastId)
    {
        lock (_lock)
        {
            _reading ??= Task.Run(ReadAsync);
            Subscription subscription = new(this);
            if (!string.IsNullOrEmpty(lastId))
                Replay(subscription, NumberOf(lastId));
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_reading is { } reading)
            await reading;
        _end.Dispose();
    }

    private void Replay(Subscription subscription, long? last)
    {
        long oldest = _history.TryPeek(out NumberedEvent first) ? first.Number : _lastNumber + 1;
        subscription.HasMissed = last is not { } known || known < oldest - 1 || known > _lastNumber;
        foreach (NumberedEvent past in _history)
        {
            if (last is null || past.Number > last || last > _lastNumber)
                subscription.Offer(past);
        }
    }

    private long? NumberOf(string id)
    {
        string[] parts = id.Split('-');
        return parts.Length == 2 && parts[0] == _epoch && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (!_end.IsCancellationRequested)
            {
                _ = await backend.AskAsync(
                    new ControlRequest.Events([], []),
                    item =>
                    {
                        if (item is ControlItem.EventRaised(var raised))
                            Publish(raised);
                        return default;
                    },
                    _ => TellOfLoss(),
                    _end.Token);

                // The supervisor has gone, or began anew.
                TellOfLoss();
                await Task.Delay(RetryPause, clock, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the process.
        }
    }

    private void Publish(ControlEvent raised)
    {
        lock (_lock)
        {
            NumberedEvent numbered = new(++_lastNumber, raised);
            if (_history.Count == HistoryMax)
                _ = _history.Dequeue();
            _history.Enqueue(numbered);
            foreach (Subscription subscription in _subscriptions)
                subscription.Offer(numbered);
        }
    }

    private void TellOfLoss()
    {
        lock (_lock)
        {
            foreach (Subscription subscription in _subscriptions)
                subscription.HasMissed = true;
        }
    }

    /// <summary>What one client gets.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly EventHub _hub;
        private readonly Channel<NumberedEvent> _queue;
        private volatile bool _hasMissed;

        internal Subscription(EventHub hub)
        {
            _hub = hub;
            _queue = Channel.CreateBounded<NumberedEvent>(
                new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => _hasMissed = true);
        }

        /// <summary>Events were left out before the next one. Whoever reads it to tell the client sets it back.</summary>
        public bool HasMissed
        {
            get => _hasMissed;
            set => _hasMissed = value;
        }

        /// <summary>False when nothing has come in this time.</summary>
        public async Task<bool> WaitAsync(TimeSpan time, CancellationToken cancellation)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(time);
            try
            {
                return await _queue.Reader.WaitToReadAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        public bool TryRead(out NumberedEvent next) => _queue.Reader.TryRead(out next);

        public void Dispose()
        {
            lock (_hub._lock)
                _ = _hub._subscriptions.Remove(this);
        }

        internal void Offer(NumberedEvent numbered) => _queue.Writer.TryWrite(numbered);
    }
}
