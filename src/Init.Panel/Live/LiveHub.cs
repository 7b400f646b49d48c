using System.Globalization;
using System.Text;
using System.Text.Json;
using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Control;
using Init.Panel.Backup;

namespace Init.Panel.Live;

/// <summary>
/// What all open panels show at this moment: the programs, asked for once for all of them, the backup, followed once for all, and the revision of the rules. A listener takes the newest there is; who is slow
/// misses what came in between, and nothing waits for him. When nobody listens, nobody is asked.
/// </summary>
/// <param name="backend">The supervisor.</param>
/// <param name="events">After one of these it is asked at once.</param>
/// <param name="revision">Of the rules in force.</param>
/// <param name="backup">The backup's role; null: nothing is told of it.</param>
/// <param name="clock">For the pauses.</param>
internal sealed class LiveHub(IControlBackend backend, EventHub events, Func<long> revision, BackupLink? backup, TimeProvider clock)
{
    /// <summary>When nothing happens: processor time and memory move on.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>When much happens.</summary>
    public static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(200);

    /// <summary>Between looks for a backup's role that does not run, or has ended.</summary>
    public static readonly TimeSpan BackupPause = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HashSet<Listener> _listeners = [];

    /// <summary>Of the programs, or why they are not known; null before the first answer.</summary>
    private string? _programs;
    private bool _isReading;

    /// <summary>Of the backup; null before the first answer.</summary>
    private string? _backup;
    private Action? _stopFollowing;

    /// <summary>From now on; it has at once what is known already.</summary>
    public Listener Listen()
    {
        lock (_lock)
        {
            Listener listener = new(this, RoutesFrame(), _programs, _backup);
            _ = _listeners.Add(listener);
            if (!_isReading)
            {
                _isReading = true;
                _ = Task.Run(ReadAsync);
            }

            if (_stopFollowing is null && backup is not null)
            {
                CancellationTokenSource end = new();
                _stopFollowing = () => _ = end.CancelAsync();
                _ = Task.Run(async () =>
                {
                    using (end)
                        await FollowBackupAsync(backup, end.Token);
                });
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

    /// <summary>Under the lock. What is known grows old when nobody asks.</summary>
    private void StopFollowing()
    {
        _stopFollowing?.Invoke();
        _stopFollowing = null;
        _backup = null;
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

    /// <summary>Until nobody listens.</summary>
    private async Task FollowBackupAsync(BackupLink role, CancellationToken end)
    {
        try
        {
            while (true)
            {
                // It says something only when something has changed, so its silence means nothing.
                _ = await role.AskAsync("follow", onItem: status => Tell(new BackupSight(true, role.Program, status)), patience: Timeout.InfiniteTimeSpan, cancellation: end);
                Tell(new BackupSight(false, role.Program));
                await Task.Delay(BackupPause, clock, end);
            }
        }
        catch (OperationCanceledException)
        {
            // The next listener begins anew.
        }

        void Tell(BackupSight sight)
        {
            string frame = Frame("backup", JsonSerializer.Serialize(sight, BackupJson.Default.BackupSight));
            lock (_lock)
            {
                if (end.IsCancellationRequested || frame == _backup)
                    return;
                _backup = frame;
                foreach (Listener listener in _listeners)
                    listener.Offer(backup: frame);
            }
        }
    }

    private string RoutesFrame() => Frame("routes", string.Create(CultureInfo.InvariantCulture, $"{{\"revision\":{revision()}}}"));

    /// <summary>JSON of ours has no line breaks, so one data line holds it.</summary>
    private static string Frame(string type, string json) => $"event: {type}\ndata: {json}\n\n";

    /// <summary>One open panel. It holds the newest of each kind, and no more, however slowly it is read.</summary>
    internal sealed class Listener(LiveHub hub, string routes, string? programs, string? backup) : IDisposable
    {
        private readonly SemaphoreSlim _news = new(1, 1);
        private string? _routes = routes, _programs = programs, _backup = backup;

        /// <summary>What is new; "" when nothing has come in this time.</summary>
        public async Task<string> TakeAsync(TimeSpan time, CancellationToken cancellation)
        {
            if (!await _news.WaitAsync(time, cancellation))
                return "";

            lock (hub._lock)
            {
                StringBuilder text = new StringBuilder().Append(_routes).Append(_programs).Append(_backup);
                _routes = _programs = _backup = null;
                return text.ToString();
            }
        }

        public void Dispose()
        {
            lock (hub._lock)
            {
                _ = hub._listeners.Remove(this);
                if (hub._listeners.Count == 0)
                    hub.StopFollowing();
            }

            _news.Dispose();
        }

        /// <summary>Under the hub's lock.</summary>
        internal void Offer(string? routes = null, string? programs = null, string? backup = null)
        {
            _routes = routes ?? _routes;
            _programs = programs ?? _programs;
            _backup = backup ?? _backup;
            if (_news.CurrentCount == 0)
                _ = _news.Release();
        }
    }
}
