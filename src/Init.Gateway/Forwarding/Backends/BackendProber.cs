using System.Net;
using Init.Base;
using Init.Linux;
using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Rules;
using Init.Routing.Store;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>
/// Asks the backends of rules that have a <c>health.path</c>, again and again: one loop for the rules in force. An edit keeps the pace of what it does not change, and with a rule its probes end.
/// Without such rules it sleeps.
/// </summary>
internal sealed class BackendProber : IAsyncDisposable
{
    /// <summary>Probes under way at the same time; more wait for their turn.</summary>
    private const int ProbesMax = 16;

    private readonly RouteKeeper _routes;
    private readonly BackendBoard _board;
    private readonly HttpMessageInvoker _client;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _places = new(ProbesMax);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _lock = new();
    private readonly Dictionary<BackendKey, Subject> _subjects = [];
    private readonly Task _loop;

    public BackendProber(RouteKeeper routes, BackendBoard board, HttpMessageInvoker client)
    {
        _routes = routes;
        _board = board;
        _client = client;
        Adopt(routes.Source.Current);
        routes.Changed += OnChanged;
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _routes.Changed -= OnChanged;
        await _end.CancelAsync();
        await _loop;
        _end.Dispose();
        _places.Dispose();
        _wake.Dispose();
    }

    private void OnChanged(object? sender, EventArgs arguments)
    {
        Adopt(_routes.Source.Current);
        _ = _wake.Release();
    }

    private void Adopt(RouteTable table)
    {
        lock (_lock)
        {
            _board.Adopt(table);
            HashSet<BackendKey> wanted = [];
            foreach (RouteRule rule in table.Configuration.Rules)
            {
                if (rule is not { Enabled: true, Health: { Path: { } path } policy })
                    continue;

                foreach (RuleBackend backend in rule.Backends)
                {
                    BackendKey key = new(rule.Id, backend.Url);
                    wanted.Add(key);
                    if (!_subjects.TryGetValue(key, out Subject? subject))
                        _subjects.Add(key, subject = new Subject(_board.StateOf(key, policy)));
                    if (subject.Policy != policy)
                        subject.Change(policy, UrlOf(backend, path));
                }
            }

            foreach (BackendKey gone in _subjects.Keys.Where(key => !wanted.Contains(key)).ToArray())
                _ = _subjects.Remove(gone);
        }
    }

    private static (Uri Url, bool IsHttp2) UrlOf(RuleBackend backend, string path)
    {
        _ = BackendUrl.TryParse(backend.Url, out BackendUrl? parsed);
        return (new Uri($"{parsed!.Origin}{path}"), parsed.IsHttp2);
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                List<Subject> dueNow = TakeDue(out TimeSpan pause);
                foreach (Subject due in dueNow)
                {
                    await _places.WaitAsync(_end.Token);
                    _ = ProbeAsync(due);
                }

                _ = await _wake.WaitAsync(pause, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the role. Probes under way end with it, too.
        }

        for (int i = 0; i < ProbesMax; i++)
            await _places.WaitAsync();
    }

    /// <param name="pause">Until the next is due.</param>
    private List<Subject> TakeDue(out TimeSpan pause)
    {
        Instant now = MonotonicClock.Now;
        Instant next = Instant.Never;
        List<Subject> due = [];
        lock (_lock)
        {
            foreach (Subject subject in _subjects.Values)
            {
                if (subject.IsUnderWay)
                    continue;

                if (subject.DueAt <= now)
                {
                    subject.IsUnderWay = true;
                    due.Add(subject);
                }
                else
                {
                    next = Instant.Min(next, subject.DueAt);
                }
            }
        }

        pause = next == Instant.Never ? Timeout.InfiniteTimeSpan : next - now + TimeSpan.FromMilliseconds(1);
        return due;
    }

    private async Task ProbeAsync(Subject subject)
    {
        BackendHealthPolicy policy;
        (Uri Url, bool IsHttp2) target;
        lock (_lock)
            (policy, target) = (subject.Policy!, subject.Target);

        bool? isGood = await AskAsync(target.Url, target.IsHttp2, policy.Timeout);
        lock (_lock)
        {
            subject.IsUnderWay = false;
            if (ReferenceEquals(subject.Policy, policy))
                subject.DueAt = MonotonicClock.Now + policy.Interval;
        }

        if (isGood is { } good)
            subject.State.Note(good ? BackendOutcome.ProbeGood : BackendOutcome.ProbeFailed);
        _ = _places.Release();
        if (isGood is not null)
            _ = _wake.Release();
    }

    /// <summary>Null: the role ends, and nothing has been found out.</summary>
    private async Task<bool?> AskAsync(Uri url, bool isHttp2, TimeSpan timeout)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        limit.CancelAfter(timeout);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, url);
            if (isHttp2)
                (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            _ = request.Headers.TryAddWithoutValidation("User-Agent", "init-health");
            using HttpResponseMessage response = await _client.SendAsync(request, limit.Token);
            return (int)response.StatusCode is >= 200 and < 400;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return _end.IsCancellationRequested ? null : false;
        }
    }

    /// <summary>One backend of one rule. Guarded by the prober's lock.</summary>
    private sealed class Subject(BackendState state)
    {
        public BackendState State { get; } = state;

        public BackendHealthPolicy? Policy { get; private set; }

        public (Uri Url, bool IsHttp2) Target { get; private set; }

        public bool IsUnderWay { get; set; }

        /// <summary>At once, when it is new or asked for something else.</summary>
        public Instant DueAt { get; set; }

        public void Change(BackendHealthPolicy policy, (Uri Url, bool IsHttp2) target)
        {
            Policy = policy;
            Target = target;
            DueAt = default;
        }
    }
}
