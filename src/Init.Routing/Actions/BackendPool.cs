using System.Collections.Immutable;
using System.Globalization;
using Init.Routing.Rules;

namespace Init.Routing.Actions;

/// <param name="Index">Which of <see cref="BackendPool.Urls"/>.</param>
/// <param name="StickyCookie">The value the sticky cookie is to be set to; null: it is right as it is, or there is none.</param>
/// <param name="NoneHealthy">All are said to be down, and this one is tried all the same.</param>
public readonly record struct BackendChoice(int Index, string? StickyCookie, bool NoneHealthy);

/// <summary>The backends of a rule. Choosing is a pure function: chance, key and health come in.</summary>
public sealed class BackendPool
{
    private readonly ImmutableArray<RuleBackend> _backends;
    private readonly bool _isByCookie;

    internal BackendPool(ImmutableArray<RuleBackend> backends, StickySessions? sticky)
    {
        _backends = backends;
        _isByCookie = sticky is { Cookie: not null };
        Urls =
        [
            .. backends.Select(backend => BackendUrl.TryParse(backend.Url, out BackendUrl? url) is null
                ? url!
                : throw new ArgumentException("a rule with an invalid backend was not refused", nameof(backends))),
        ];
        Tokens = [.. backends.Select(backend => Hash(backend.Url, seed: 0).ToString("x16", CultureInfo.InvariantCulture))];
    }

    public ImmutableArray<BackendUrl> Urls { get; }

    /// <summary>What the sticky cookie says for each backend. It depends on the URL alone, so it outlives changes of the list, and does not show the URL.</summary>
    public ImmutableArray<string> Tokens { get; }

    /// <param name="key">The value of the rule's sticky cookie or header in the request; null when there is none.</param>
    /// <param name="healthy">One for each backend.</param>
    /// <param name="chance">0 ≤ chance &lt; 1.</param>
    public BackendChoice Choose(string? key, ReadOnlySpan<bool> healthy, double chance)
    {
        if (healthy.Length != _backends.Length)
            throw new ArgumentException($"{healthy.Length} states for {_backends.Length} backends", nameof(healthy));

        // When all are down, trying one is better than refusing: the check may be wrong.
        bool noneHealthy = healthy.IndexOf(true) < 0;
        if (_isByCookie)
        {
            int named = key is null ? -1 : Tokens.IndexOf(key);
            if (named >= 0 && (healthy[named] || noneHealthy))
                return new BackendChoice(named, null, noneHealthy);

            int chosen = ByWeight(healthy, noneHealthy, chance);
            return new BackendChoice(chosen, Tokens[chosen], noneHealthy);
        }

        return new BackendChoice(key is null ? ByWeight(healthy, noneHealthy, chance) : ByKey(key, healthy, noneHealthy), null, noneHealthy);
    }

    private int ByWeight(ReadOnlySpan<bool> healthy, bool all, double chance)
    {
        int total = 0;
        for (int i = 0; i < healthy.Length; i++)
            total += all || healthy[i] ? _backends[i].Weight : 0;

        double left = chance * total;
        int last = 0;
        for (int i = 0; i < healthy.Length; i++)
        {
            if (!all && !healthy[i])
                continue;

            last = i;
            left -= _backends[i].Weight;
            if (left < 0)
                return i;
        }

        return last;
    }

    /// <summary>Weighted rendezvous hashing: when a backend leaves, only its own keys move.</summary>
    private int ByKey(string key, ReadOnlySpan<bool> healthy, bool all)
    {
        int best = -1;
        double bestScore = double.NegativeInfinity;
        for (int i = 0; i < healthy.Length; i++)
        {
            if (!all && !healthy[i])
                continue;

            // Between 0 and 1, never either.
            double uniform = ((Hash(key, Hash(_backends[i].Url, seed: 0)) >> 11) + 0.5) / (1UL << 53);
            double score = -_backends[i].Weight / Math.Log(uniform);
            if (score > bestScore)
                (best, bestScore) = (i, score);
        }

        return best;
    }

    /// <summary>FNV-1a, and the last step of splitmix64, because FNV's upper bits hardly depend on the last characters.</summary>
    private static ulong Hash(string text, ulong seed)
    {
        ulong hash = 14695981039346656037 ^ seed;
        foreach (char c in text)
            hash = (hash ^ c) * 1099511628211;

        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
        return hash ^ (hash >> 31);
    }
}
