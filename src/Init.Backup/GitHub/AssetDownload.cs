using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Init.Backup.Remote;
using Init.Linux;

namespace Init.Backup.GitHub;

/// <summary>A range of an asset, and where it goes.</summary>
/// <param name="From">In the asset.</param>
/// <param name="At">In the file.</param>
internal readonly record struct Segment(int Index, long From, long At, long Length);

/// <summary>
/// Reads assets. The API answers with a signed address elsewhere, which is fetched from without the token and asked for again when it has expired. What has come is kept when a
/// connection breaks: the next one asks for the rest by range.
/// </summary>
internal sealed class AssetDownload(GitHubClient client)
{
    private const int PieceBytes = 128 * 1024;
    private const int RedirectsMax = 5;

    /// <summary>In a row, of one request to the API. A longer one is told by <see cref="GitHubClient.WaitForTurnAsync"/>.</summary>
    private const int PausesMax = 3;

    private readonly Lock _lock = new();
    private readonly Dictionary<Uri, Uri> _places = [];

    /// <summary>The SHA-256 of an asset, by reading all of it.</summary>
    /// <returns>Null when it is not of this size.</returns>
    public async Task<string?> HashAsync(Uri asset, long size, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0;
        await ReadAsync(asset, withToken: true, new Segment(0, 0, 0, size), (piece, _) =>
        {
            hash.AppendData(piece.Span);
            count += piece.Length;
        }, cancel).ConfigureAwait(false);
        return count == size ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }

    public Task WriteAsync(Uri asset, bool withToken, Segment segment, int fd, Action<int> received, CancellationToken cancel) =>
        ReadAsync(asset, withToken, segment, (piece, at) =>
        {
            int errno = Files.WriteAllAt(fd, piece.Span, at);
            if (errno != 0)
                throw new SyscallException("write", "a large file", errno);
            received(piece.Length);
        }, cancel);

    /// <exception cref="RemoteException">It is not to be had. <see cref="RemoteProblem.NotFound"/> when it is not there.</exception>
    private async Task ReadAsync(Uri asset, bool withToken, Segment segment, Action<ReadOnlyMemory<byte>, long> receive, CancellationToken cancel)
    {
        long done = 0;
        EntityTagHeaderValue? tag = null;
        for (int failures = 0; done < segment.Length;)
        {
            long before = done;
            RemoteException problem;
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            try
            {
                using HttpResponseMessage response = await OpenAsync(asset, withToken, segment.From + done, segment.Length - done, tag, silence, cancel).ConfigureAwait(false);
                tag = response.Headers.ETag is { IsWeak: false } strong ? strong : tag;
                // Without ranges, or when the content is another than before, all of it comes: what is before is passed over.
                long skip = response.StatusCode == HttpStatusCode.PartialContent ? 0 : segment.From + done;
                if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != segment.From + done)
                    throw new RemoteException(RemoteProblem.Failed, $"cannot read from {response.RequestMessage?.RequestUri?.Host}: it answers another range than was asked for");

                await using Stream content = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
                byte[] piece = new byte[PieceBytes];
                while (done < segment.Length)
                {
                    int wanted = (int)Math.Min(PieceBytes, skip > 0 ? skip : segment.Length - done);
                    int count = await content.ReadAsync(piece.AsMemory(0, wanted), silence.Token).ConfigureAwait(false);
                    if (count == 0)
                        throw new HttpIOException(HttpRequestError.ResponseEnded, "the content ends too early");
                    silence.CancelAfter(client.Settings.Silence);
                    if (skip > 0)
                    {
                        skip -= count;
                        continue;
                    }

                    receive(piece.AsMemory(0, count), segment.At + done);
                    done += count;
                }

                return;
            }
            catch (RemoteException exception) when (exception.Problem is RemoteProblem.Unreachable or RemoteProblem.Failed)
            {
                problem = exception;
            }
            catch (Exception exception) when (GitHubClient.IsTransport(exception, cancel))
            {
                problem = client.Unreachable(asset, exception);
            }

            Forget(asset);
            failures = done > before ? 0 : failures + 1;
            if (failures > client.Settings.DownloadRetries)
                throw problem;
            await client.DelayAsync(Math.Max(1, failures), cancel).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(Uri asset, bool withToken, long from, long length, EntityTagHeaderValue? tag, CancellationTokenSource silence, CancellationToken cancel)
    {
        Uri at = Place(asset) ?? asset;
        int pauses = 0;
        for (int redirects = 0; ; redirects++)
        {
            bool isApi = withToken && at == asset;
            if (isApi)
                await client.WaitForTurnAsync(isCreation: false, cancel).ConfigureAwait(false);
            using HttpRequestMessage request = new(HttpMethod.Get, at);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/octet-stream"));
            request.Headers.Range = new RangeHeaderValue(from, from + length - 1);
            if (tag is not null)
                request.Headers.IfRange = new RangeConditionHeaderValue(tag);

            HttpResponseMessage response = await client.OpenAsync(request, isApi, silence, cancel).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            {
                if (at != asset)
                    Remember(asset, at);
                return response;
            }

            using (response)
            {
                if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location && redirects < RedirectsMax)
                {
                    at = new Uri(at, location);
                    if (at.Scheme != Uri.UriSchemeHttps && at.Scheme != client.Settings.Api.Scheme)
                        throw new RemoteException(RemoteProblem.Refused, $"cannot fetch from {at.Host}: GitHub names an address that is not https");
                    continue;
                }

                GitHubAnswer answer = await ReadAsync(response, asset, silence, cancel).ConfigureAwait(false);
                if (!isApi)
                {
                    // A signed address that has expired, or that nobody knows any more: GitHub is asked for another one.
                    throw answer.Status == HttpStatusCode.NotFound && !withToken
                        ? new RemoteException(RemoteProblem.NotFound, $"cannot fetch from {at.Host}: it is not there")
                        : new RemoteException(RemoteProblem.Failed, $"cannot fetch from {at.Host}: it answers {(int)answer.Status}");
                }

                if (!answer.IsLimited)
                    throw Refusal(answer);
                client.Limit(answer);
                if (++pauses > PausesMax)
                    throw GitHubClient.Limited(answer);
                redirects = 0; // The next request begins with the API again, and waits for its turn.
            }
        }
    }

    private static RemoteException Refusal(GitHubAnswer answer) => new(
        answer.Status switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => RemoteProblem.NotFound,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => RemoteProblem.Refused,
            HttpStatusCode.RequestedRangeNotSatisfiable => RemoteProblem.Failed,
            >= HttpStatusCode.InternalServerError => RemoteProblem.Unreachable,
            _ => RemoteProblem.Failed,
        },
        $"cannot fetch an asset: GitHub answers {answer.Message}");

    private async Task<GitHubAnswer> ReadAsync(HttpResponseMessage response, Uri asset, CancellationTokenSource silence, CancellationToken cancel)
    {
        try
        {
            return await GitHubClient.ReadAnswerAsync(response, silence.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (GitHubClient.IsTransport(exception, cancel))
        {
            throw client.Unreachable(asset, exception);
        }
    }

    private Uri? Place(Uri asset)
    {
        lock (_lock)
            return _places.GetValueOrDefault(asset);
    }

    private void Remember(Uri asset, Uri place)
    {
        const int PlacesMax = 100;
        lock (_lock)
        {
            if (_places.Count >= PlacesMax)
                _places.Clear();
            _places[asset] = place;
        }
    }

    private void Forget(Uri asset)
    {
        lock (_lock)
            _places.Remove(asset);
    }
}
