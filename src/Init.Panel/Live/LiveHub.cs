using System.Globalization;
using System.Text;
using System.Text.Json;
using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Control;

namespace Init.Panel.Live;

/// <summary>
/// What all open panels show at this moment: the programs, asked for once for all of them, and the revision of the rules. A listener takes the newest there is; who is slow
/// misses what came in between, and nothing waits for him. When nobody listens, nobody is asked.
/// </summary>
/// <param name="backend">The supervisor.</param>
/// <param name="events">After one of these it is asked at once.</param>
/// <param name="revision">Of the rules in force.</param>
/// <param name="clock">For the pauses.</param>
internal sealed class LiveHub(IControlBackend backend, EventHub events, Func<long> revision, TimeProvider clock)
{
    /// <summary>When nothing happens: processor time and memory move on.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>When much happens.</summary>
    public static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly HashSet<Listener> _listeners = [];

    /// <summary>Of the programs, or why they are not known; null before the first answer.</summary>
    private string? _programs;
    private bool _isReading;

    /// <summary>From now on; it has at once what is known already.</summary>
    public Listener Listen()
    {
        lock (_lock)
        {
            Listener listener = new(this, RoutesFrame(), _programs);
            _ = _listeners.Add(listener);
            if (!_isReading)
            {
                _isReading = true;
                _ = Task.Run(ReadAsync);
            }

            return listener;
        }
    }

    /// <summary>The rules are other ones now. Quick: it is called while the next change waits.</summary>
    public void TellOfRoutes()
    {
        lock (_lock)
        {
            string frame = RoutesFrame();
            foreach (Listener listener in _listeners)
                listener.Offer(routes: frame);
        }
    }

    private async Task ReadAsync()
    {
        using EventHub.Subscription subscription = events.Subscribe(null);
        while (true)
        {
            string frame = await AskAsync();
            lock (_lock)
            {
                if (_listeners.Count == 0)
                {
                    // What is known grows old when nobody asks; the next one asks anew.
                    _programs = null;
                    _isReading = false;
                    return;
                }

                _programs = frame;
                foreach (Listener listener in _listeners)
                    listener.Offer(programs: frame);
            }

            await Task.Delay(PauseMin, clock);
            _ = await subscription.WaitAsync(Period - PauseMin, CancellationToken.None);
            while (subscription.TryRead(out _))
            {
                // All of them are in the next answer.
            }
        }
    }

    private async Task<string> AskAsync()
    {
        ControlAnswer answer;
        try
        {
            answer = await backend.AskAsync(new ControlRequest.Status([]));
        }
        catch (ObjectDisposedException)
        {
            answer = new ControlAnswer.Lost("the gateway ends"); // And its sockets are gone.
        }

        return answer switch
        {
            ControlAnswer.Done(ControlResult.Status status) => Frame(
                "programs",
                JsonSerializer.Serialize(new LivePrograms(clock.GetUtcNow().ToUnixTimeMilliseconds(), status.ServerState, status.Programs), LiveJson.Default.LivePrograms)),
            ControlAnswer.Lost(var why) => Frame("unreachable", JsonSerializer.Serialize(new LiveTrouble($"cannot reach the supervisor: {why}"), LiveJson.Default.LiveTrouble)),
            ControlAnswer.Refused(var error) => Frame("unreachable", JsonSerializer.Serialize(new LiveTrouble(error.Message), LiveJson.Default.LiveTrouble)),
            _ => Frame("unreachable", JsonSerializer.Serialize(new LiveTrouble("the supervisor's answer is of another kind"), LiveJson.Default.LiveTrouble)),
        };
    }

    private string RoutesFrame() => Frame("routes", string.Create(CultureInfo.InvariantCulture, $"{{\"revision\":{revision()}}}"));

    /// <summary>JSON of ours has no line breaks, so one data line holds it.</summary>
    private static string Frame(string type, string json) => $"event: {type}\ndata: {json}\n\n";

    /// <summary>One open panel. It holds the newest of each kind, and no more, however slowly it is read.</summary>
    internal sealed class Listener(LiveHub hub, string routes, string? programs) : IDisposable
    {
        private readonly SemaphoreSlim _news = new(1, 1);
        private string? _routes = routes, _programs = programs;

        /// <summary>What is new; "" when nothing has come in this time.</summary>
        public async Task<string> TakeAsync(TimeSpan time, CancellationToken cancellation)
        {
            if (!await _news.WaitAsync(time, cancellation))
                return "";

            lock (hub._lock)
            {
                StringBuilder text = new StringBuilder().Append(_routes).Append(_programs);
                _routes = _programs = null;
                return text.ToString();
            }
        }

        public void Dispose()
        {
            lock (hub._lock)
                _ = hub._listeners.Remove(this);
            _news.Dispose();
        }

        /// <summary>Under the hub's lock.</summary>
        internal void Offer(string? routes = null, string? programs = null)
        {
            _routes = routes ?? _routes;
            _programs = programs ?? _programs;
            if (_news.CurrentCount == 0)
                _ = _news.Release();
        }
    }
}
