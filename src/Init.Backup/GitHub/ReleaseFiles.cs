using System.Globalization;
using System.Security.Cryptography;
using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Linux;

namespace Init.Backup.GitHub;

/// <summary>Large files as assets of releases at GitHub: docs/decisions/0023-large-files.md. Files can be fetched while others are stored; what it knows of limits is for all of them.</summary>
public sealed class ReleaseFiles : ILargeFiles, IDisposable
{
    private const string NamePrefix = "sha256-";
    private const int HashDigits = 64;

    private readonly GitHubSettings _settings;
    private readonly TimeProvider _time;
    private readonly GitHubClient _client;
    private readonly ReleaseShelf _shelf;
    private readonly ReleaseShelf _fetchShelf; // Of its own: a restore proof runs beside a backup.
    private readonly AssetFinder _finder;
    private readonly SemaphoreSlim _storing = new(1);
    private readonly SemaphoreSlim _finding = new(1);
    private readonly AssetDownload _download;
    private readonly AssetUpload _upload;

    public ReleaseFiles(GitHubSettings settings, TimeProvider? time = null)
    {
        _settings = settings;
        _time = time ?? TimeProvider.System;
        _client = new GitHubClient(settings, _time);
        _shelf = new ReleaseShelf(_client, settings.Repository);
        _fetchShelf = new ReleaseShelf(_client, settings.Repository);
        _finder = new AssetFinder(_client, _fetchShelf);
        _download = new AssetDownload(_client);
        _upload = new AssetUpload(_client, _shelf, _download);
    }

    public void Dispose()
    {
        _client.Dispose();
        _storing.Dispose();
        _finding.Dispose();
    }

    public Pointer Put(LargeSource source, CancellationToken cancel) => OneAtATimeAsync(() => PutAsync(source, cancel), cancel).GetAwaiter().GetResult();

    public void Get(Pointer pointer, int fd, Action<long>? progress, CancellationToken cancel) => GetAsync(pointer, fd, progress, cancel).GetAwaiter().GetResult();

    public IReadOnlyList<Pointer> Missing(IEnumerable<Pointer> pointers, CancellationToken cancel) => MissingAsync(pointers, cancel).GetAwaiter().GetResult();

    public PruneResult Prune(IReadOnlySet<string> referencedSha256, TimeSpan retention, CancellationToken cancel) =>
        OneAtATimeAsync(() => PruneAsync(referencedSha256, retention, cancel), cancel).GetAwaiter().GetResult();

    private async Task<T> OneAtATimeAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await _storing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _storing.Release();
        }
    }

    private async Task<Pointer> PutAsync(LargeSource source, CancellationToken cancel)
    {
        List<ShelvedAsset> stored = [];
        IReadOnlyList<PartToStore> parts = PartsOf(source, cancel);
        foreach (PartToStore part in parts)
            stored.Add(await _upload.StoreAsync(part, source, cancel).ConfigureAwait(false));

        _finder.Forget();
        // Published only now: where releases are immutable, nothing can be added to it afterwards.
        foreach (GitHubRelease draft in stored.Select(asset => asset.Release).Where(release => release.IsDraft).DistinctBy(release => release.Id).ToList())
        {
            GitHubRelease published = await _shelf.PublishAsync(draft, cancel).ConfigureAwait(false);
            for (int i = 0; i < stored.Count; i++)
            {
                // Its address for browsers is another one now.
                if (stored[i].Release.Id == draft.Id)
                    stored[i] = new ShelvedAsset(published, await _shelf.LookAsync(stored[i].Asset.Id, cancel).ConfigureAwait(false) ?? stored[i].Asset);
            }
        }

        GitHubAsset first = stored[0].Asset;
        IReadOnlyList<PointerPart> listed = parts.Count == 1 ? [] : [.. stored.Select((asset, i) => new PointerPart(asset.Release.Tag, asset.Asset.Name, asset.Asset.Id, parts[i].Size, parts[i].Sha256))];
        return new Pointer(
            _settings.Repository, stored[0].Release.Tag, first.Name, first.Id, first.DownloadUrl, source.Path.ToString(), source.Size, source.Sha256, _time.GetUtcNow(), listed);
    }

    /// <summary>Reads a file of several parts once more for their hashes: what is there already is known by them, and not sent again.</summary>
    private List<PartToStore> PartsOf(LargeSource source, CancellationToken cancel)
    {
        if (source.Size <= _settings.PartBytesMax)
            return [new PartToStore(NamePrefix + source.Sha256, 0, source.Size, source.Sha256)];

        List<PartToStore> parts = [];
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < source.Size; at += _settings.PartBytesMax)
        {
            long size = Math.Min(_settings.PartBytesMax, source.Size - at);
            parts.Add(new PartToStore(string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{source.Sha256}.part{parts.Count:D2}"), at, size, HashOf(source.Fd, at, size, whole, cancel)));
        }

        return Convert.ToHexStringLower(whole.GetHashAndReset()) == source.Sha256 ? parts : throw new SourceChangedException($"\"{source.Path}\" changed before it was uploaded");
    }

    private async Task GetAsync(Pointer pointer, int fd, Action<long>? progress, CancellationToken cancel)
    {
        if (await new PointerFetch(_client, _download, _finder, _finding, pointer, fd, progress).ExecuteAsync(cancel).ConfigureAwait(false) != pointer.Sha256)
            throw new RemoteException(RemoteProblem.Failed, $"cannot fetch \"{pointer.OriginalPath}\": asset {pointer.AssetName} of {pointer.Repository} is not what the pointer says; restore it from an earlier commit");
    }

    private async Task<IReadOnlyList<Pointer>> MissingAsync(IEnumerable<Pointer> pointers, CancellationToken cancel)
    {
        List<Pointer> missing = [];
        await _finding.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            _fetchShelf.Forget(); // What is known may be ten minutes old.
            foreach (Pointer pointer in pointers)
            {
                foreach (PointerPart part in pointer.Assets)
                {
                    if (await _finder.IsThereAsync(pointer.Repository, part, cancel).ConfigureAwait(false))
                        continue;
                    missing.Add(pointer);
                    break;
                }
            }
        }
        finally
        {
            _finding.Release();
        }

        return missing;
    }

    private async Task<PruneResult> PruneAsync(IReadOnlySet<string> referenced, TimeSpan retention, CancellationToken cancel)
    {
        _shelf.Forget();
        int deleted = 0, kept = 0;
        long bytes = 0;
        foreach (GitHubRelease release in (await _shelf.ReleasesAsync(cancel).ConfigureAwait(false)).ToList())
        {
            List<GitHubAsset> assets = [.. await _shelf.AssetsOfAsync(release, cancel, again: true).ConfigureAwait(false)];
            // By GitHub's clock, which has made the times of the assets, too.
            DateTimeOffset latest = (_client.LastDate ?? DateTimeOffset.MinValue.Add(retention)) - retention;
            List<GitHubAsset> unneeded = [.. assets.Where(asset => HashIn(asset.Name) is { } hash && !referenced.Contains(hash) && asset.Created < latest)];
            kept += assets.Count - unneeded.Count;
            if (release.IsImmutable)
            {
                // It is deleted as a whole or not at all.
                if (unneeded.Count == 0 || unneeded.Count < assets.Count)
                {
                    kept += unneeded.Count;
                    continue;
                }

                await _shelf.DeleteAsync(release, cancel).ConfigureAwait(false);
            }
            else
            {
                foreach (GitHubAsset asset in unneeded)
                    await _shelf.DeleteAsync(new ShelvedAsset(release, asset), cancel).ConfigureAwait(false);
            }

            deleted += unneeded.Count;
            bytes += unneeded.Sum(asset => asset.Size);
        }

        return new PruneResult(deleted, bytes, kept);
    }

    /// <returns>Null when the name is none of ours.</returns>
    internal static string? HashIn(string name)
    {
        if (!name.StartsWith(NamePrefix, StringComparison.Ordinal) || name.Length < NamePrefix.Length + HashDigits)
            return null;

        string hash = name.Substring(NamePrefix.Length, HashDigits);
        ReadOnlySpan<char> rest = name.AsSpan(NamePrefix.Length + HashDigits);
        bool isOurs = hash.All(char.IsAsciiHexDigitLower) && (rest.IsEmpty || (rest.StartsWith(".part") && rest.Length > 5 && !rest[5..].ContainsAnyExceptInRange('0', '9')));
        return isOurs ? hash : null;
    }

    /// <summary>Of a range of a file; also added to <paramref name="whole"/>.</summary>
    internal static string HashOf(int fd, long from, long length, IncrementalHash whole, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = new byte[256 * 1024];
        for (long done = 0; done < length;)
        {
            cancel.ThrowIfCancellationRequested();
            IoResult read = Files.ReadAt(fd, piece.AsSpan(0, (int)Math.Min(piece.Length, length - done)), from + done);
            if (!read.Succeeded)
                throw new SyscallException("read", "a large file", read.Errno);
            if (read.Count == 0)
                break; // Shorter than it was: then the hash is another one.
            hash.AppendData(piece, 0, read.Count);
            whole.AppendData(piece, 0, read.Count);
            done += read.Count;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
