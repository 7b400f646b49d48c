using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Linux;

namespace Init.Backup.GitHub;

/// <summary>Brings the content of one pointer: finds its assets whatever became of their names, fetches segments in parallel, and compares each part.</summary>
internal sealed class PointerFetch(GitHubClient client, AssetDownload download, AssetFinder finder, SemaphoreSlim finding, Pointer pointer, int fd, Action<long>? progress)
{
    private const int Parallel = 4;
    private const long SegmentBytes = 8 * 1024 * 1024;

    private readonly Lock _lock = new();
    private long _received;

    /// <returns>The SHA-256 of all that is in the file now.</returns>
    public async Task<string> ExecuteAsync(CancellationToken cancel)
    {
        List<(int Part, Segment Segment)> segments = [];
        long at = 0;
        for (int part = 0; part < pointer.Assets.Count; part++)
        {
            for (long from = 0; from < pointer.Assets[part].Size; from += SegmentBytes)
            {
                long length = Math.Min(SegmentBytes, pointer.Assets[part].Size - from);
                segments.Add((part, new Segment(segments.Count, from, at + from, length)));
            }

            at += pointer.Assets[part].Size;
        }

        using FetchedSegments fetched = new(client.Settings.ScratchPath, pointer.Sha256, fd, segments.Count);
        for (int retries = 0; ; retries++)
        {
            _received = segments.Where(segment => fetched.IsDone(segment.Segment.Index)).Sum(segment => segment.Segment.Length);
            await FetchAsync([.. segments.Where(segment => !fetched.IsDone(segment.Segment.Index))], fetched, cancel).ConfigureAwait(false);

            int errno = Files.Truncate(fd, pointer.Size); // Whatever was in the file behind its end.
            if (errno != 0)
                throw new SyscallException("set the length of", "a large file", errno);
            string whole = Check(out List<int> damaged, cancel);
            foreach (var (_, segment) in segments.Where(segment => damaged.Contains(segment.Part)))
                fetched.Set(segment.Index, false);
            if (damaged.Count > 0 && retries < client.Settings.DownloadRetries)
                continue; // A part that is not what it is to be is fetched from its beginning.

            fetched.Remove();
            return whole;
        }
    }

    private async Task FetchAsync(List<(int Part, Segment Segment)> missing, FetchedSegments fetched, CancellationToken cancel)
    {
        if (missing.Count == 0)
            return;

        Dictionary<int, (Uri Asset, bool WithToken)> places = [];
        await finding.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            foreach (int part in missing.Select(segment => segment.Part).Distinct())
                places[part] = await FindAsync(pointer.Assets[part], cancel).ConfigureAwait(false);
        }
        finally
        {
            finding.Release();
        }

        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        int next = -1;
        ExceptionDispatchInfo? problem = null;
        async Task WorkAsync()
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < missing.Count)
            {
                var (part, segment) = missing[index];
                try
                {
                    await download.WriteAsync(places[part].Asset, places[part].WithToken, segment, fd, Received, all.Token).ConfigureAwait(false);
                    fetched.Set(segment.Index, true);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    problem ??= ExceptionDispatchInfo.Capture(exception); // The first is the reason; the others are cancelled.
                    await all.CancelAsync().ConfigureAwait(false);
                    throw;
                }
            }
        }

        try
        {
            await Task.WhenAll(Enumerable.Range(0, (int)Math.Min(Parallel, missing.Count)).Select(_ => WorkAsync())).ConfigureAwait(false);
        }
        catch (Exception) when (problem is not null)
        {
            cancel.ThrowIfCancellationRequested();
            problem.Throw();
        }
    }

    private void Received(int count)
    {
        lock (_lock)
        {
            _received += count;
            progress?.Invoke(_received);
        }
    }

    /// <summary>The last resort is the pointer's address.</summary>
    private async Task<(Uri Asset, bool WithToken)> FindAsync(PointerPart part, CancellationToken cancel)
    {
        if (await finder.FindAsync(pointer.Repository, part, cancel).ConfigureAwait(false) is { } found)
            return (found, true);
        if (pointer.Parts.Count == 0 && Uri.TryCreate(pointer.DownloadUrl, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == client.Settings.Api.Scheme))
            return (address, false); // Public repositories only: the token is not for this host.

        throw new RemoteException(
            RemoteProblem.NotFound, $"cannot fetch \"{pointer.OriginalPath}\": asset {part.AssetName} is not in release {part.ReleaseTag} of {pointer.Repository}; somebody has deleted it; restore the file from an earlier commit");
    }

    private string Check(out List<int> damaged, CancellationToken cancel)
    {
        damaged = [];
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long at = 0;
        for (int part = 0; part < pointer.Assets.Count; at += pointer.Assets[part++].Size)
        {
            if (ReleaseFiles.HashOf(fd, at, pointer.Assets[part].Size, whole, cancel) != pointer.Assets[part].Sha256)
                damaged.Add(part);
        }

        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }
}
