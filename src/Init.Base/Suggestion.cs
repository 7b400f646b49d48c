namespace Init.Base;

/// <summary>"did you mean": the known word that is nearest to what was written.</summary>
public static class Suggestion
{
    /// <summary>Longer words are not looked at: nobody mistypes those, and the comparison is quadratic.</summary>
    private const int LengthMax = 64;

    /// <summary><c>did you mean "x"?</c>, or null when nothing is near.</summary>
    public static string? For(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } nearest ? $"did you mean \"{nearest}\"?" : null;

    /// <summary>Null when nothing known is near enough to be what was meant. Letter case does not count.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(known);
        if (word.Length is 0 or > LengthMax)
            return null;

        // Short words must be nearer: at distance 3 every three-letter word is like every other.
        int limit = word.Length switch { <= 4 => 1, <= 7 => 2, _ => 3 };
        string? best = null;
        foreach (string candidate in known)
        {
            if (Math.Abs(candidate.Length - word.Length) > limit || candidate.Length > LengthMax)
                continue;

            int distance = Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance <= limit && distance < Math.Max(word.Length, candidate.Length))
            {
                best = candidate;
                limit = distance - 1;
            }
        }

        return best;
    }

    /// <summary>Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours.</summary>
    public static int Distance(string a, string b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        int[] beforeLast = new int[b.Length + 1];
        int[] last = new int[b.Length + 1];
        int[] current = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            last[j] = j;

        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                int best = Math.Min(Math.Min(last[j] + 1, current[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    best = Math.Min(best, beforeLast[j - 2] + 1);

                current[j] = best;
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[b.Length];
    }
}
