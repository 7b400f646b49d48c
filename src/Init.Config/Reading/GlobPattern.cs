namespace Init.Config.Reading;

/// <summary>
/// glob(7) for one path segment or one event name: <c>*</c>, <c>?</c> and <c>[abc]</c>, <c>[a-z]</c>, <c>[!a]</c>. A leading dot must be matched by a dot.
/// </summary>
public static class GlobPattern
{
    public static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?', '[');

    public static bool Matches(string pattern, string name)
    {
        if (name.StartsWith('.') && !pattern.StartsWith('.'))
            return false;

        // The classic two-pointer match: on a mismatch go back to the last star only, so the work is at most pattern x name.
        int p = 0, n = 0, star = -1, retry = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                retry = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, name[n], out int next))
            {
                p = next;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++retry;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private static bool MatchesOne(string pattern, int at, char c, out int next)
    {
        next = at + 1;
        if (pattern[at] == '?')
            return true;

        if (pattern[at] != '[')
            return pattern[at] == c;

        // The first character of a set may be "]" itself; a set without an end is an ordinary bracket.
        int first = at + 1;
        bool negated = first < pattern.Length && pattern[first] is '!' or '^';
        if (negated)
            first++;

        int end = first < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
        if (end < 0)
            return c == '[';

        next = end + 1;
        bool found = false;
        for (int i = first; i < end; i++)
        {
            if (i + 2 < end && pattern[i + 1] == '-')
            {
                found |= c >= pattern[i] && c <= pattern[i + 2];
                i += 2;
            }
            else
            {
                found |= c == pattern[i];
            }
        }

        return found != negated;
    }
}
