using Init.Backup.Names;

namespace Init.Backup.Scan;

/// <summary>
/// Patterns of what is not backed up. "*" and "?" stay within a component, "**" does not. A pattern without a slash is for a name anywhere; with one, for a path below BASE.
/// What is below an excluded directory is excluded with it.
/// </summary>
public sealed class GlobSet
{
    private readonly List<byte[]> _names = [];
    private readonly List<byte[]> _paths = [];

    public GlobSet(IEnumerable<string> patterns)
    {
        foreach (string pattern in patterns)
        {
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(pattern.TrimEnd('/').TrimStart('/'));
            if (bytes.Length == 0)
                throw new ArgumentException($"\"{pattern}\" excludes nothing or everything", nameof(patterns));
            (pattern.TrimEnd('/').Contains('/') ? _paths : _names).Add(bytes);
        }
    }

    public static GlobSet None { get; } = new([]);

    public bool Matches(BytePath path)
    {
        foreach (byte[] pattern in _names)
        {
            if (IsMatch(pattern, path.Name))
                return true;
        }

        foreach (byte[] pattern in _paths)
        {
            if (IsMatch(pattern, path.Bytes))
                return true;
        }

        return false;
    }

    /// <summary>Takes time in proportion to pattern times text: nothing is tried out, and so no pattern of many stars takes for ever.</summary>
    private static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        // After each token of the pattern: which lengths of text it may have taken so far.
        Span<bool> reach = text.Length < 1024 ? stackalloc bool[text.Length + 1] : new bool[text.Length + 1];
        reach.Clear();
        reach[0] = true;
        for (int i = 0; i < pattern.Length; i++)
        {
            byte token = pattern[i];
            bool across = token == (byte)'*' && i + 1 < pattern.Length && pattern[i + 1] == (byte)'*';
            if (across)
                i++;

            if (token == (byte)'*')
            {
                for (int at = 0; at < text.Length; at++)
                    reach[at + 1] |= reach[at] && (across || text[at] != (byte)'/');
                // "a/**/b" is "a/b", too.
                if (across && i + 1 < pattern.Length && pattern[i + 1] == (byte)'/')
                    i += SkipSlash(reach, text);
            }
            else
            {
                for (int at = text.Length; at > 0; at--)
                    reach[at] = reach[at - 1] && (token == text[at - 1] || (token == (byte)'?' && text[at - 1] != (byte)'/'));
                reach[0] = false;
            }
        }

        return reach[text.Length];
    }

    /// <summary>Takes the slash after "**" as done at the start and behind every slash that is reached.</summary>
    private static int SkipSlash(Span<bool> reach, ReadOnlySpan<byte> text)
    {
        for (int at = text.Length; at >= 0; at--)
            reach[at] = reach[at] && (at == 0 || text[at - 1] == (byte)'/');
        return 1;
    }
}
