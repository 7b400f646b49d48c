namespace Init.Control;

/// <summary>"Did you mean …?": the known name that a mistyped one is nearest to.</summary>
public static class Nearest
{
    /// <summary>The comparison is quadratic, and PID 1 makes it: longer words get no hint.</summary>
    private const int LengthMax = 64;

    /// <summary>Null when nothing known is near enough to be what was meant.</summary>
    public static string? Hint(string typed, IEnumerable<string> known) => To(typed, known) is { } near ? $"did you mean \"{near}\"?" : null;

    public static string? To(string typed, IEnumerable<string> known)
    {
        if (typed.Length is < 2 or > LengthMax)
            return null;

        // A third of the letters may differ, so that "x" is never taken for "y".
        int best = Math.Max(1, typed.Length / 3) + 1;
        string? nearest = null;
        foreach (string candidate in known)
        {
            if (Math.Abs(candidate.Length - typed.Length) >= best)
                continue;

            int distance = Distance(typed, candidate);
            if (distance < best)
                (best, nearest) = (distance, candidate);
        }

        return nearest;
    }

    /// <summary>Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours.</summary>
    private static int Distance(string a, string b)
    {
        int[] beforeLast = new int[b.Length + 1], last = new int[b.Length + 1], row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            row[j] = j;

        for (int i = 1; i <= a.Length; i++)
        {
            (beforeLast, last, row) = (last, row, beforeLast);
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
        }

        return row[b.Length];
    }
}
