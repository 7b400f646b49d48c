using System.Globalization;
using System.Net;
using System.Text.Json;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

/// <summary>An asset, and the release that it is in.</summary>
internal sealed record ShelvedAsset(GitHubRelease Release, GitHubAsset Asset);

/// <summary>
/// The releases that are ours ("blobs", "blobs-2" and so on) and the assets in them. What is known is kept, because a thousand assets are ten requests; whatever is taken from it
/// is asked for again by its id first.
/// </summary>
internal sealed class ReleaseShelf(GitHubClient client, string repository)
{
    private const int PageEntries = 100;
    private const int PagesMax = 100;

    /// <summary>Tags in a row that GitHub refuses for good, before it is given up.</summary>
    private const int SpentTagsMax = 20;

    private static readonly TimeSpan FreshTime = TimeSpan.FromMinutes(10);

    private readonly Dictionary<long, List<GitHubAsset>> _assets = [];
    private List<GitHubRelease>? _releases;
    private long _loadedAt;

    private string Tag => client.Settings.ReleaseTag;

    private string Path => $"/repos/{repository}";

    public Uri UriOf(long asset) => client.UriOf($"{Path}/releases/assets/{asset}");

    public void Forget()
    {
        _releases = null;
        _assets.Clear();
    }

    /// <summary>Every asset of every release that is ours.</summary>
    public async Task<IReadOnlyList<ShelvedAsset>> AllAsync(CancellationToken cancel)
    {
        List<ShelvedAsset> all = [];
        foreach (GitHubRelease release in await ReleasesAsync(cancel).ConfigureAwait(false))
            all.AddRange((await AssetsOfAsync(release, cancel).ConfigureAwait(false)).Select(asset => new ShelvedAsset(release, asset)));
        return all;
    }

    /// <summary>Of a release that need not be ours, by its tag.</summary>
    public async Task<IReadOnlyList<ShelvedAsset>> OfTagAsync(string tag, CancellationToken cancel)
    {
        if ((await ReleasesAsync(cancel).ConfigureAwait(false)).FirstOrDefault(release => release.Tag == tag) is { } ours)
            return [.. (await AssetsOfAsync(ours, cancel).ConfigureAwait(false)).Select(asset => new ShelvedAsset(ours, asset))];

        GitHubAnswer answer = await client.GetAsync($"{Path}/releases/tags/{Uri.EscapeDataString(tag)}", cancel).ConfigureAwait(false);
        if (!answer.IsSuccess)
            return [];
        GitHubRelease other = answer.Read(GitHubRelease.Read);
        return [.. (await AssetsOfAsync(other, cancel).ConfigureAwait(false)).Select(asset => new ShelvedAsset(other, asset))];
    }

    public async Task<IReadOnlyList<GitHubRelease>> ReleasesAsync(CancellationToken cancel)
    {
        if (_releases is not null && client.Time.GetElapsedTime(_loadedAt) < FreshTime)
            return _releases;

        Forget();
        List<GitHubRelease> found = [];
        await PagesAsync($"{Path}/releases", json => found.Add(GitHubRelease.Read(json)), cancel).ConfigureAwait(false);
        _releases = [.. found.Where(release => NumberOf(release.Tag) > 0).OrderBy(release => NumberOf(release.Tag))];
        _loadedAt = client.Time.GetTimestamp();
        return _releases;
    }

    /// <summary>As GitHub has it now; null when it is gone.</summary>
    public async Task<GitHubAsset?> LookAsync(long id, CancellationToken cancel)
    {
        GitHubAnswer answer = await client.GetAsync($"{Path}/releases/assets/{id}", cancel).ConfigureAwait(false);
        return answer.IsSuccess ? answer.Read(GitHubAsset.Read) : null;
    }

    public async Task DeleteAsync(ShelvedAsset shelved, CancellationToken cancel)
    {
        GitHubAnswer answer = await client.DeleteAsync($"{Path}/releases/assets/{shelved.Asset.Id}", cancel).ConfigureAwait(false);
        if (!answer.IsSuccess && answer.Status != HttpStatusCode.NotFound)
            throw Failed($"delete asset {shelved.Asset.Name}", answer);
        if (_assets.TryGetValue(shelved.Release.Id, out List<GitHubAsset>? known))
            known.RemoveAll(asset => asset.Id == shelved.Asset.Id);
    }

    public async Task DeleteAsync(GitHubRelease release, CancellationToken cancel)
    {
        GitHubAnswer answer = await client.DeleteAsync($"{Path}/releases/{release.Id}", cancel).ConfigureAwait(false);
        if (!answer.IsSuccess && answer.Status != HttpStatusCode.NotFound)
            throw Failed($"delete release {release.Tag}", answer);
        _releases?.RemoveAll(known => known.Id == release.Id);
    }

    /// <summary>
    /// Where the next asset goes: the first of ours that takes it, or a new one. Where releases are closed when they are published, that is a draft, which the caller publishes
    /// when all of a file is in it.
    /// </summary>
    /// <param name="passOver">Releases that have refused.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<GitHubRelease> OpenOneAsync(IReadOnlySet<long> passOver, CancellationToken cancel)
    {
        IReadOnlyList<GitHubRelease> releases = await ReleasesAsync(cancel).ConfigureAwait(false);
        foreach (GitHubRelease release in releases)
        {
            if (!release.IsImmutable && !passOver.Contains(release.Id)
                && (await AssetsOfAsync(release, cancel).ConfigureAwait(false)).Count < client.Settings.AssetsPerReleaseMax)
                return release;
        }

        int number = releases.Count == 0 ? 1 : NumberOf(releases[^1].Tag) + 1;
        bool isClosing = passOver.Count > 0 || releases.Any(release => release.IsImmutable);
        return await CreateAsync(number, isClosing, cancel).ConfigureAwait(false);
    }

    /// <summary>Makes a draft a release, under its tag or the first one after it that GitHub takes.</summary>
    public async Task<GitHubRelease> PublishAsync(GitHubRelease release, CancellationToken cancel)
    {
        int first = NumberOf(release.Tag);
        for (int number = first; ; number++)
        {
            byte[] body = GitHubJson.Write(("tag_name", TagOf(number)), ("name", TagOf(number)), ("draft", false), ("make_latest", "false"));
            GitHubAnswer answer = await client.SendAsync(HttpMethod.Patch, client.UriOf($"{Path}/releases/{release.Id}"), () => Json(body), isCreation: false, cancel).ConfigureAwait(false);
            if (IsSpent(answer) && number < first + SpentTagsMax)
                continue;
            if (!answer.IsSuccess)
                throw Failed($"publish release {TagOf(number)}", answer);

            GitHubRelease published = answer.Read(GitHubRelease.Read);
            Replace(published);
            return published;
        }
    }

    /// <summary>Adds what an upload has answered.</summary>
    public void Add(GitHubRelease release, GitHubAsset asset)
    {
        if (_assets.TryGetValue(release.Id, out List<GitHubAsset>? known))
            known.Add(asset);
    }

    public async Task<List<GitHubAsset>> AssetsOfAsync(GitHubRelease release, CancellationToken cancel, bool again = false)
    {
        if (!again && _assets.TryGetValue(release.Id, out List<GitHubAsset>? known))
            return known;

        // Asked for in full also when few come along with the release: nobody promises that a "starter", which takes a name, is among those.
        List<GitHubAsset> assets = [];
        await PagesAsync($"{Path}/releases/{release.Id}/assets", json => assets.Add(GitHubAsset.Read(json)), cancel).ConfigureAwait(false);
        return _assets[release.Id] = assets;
    }

    /// <summary>What a refusal means; <see cref="RemoteProblem.Failed"/> is one of this asset, and not of all.</summary>
    public RemoteException Failed(string what, GitHubAnswer answer)
    {
        if (answer.Status == HttpStatusCode.NotFound)
            return new(RemoteProblem.NotFound, $"cannot {what} in {repository}: GitHub knows no such repository for this token (answer {answer.Message}); see its name, and that the token may see it");
        return answer.Message.Contains("is empty", StringComparison.OrdinalIgnoreCase)
            ? new(RemoteProblem.Refused, $"cannot {what} in {repository}: it has no commit yet, and GitHub makes no release in an empty repository; the next backup can")
            : new(RemoteProblem.Failed, $"cannot {what} in {repository}: GitHub answers {answer.Message}");
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new("application/json") } };

    private async Task<GitHubRelease> CreateAsync(int first, bool isDraft, CancellationToken cancel)
    {
        for (int number = first; ; number++)
        {
            byte[] body = GitHubJson.Write(
                ("tag_name", TagOf(number)), ("name", TagOf(number)), ("body", "Large files of the backup, named by their SHA-256. Pointers in the branch name them: do not delete what is in here by hand."),
                ("draft", isDraft), ("make_latest", "false"));
            GitHubAnswer answer = await client.SendAsync(HttpMethod.Post, client.UriOf($"{Path}/releases"), () => Json(body), isCreation: true, cancel).ConfigureAwait(false);
            if (IsSpent(answer) && number < first + SpentTagsMax)
                continue;
            if (!answer.IsSuccess)
                throw Failed($"make release {TagOf(number)}", answer);

            GitHubRelease release = answer.Read(GitHubRelease.Read);
            Replace(release);
            _assets[release.Id] = [];
            if (!release.IsImmutable)
                return release;
            isDraft = true; // It was closed as it was made.
        }
    }

    /// <summary>A tag of an immutable release is never given again, even when the release has been deleted.</summary>
    private static bool IsSpent(GitHubAnswer answer) => answer.Status == HttpStatusCode.UnprocessableEntity && answer.Message.Contains("immutable", StringComparison.OrdinalIgnoreCase);

    private string TagOf(int number) => number == 1 ? Tag : string.Create(CultureInfo.InvariantCulture, $"{Tag}-{number}");

    private void Replace(GitHubRelease release)
    {
        _releases ??= [];
        _releases.RemoveAll(known => known.Id == release.Id);
        _releases.Add(release);
        _releases.Sort((a, b) => NumberOf(a.Tag).CompareTo(NumberOf(b.Tag)));
    }

    /// <returns>0 when it is none of ours.</returns>
    private int NumberOf(string tag)
    {
        if (tag == Tag)
            return 1;
        return tag.StartsWith(Tag + "-", StringComparison.Ordinal) && int.TryParse(tag.AsSpan(Tag.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 1
            ? number
            : 0;
    }

    private async Task PagesAsync(string path, Action<JsonElement> each, CancellationToken cancel)
    {
        for (int page = 1; page <= PagesMax; page++)
        {
            GitHubAnswer answer = await client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{path}?per_page={PageEntries}&page={page}"), cancel).ConfigureAwait(false);
            if (!answer.IsSuccess)
                throw Failed("list releases", answer);
            int count = answer.Read(json =>
            {
                foreach (JsonElement entry in json.EnumerateArray())
                    each(entry);
                return json.GetArrayLength();
            });
            if (count < PageEntries)
                return;
        }
    }
}
