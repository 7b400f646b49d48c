using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>Makes the same commit again, with the same files, dates and message, after other parents.</summary>
internal static class CommitRewriter
{
    private const int TextCharactersMax = 100_000;

    public static string WithParents(GitRunner git, string commit, IReadOnlyList<string> parents)
    {
        string text = git.Run(GitRunner.ShortTime, [], "cat-file", "commit", commit)!;
        if (text.Length > TextCharactersMax)
            throw new GitException($"cannot rewrite commit {commit} of {git.Repository}: it has more than {TextCharactersMax} characters");
        return git.RunWith(Rewrite(text, parents) + "\n", "hash-object", "-t", "commit", "-w", "--stdin");
    }

    /// <summary>The commits one after the other, the first without parents.</summary>
    /// <param name="commits">Oldest first; at least one.</param>
    /// <returns>The last.</returns>
    public static string Chain(GitRunner git, IEnumerable<string> commits, CancellationToken cancel)
    {
        string? last = null;
        foreach (string commit in commits)
        {
            cancel.ThrowIfCancellationRequested();
            last = WithParents(git, commit, last is null ? [] : [last]);
        }

        return last!;
    }

    /// <summary>A signature would be wrong now, and is left out with its lines.</summary>
    internal static string Rewrite(string text, IReadOnlyList<string> parents)
    {
        int body = text.IndexOf("\n\n", StringComparison.Ordinal);
        string[] header = (body < 0 ? text : text[..body]).Split('\n');
        List<string> kept = [];
        bool isSignature = false;
        foreach (string line in header)
        {
            isSignature = line.StartsWith(' ') ? isSignature : line.StartsWith("gpgsig", StringComparison.Ordinal);
            if (!isSignature && !line.StartsWith("parent ", StringComparison.Ordinal))
                kept.Add(line);
        }

        kept.InsertRange(1, parents.Select(parent => "parent " + parent));
        return string.Join('\n', kept) + (body < 0 ? "\n" : text[body..]);
    }
}
