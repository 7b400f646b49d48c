using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Init.Backup.Large;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

/// <summary>One part of a file as an asset: found, or uploaded; and known to be what it is to be.</summary>
/// <param name="Name">Of the asset.</param>
internal sealed record PartToStore(string Name, long Offset, long Size, string Sha256);

/// <summary>
/// Brings parts to releases. An upload that failed leaves a "starter" which takes the name; an answer that did not come may have been a success: after every failure the release is
/// looked at, and what is not the part is deleted before the next attempt.
/// </summary>
internal sealed class AssetUpload(GitHubClient client, ReleaseShelf shelf, AssetDownload download)
{
    private const int Attempts = 4;

    /// <exception cref="SourceChangedException">The file is not what was hashed any more.</exception>
    public async Task<ShelvedAsset> StoreAsync(PartToStore part, LargeSource source, CancellationToken cancel)
    {
        HashSet<long> refused = [];
        for (int attempt = 1; ; attempt++)
        {
            if (await FindAsync(part, cancel).ConfigureAwait(false) is { } found)
                return found;

            GitHubRelease release = await shelf.OpenOneAsync(refused, cancel).ConfigureAwait(false);
            RemoteException problem;
            try
            {
                GitHubAnswer answer = await UploadAsync(part, source, release, cancel).ConfigureAwait(false);
                if (answer.IsSuccess)
                {
                    ShelvedAsset stored = new(release, answer.Read(GitHubAsset.Read));
                    shelf.Add(release, stored.Asset);
                    if (await IsWhatItIsToBeAsync(stored, part, cancel).ConfigureAwait(false))
                        return stored;
                    problem = new RemoteException(RemoteProblem.Failed, $"cannot store \"{source.Path}\": what arrived at GitHub is not what was sent");
                }
                else
                {
                    problem = shelf.Failed($"store \"{source.Path}\" as {part.Name}", answer);
                    bool isClosed = answer.Status == HttpStatusCode.UnprocessableEntity && (answer.Message.Contains("immutable", StringComparison.OrdinalIgnoreCase) || answer.Message.Contains("limit", StringComparison.OrdinalIgnoreCase));
                    if (isClosed)
                        refused.Add(release.Id);
                    else if (answer.Status is not (HttpStatusCode.UnprocessableEntity or HttpStatusCode.NotFound))
                        throw problem;
                }
            }
            catch (RemoteException exception) when (exception.Problem == RemoteProblem.Unreachable)
            {
                problem = exception;
            }

            if (attempt == Attempts)
                throw problem;
            await client.DelayAsync(attempt, cancel).ConfigureAwait(false);
            shelf.Forget(); // Also for a release that a person deleted: it is made again.
        }
    }

    /// <summary>By name, or by content under whatever name; what has our name and is not ours to trust is deleted.</summary>
    private async Task<ShelvedAsset?> FindAsync(PartToStore part, CancellationToken cancel)
    {
        foreach (ShelvedAsset shelved in await shelf.AllAsync(cancel).ConfigureAwait(false))
        {
            bool hasName = shelved.Asset.Name == part.Name;
            if (!hasName && (shelved.Asset.Sha256 != part.Sha256 || shelved.Asset.Size != part.Size))
                continue;

            // A person may have deleted or renamed it since it was listed.
            if (await shelf.LookAsync(shelved.Asset.Id, cancel).ConfigureAwait(false) is not { } now)
                continue;
            ShelvedAsset current = shelved with { Asset = now };
            if (now.IsUploaded && now.Size == part.Size && await IsWhatItIsToBeAsync(current, part, cancel).ConfigureAwait(false))
                return current;
            if (hasName && now.Name == part.Name && !shelved.Release.IsImmutable)
                await shelf.DeleteAsync(current, cancel).ConfigureAwait(false);
        }

        return null;
    }

    private async Task<GitHubAnswer> UploadAsync(PartToStore part, LargeSource source, GitHubRelease release, CancellationToken cancel)
    {
        FileContent? content = null;
        GitHubAnswer? answer = null;
        Uri uri = new(string.Create(CultureInfo.InvariantCulture, $"{release.UploadUrl}?name={Uri.EscapeDataString(part.Name)}"));
        try
        {
            answer = await client.SendAsync(HttpMethod.Post, uri, NewContent, isCreation: true, cancel).ConfigureAwait(false);
        }
        catch (RemoteException) when (HasChanged())
        {
            // Not the network: what was announced was not there to be sent.
        }

        if (!HasChanged())
            return answer!;
        await RemoveAsync(part, release, answer, cancel).ConfigureAwait(false);
        throw new SourceChangedException($"\"{source.Path}\" changed while it was uploaded");

        bool HasChanged() => content is { IsShort: true } || (content?.Sha256 is { } sent && sent != part.Sha256);

        HttpContent NewContent()
        {
            content = new FileContent(source.Fd, part.Offset, part.Size);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            return content;
        }
    }

    /// <summary>An asset whose name says another content than it has.</summary>
    private async Task RemoveAsync(PartToStore part, GitHubRelease release, GitHubAnswer? answer, CancellationToken cancel)
    {
        if (answer is { IsSuccess: true })
        {
            await shelf.DeleteAsync(new ShelvedAsset(release, answer.Read(GitHubAsset.Read)), cancel).ConfigureAwait(false);
            return;
        }

        foreach (GitHubAsset asset in (await shelf.AssetsOfAsync(release, cancel, again: true).ConfigureAwait(false)).Where(asset => asset.Name == part.Name).ToList())
            await shelf.DeleteAsync(new ShelvedAsset(release, asset), cancel).ConfigureAwait(false);
    }

    /// <summary>By the digest that GitHub says; where it says none, by fetching all of it once.</summary>
    private async Task<bool> IsWhatItIsToBeAsync(ShelvedAsset stored, PartToStore part, CancellationToken cancel) =>
        stored.Asset.IsUploaded && stored.Asset.Size == part.Size
        && (stored.Asset.Sha256 ?? await download.HashAsync(shelf.UriOf(stored.Asset.Id), part.Size, cancel).ConfigureAwait(false)) == part.Sha256;
}
