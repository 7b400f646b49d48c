using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Init.Base;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Actions;

/// <param name="RuleId">Null: the default backend.</param>
/// <param name="Url">As the rule has it.</param>
public readonly record struct BackendKey(string? RuleId, string Url);

/// <param name="Url">As the rule has it.</param>
/// <param name="RuleId">Null: the default backend.</param>
/// <param name="IsHealthy">It may be chosen.</param>
/// <param name="Program">That is known to be behind it; null when none is.</param>
public sealed record BackendReport(string Url, string? RuleId, bool IsHealthy, string? Program);

/// <summary>
/// The health of all backends of the rules in force, by rule and URL: an edit keeps what is known of those that stay. Any number of threads may use it; a request that ends well
/// at a backend that is well costs one read.
/// </summary>
/// <param name="now">Reads the monotonic clock.</param>
/// <param name="onChange">Called when a backend goes down (true) or comes back.</param>
public sealed class BackendBoard(Func<Instant> now, Action<BackendKey, bool>? onChange = null)
{
    private readonly ConcurrentDictionary<BackendKey, BackendState> _states = new();

    /// <summary>By the object that each request has in its hand anyway; gone when the last request with these rules is.</summary>
    private readonly ConditionalWeakTable<BackendPool, BackendState[]> _ofPools = [];

    /// <summary>The states of a rule's backends, in their order.</summary>
    public IReadOnlyList<BackendState> Of(RouteRule rule, BackendPool pool)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (_ofPools.TryGetValue(pool, out BackendState[]? known))
            return known;

        BackendHealthPolicy policy = rule.Health ?? BackendHealthPolicy.Usual;
        return _ofPools.GetValue(pool, _ => [.. rule.Backends.Select(backend => StateOf(new BackendKey(rule.Id, backend.Url), policy))]);
    }

    public BackendState OfDefault(BackendUrl url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return StateOf(new BackendKey(null, url.Text), BackendHealthPolicy.Usual);
    }

    /// <summary>Takes over other rules: forgets the backends that are gone, and makes the policies of the others count.</summary>
    public void Adopt(RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Dictionary<BackendKey, BackendHealthPolicy> wanted = [];
        foreach (RouteRule rule in table.Configuration.Rules)
        {
            foreach (RuleBackend backend in rule.Backends)
                wanted[new BackendKey(rule.Id, backend.Url)] = rule.Health ?? BackendHealthPolicy.Usual;
        }

        if (table.Configuration.DefaultBackend is { } url)
            wanted[new BackendKey(null, url)] = BackendHealthPolicy.Usual;
        foreach (var (key, state) in _states)
        {
            if (wanted.TryGetValue(key, out BackendHealthPolicy? policy))
                state.Adopt(policy);
            else
                _ = _states.TryRemove(key, out _);
        }
    }

    /// <summary>Every backend of the rules that are tried, and the default one.</summary>
    public ImmutableArray<BackendReport> Report(RouteTable table, BackendPrograms programs)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(programs);
        ImmutableArray<BackendReport>.Builder reports = ImmutableArray.CreateBuilder<BackendReport>();
        if (table.DefaultBackend is { } url)
            reports.Add(new BackendReport(url.Text, null, !OfDefault(url).IsDown, programs.Behind(null, url)));
        foreach (CompiledRule compiled in table.Rules)
        {
            if (compiled is not { Rule: { Enabled: true } rule, Backends: { } pool })
                continue;

            IReadOnlyList<BackendState> states = Of(rule, pool);
            for (int i = 0; i < states.Count; i++)
                reports.Add(new BackendReport(rule.Backends[i].Url, rule.Id, !states[i].IsDown, programs.Behind(rule, pool.Urls[i])));
        }

        return reports.ToImmutable();
    }

    /// <summary>Of a backend that may be new.</summary>
    public BackendState StateOf(BackendKey key, BackendHealthPolicy policy) =>
        _states.GetOrAdd(key, static (key, made) => new BackendState(key, made.policy, made.now, made.onChange), (policy, now, onChange));
}

/// <summary>What is known of one backend.</summary>
public sealed class BackendState
{
    private readonly Lock _lock = new();
    private readonly BackendKey _key;
    private readonly Func<Instant> _now;
    private readonly Action<BackendKey, bool>? _onChange;
    private BackendHealthPolicy _policy;
    private BackendHealth _health;

    /// <summary>Nothing speaks against it: what nearly every request finds.</summary>
    private volatile bool _isClean = true;

    internal BackendState(BackendKey key, BackendHealthPolicy policy, Func<Instant> now, Action<BackendKey, bool>? onChange)
    {
        _key = key;
        _policy = policy;
        _now = now;
        _onChange = onChange;
    }

    /// <summary>It may be chosen now: it is well, or it is time to try it again.</summary>
    public bool IsUsable
    {
        get
        {
            if (_isClean)
                return true;

            lock (_lock)
                return _health.IsUsable(_now());
        }
    }

    public bool IsDown
    {
        get
        {
            if (_isClean)
                return false;

            lock (_lock)
                return _health.IsDown;
        }
    }

    public void Note(BackendOutcome outcome)
    {
        if (_isClean && outcome is (BackendOutcome.RequestAnswered or BackendOutcome.ProbeGood))
            return;

        bool wasDown, isDown;
        lock (_lock)
        {
            wasDown = _health.IsDown;
            _health = _health.After(outcome, _policy, _now());
            isDown = _health.IsDown;
            _isClean = _health == default;
        }

        if (wasDown != isDown)
            _onChange?.Invoke(_key, isDown);
    }

    internal void Adopt(BackendHealthPolicy policy)
    {
        lock (_lock)
        {
            // Probes were to bring it back, and there are none any more.
            if (_health.IsDown && policy.Path is null && _policy.Path is not null)
                _health = _health with { RetryAt = _now() + policy.RetryAfter };
            _policy = policy;
        }
    }
}
