using System.Text;
using System.Text.RegularExpressions;
using Init.Backup.Names;

namespace Init.Backup.Remote;

/// <summary>Reads GitHub's report of secrets in a push (GH013, before 2024 GH009), and says it so that somebody can act on it at three in the morning.</summary>
internal static partial class SecretReport
{
    private const int PlacesMax = 5;

    /// <returns>Null: it is no such report.</returns>
    public static string? Of(IReadOnlyList<string> lines)
    {
        if (!lines.Any(line => line.Contains("Push cannot contain secrets", StringComparison.Ordinal) || line.Contains("GH009: Secrets detected", StringComparison.Ordinal)))
            return null;

        List<(string Path, string Place)> places = [];
        string kind = "a secret";
        string commit = "?";
        List<string> links = [];
        foreach (string line in lines)
        {
            if (Kind().Match(line) is { Success: true } newKind)
                kind = newKind.Groups["kind"].Value.Trim();
            else if (Commit().Match(line) is { Success: true } newCommit)
                commit = newCommit.Groups["commit"].Value[..Math.Min(12, newCommit.Groups["commit"].Length)];
            else if (PathAndLine().Match(line) is { Success: true } place)
                places.Add((LivePath(place.Groups["path"].Value), $"{LivePath(place.Groups["path"].Value)} line {place.Groups["line"].Value} ({kind}, in commit {commit})"));
            else if (Link().Match(line) is { Success: true } newLink)
                links.Add(newLink.Groups["link"].Value);
        }

        if (places.Count == 0)
            return "GitHub found a secret in the backup and refuses it (push protection), without saying where; turn push protection off for this repository in its settings, under \"Advanced Security\"";

        string found = string.Join("; ", places.Select(place => place.Place).Distinct().Take(PlacesMax));
        string more = places.Count > PlacesMax ? $"; and {places.Count - PlacesMax} more" : "";
        string exclude = string.Join(", ", places.Select(place => Quote(place.Path)).Distinct().Take(PlacesMax));
        string allow = links.Count == 0 ? "the address that GitHub gives" : string.Join(" and ", links.Distinct().Take(PlacesMax));
        return $"GitHub found a secret in the backup and refuses all of it (push protection): {found}{more}. Nothing is backed up until one of these is done: exclude it, with [backup] exclude = [{exclude}] "
            + $"(the commits that have it are made again without it); or, in a private repository, turn push protection off in its settings under \"Advanced Security\"; or allow it at {allow}";
    }

    /// <summary>As TOML has it.</summary>
    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>The path of the live file, as it is excluded: with its spaces.</summary>
    private static string LivePath(string path)
    {
        Match chunk = Chunk().Match(path);
        string inTree = chunk.Success ? chunk.Groups["file"].Value : path;
        return TreeNames.ToPath(Encoding.UTF8.GetBytes(inTree)) is { } live ? PathText.Show(live.Bytes) : inTree;
    }

    [GeneratedRegex(@"^remote:\s+—— (?<kind>.{1,200}?) —", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Kind();

    [GeneratedRegex(@"^remote:\s+- commit: (?<commit>[0-9a-f]{7,64})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Commit();

    [GeneratedRegex(@"^remote:\s+path: (?<path>.+):(?<line>\d+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathAndLine();

    [GeneratedRegex(@"^remote:\s+(?<link>https://\S{1,300}/unblock-secret/\S{1,100})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^(?<file>.+)\.chunks/[0-9a-f]{4}/[0-9a-f]{2}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Chunk();
}
