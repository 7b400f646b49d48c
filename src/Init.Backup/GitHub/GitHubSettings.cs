namespace Init.Backup.GitHub;

/// <summary>A repository at GitHub, and how its API is used. Written from GitHub's documentation of 2026.</summary>
/// <param name="Repository">"owner/repo".</param>
/// <param name="Token">Goes to the API and to nowhere else; in no text of ours.</param>
public sealed record GitHubSettings(string Repository, string Token)
{
    /// <summary>Without a slash at the end; another one for GitHub Enterprise.</summary>
    public Uri Api { get; init; } = new("https://api.github.com");

    /// <summary>Of the first release. When it is full or closed, "TAG-2" follows, and so on.</summary>
    public string ReleaseTag { get; init; } = "blobs";

    /// <summary>Bytes of an asset; GitHub takes less than 2 GiB.</summary>
    public long PartBytesMax { get; init; } = 1900L * 1024 * 1024;

    /// <summary>GitHub takes 1,000.</summary>
    public int AssetsPerReleaseMax { get; init; } = 1000;

    /// <summary>Requests that make something: GitHub allows some 80 a minute and 500 an hour.</summary>
    public int CreationsPerMinute { get; init; } = 80;

    public int CreationsPerHour { get; init; } = 500;

    /// <summary>Nothing sent and nothing received for so long: the connection is given up.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A wait that GitHub asks for, up to which a call waits itself. What is longer is told to the caller.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the second attempt; twice as long before each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a download is tried again that was cut without having come any further, and how often a part that came damaged is fetched anew.</summary>
    public int DownloadRetries { get; init; } = 3;

    /// <summary>What an interrupted download has fetched is noted here; null: nowhere, and the next one begins anew.</summary>
    public string? ScratchPath { get; init; }

    /// <summary>"owner/repo" of a remote that is a repository of this GitHub.</summary>
    /// <param name="remoteUrl">As git has it, without user information.</param>
    /// <param name="api">https://api.github.com, or that of a GitHub Enterprise on the remote's own host.</param>
    /// <returns>Null: it is another server, and has no releases that we know of.</returns>
    public static string? RepositoryOf(string remoteUrl, Uri api)
    {
        if (!Uri.TryCreate(remoteUrl, UriKind.Absolute, out Uri? url) || url.Scheme != api.Scheme)
            return null;
        bool isOurs = api.Authority == "api.github.com" ? url.Authority is "github.com" or "www.github.com" : url.Authority == api.Authority || "api." + url.Authority == api.Authority;
        string name = url.AbsolutePath.Trim('/');
        if (name.EndsWith(".git", StringComparison.OrdinalIgnoreCase))
            name = name[..^".git".Length];
        return isOurs && Large.Pointer.IsRepository(name) ? name : null;
    }

    public override string ToString() => $"{Repository} at {Api.Authority}";
}
