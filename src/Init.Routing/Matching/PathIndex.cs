namespace Init.Routing.Matching;

/// <summary>Finds the entries whose path condition a request can meet: a look-up for exact paths, a binary search for prefixes, and those without a path.</summary>
/// <remarks>
/// Prefixes are sorted; each knows the longest other prefix that it begins with. All prefixes of a path are then the last one in order that is not greater than the
/// path, or those it begins with: whatever stands between a prefix and the path begins with that prefix, too.
/// </remarks>
internal sealed class PathIndex
{
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly string[] _prefixes;
    private readonly int[] _parents;
    private readonly int[][] _prefixRanks;
    private readonly int[] _pathless;

    /// <param name="entries">In effective order.</param>
    /// <param name="ranks">Which of them to index, ascending.</param>
    public PathIndex(RouteEntry[] entries, IEnumerable<int> ranks)
    {
        ILookup<string, int> byKind = ranks.ToLookup(rank => entries[rank] switch
        {
            { ByScope: true } => "scope",
            { Rule.PathEqual: not null } => "exact",
            { Rule.PathPrefix: not null } => "prefix",
            _ => "none",
        });
        Dictionary<string, int[]> exact = byKind["exact"].GroupBy(rank => entries[rank].Rule.PathEqual!).ToDictionary(group => group.Key, group => group.ToArray());
        _exact = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _pathless = [.. byKind["none"]];

        var groups = byKind["prefix"].GroupBy(rank => entries[rank].Rule.PathPrefix!).OrderBy(group => group.Key, StringComparer.Ordinal).ToArray();
        _prefixes = [.. groups.Select(group => group.Key)];
        _prefixRanks = [.. groups.Select(group => group.ToArray())];
        _parents = new int[_prefixes.Length];
        for (int i = 0; i < _prefixes.Length; i++)
        {
            int parent = i - 1;
            while (parent >= 0 && !_prefixes[i].StartsWith(_prefixes[parent], StringComparison.Ordinal))
                parent = _parents[parent];
            _parents[i] = parent;
        }
    }

    /// <summary>Lowers <paramref name="best"/> to the first entry that matches and comes before it.</summary>
    public void Search(RouteEntry[] entries, in RequestFacts request, ref int best)
    {
        if (_exact.TryGetValue(request.Path, out int[]? exact))
            Try(exact, entries, request, ref best);

        int at = LastNotGreater(request.Path);
        while (at >= 0 && !request.Path.StartsWith(_prefixes[at]))
            at = _parents[at];
        for (; at >= 0; at = _parents[at])
            Try(_prefixRanks[at], entries, request, ref best);

        Try(_pathless, entries, request, ref best);
    }

    private static void Try(int[] ranks, RouteEntry[] entries, in RequestFacts request, ref int best)
    {
        foreach (int rank in ranks)
        {
            if (rank >= best)
                return;

            if (entries[rank].Rule.FirstFailure(request, byScope: false) is null)
            {
                best = rank;
                return;
            }
        }
    }

    private int LastNotGreater(ReadOnlySpan<char> path)
    {
        int low = 0;
        int high = _prefixes.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_prefixes[middle].AsSpan().SequenceCompareTo(path) <= 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }
}
