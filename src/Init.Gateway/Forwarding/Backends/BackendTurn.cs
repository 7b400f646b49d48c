using Init.Routing.Actions;
using Init.Routing.Rules;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Which backend of a rule a request goes to, and which one next when that cannot be reached.</summary>
internal sealed class BackendTurn
{
    private readonly BackendPool _pool;
    private readonly IReadOnlyList<BackendState> _states;
    private readonly string? _key;
    private readonly bool[] _tried;

    /// <param name="pool">To choose from.</param>
    /// <param name="states">One for each.</param>
    /// <param name="key">Of sticky sessions; null when there is none.</param>
    public BackendTurn(BackendPool pool, IReadOnlyList<BackendState> states, string? key)
    {
        _pool = pool;
        _states = states;
        _key = key;
        _tried = new bool[states.Count];
        Choose();
    }

    public BackendUrl Url => _pool.Urls[Choice.Index];

    public BackendState State => _states[Choice.Index];

    /// <summary>What the sticky cookie is to be; null when nothing is to be set.</summary>
    public string? StickyCookie => Choice.StickyCookie;

    private BackendChoice Choice { get; set; }

    /// <summary>False when no other backend is well.</summary>
    public bool TryNext()
    {
        for (int i = 0; i < _tried.Length; i++)
        {
            if (!_tried[i] && _states[i].IsUsable)
            {
                Choose();
                return true;
            }
        }

        return false;
    }

    private void Choose()
    {
        Span<bool> healthy = stackalloc bool[_tried.Length]; // At most RuleLimits.ItemsMax.
        for (int i = 0; i < healthy.Length; i++)
            healthy[i] = !_tried[i] && _states[i].IsUsable;
        Choice = _pool.Choose(_key, healthy, Random.Shared.NextDouble());
        _tried[Choice.Index] = true;
    }
}
