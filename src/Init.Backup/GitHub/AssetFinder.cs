using Init.Backup.Large;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

/// <summary>Finds the asset of a part, whatever became of its name. Not for two threads.</summary>
/// <param name="ours">Our own releases; a pointer of the original may name another repository.</param>
internal sealed class AssetFinder(GitHubClient client, ReleaseShelf ours)
{
    private volatile bool _isOld;

    /// <summary>From any thread: something was stored, and what is known of our releases is to be asked for again.</summary>
    public void Forget() => _isOld = true;

    /// <summary>By its id; else in its release, by name or content; else in all of ours.</summary>
    /// <returns>Where it can be fetched with the token; null: it is nowhere.</returns>
    public async Task<Uri?> FindAsync(string repository, PointerPart part, CancellationToken cancel)
    {
        if (_isOld)
        {
            _isOld = false;
            ours.Forget();
        }

        IReadOnlyList<ReleaseShelf> shelves = repository == client.Settings.Repository ? [ours] : [new ReleaseShelf(client, repository), ours];
        foreach (ReleaseShelf at in shelves)
        {
            if (part.AssetId is { } id && await at.LookAsync(id, cancel).ConfigureAwait(false) is { } named && IsPart(named, part))
                return at.UriOf(id);
        }

        foreach (ReleaseShelf at in shelves)
        {
            try
            {
                if (Best(await at.OfTagAsync(part.ReleaseTag, cancel).ConfigureAwait(false), part) is { } inRelease)
                    return at.UriOf(inRelease.Id);
                if (Best(await at.AllAsync(cancel).ConfigureAwait(false), part) is { } elsewhere)
                    return at.UriOf(elsewhere.Id);
            }
            catch (RemoteException exception) when (exception.Problem == RemoteProblem.NotFound)
            {
                // The repository of the pointer is no more; ours may have what was in it.
            }
        }

        return null;
    }

    /// <summary>Whether it is there, mostly by the list of our releases, which is one request for a hundred assets.</summary>
    public async Task<bool> IsThereAsync(string repository, PointerPart part, CancellationToken cancel)
    {
        IReadOnlyList<ShelvedAsset> listed = await ours.AllAsync(cancel).ConfigureAwait(false);
        return (repository == client.Settings.Repository && listed.Any(shelved => shelved.Asset.Id == part.AssetId && IsPart(shelved.Asset, part)))
            || Best(listed, part) is not null
            || await FindAsync(repository, part, cancel).ConfigureAwait(false) is not null;
    }

    private static bool IsPart(GitHubAsset asset, PointerPart part) => asset.IsUploaded && asset.Size == part.Size && (asset.Sha256 ?? part.Sha256) == part.Sha256;

    /// <summary>The original puts the file's name behind the hash, and GitHub changes what it does not like in it.</summary>
    private static GitHubAsset? Best(IReadOnlyList<ShelvedAsset> assets, PointerPart part)
    {
        List<GitHubAsset> fitting = [.. assets.Select(shelved => shelved.Asset).Where(asset => IsPart(asset, part))];
        return fitting.FirstOrDefault(asset => asset.Name == part.AssetName)
            ?? fitting.FirstOrDefault(asset => asset.Sha256 == part.Sha256)
            ?? fitting.FirstOrDefault(asset => asset.Name.StartsWith(part.Sha256, StringComparison.Ordinal));
    }
}
