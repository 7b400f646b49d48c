using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

/// <summary>
/// Requests to the API: limits are obeyed, what may be asked twice is asked again, refusals become <see cref="RemoteException"/>s. The token goes to the API's own host only;
/// redirects are followed by hand for that reason.
/// </summary>
internal sealed class GitHubClient : IDisposable
{
    private const int AnswerBytesMax = 16 * 1024 * 1024;
    private const int RedirectsMax = 5;
    private const int Attempts = 4;
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstUnknownWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestUnknownWait = TimeSpan.FromHours(1);

    private readonly GitHubSettings _settings;
    private readonly TimeProvider _time;
    private readonly ServerTrust _trust = new();
    private readonly HttpClient _http;
    private readonly CreationPace _pace;
    private readonly Lock _lock = new();
    private readonly long _start;
    private TimeSpan _notBefore;
    private TimeSpan _unknownWait = FirstUnknownWait;

    public GitHubClient(GitHubSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        _start = time.GetTimestamp();
        _pace = new CreationPace(settings.CreationsPerMinute, settings.CreationsPerHour);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTime,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = { RemoteCertificateValidationCallback = _trust.IsTrusted },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("init-backup", "1"));
    }

    public GitHubSettings Settings => _settings;

    public TimeProvider Time => _time;

    /// <summary>Of the last answer: GitHub's clock. Null before the first.</summary>
    public DateTimeOffset? LastDate { get; private set; }

    public void Dispose() => _http.Dispose();

    public Uri UriOf(string path) => new(_settings.Api.AbsoluteUri.TrimEnd('/') + path);

    public Task<GitHubAnswer> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, UriOf(path), null, isCreation: false, cancel);

    public Task<GitHubAnswer> DeleteAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Delete, UriOf(path), null, isCreation: false, cancel);

    /// <param name="body">Makes the content anew for each attempt.</param>
    /// <param name="isCreation">Counts for the pace, and is not repeated here after a failure: it may have been done.</param>
    /// <exception cref="RemoteException">Nobody answers; the token is refused; too many requests. Every other answer is the caller's.</exception>
    public async Task<GitHubAnswer> SendAsync(HttpMethod method, Uri uri, Func<HttpContent>? body, bool isCreation, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            await WaitForTurnAsync(isCreation, cancel).ConfigureAwait(false);
            GitHubAnswer answer;
            try
            {
                answer = await SendOnceAsync(method, uri, body, cancel).ConfigureAwait(false);
            }
            catch (RemoteException exception) when (exception.Problem == RemoteProblem.Unreachable && !isCreation && attempt < Attempts)
            {
                await DelayAsync(attempt, cancel).ConfigureAwait(false);
                continue;
            }

            LastDate = answer.Date ?? LastDate;
            if (answer.IsLimited)
            {
                Limit(answer);
                if (attempt < Attempts)
                    continue;
            }
            else if ((int)answer.Status >= 500 && !isCreation && attempt < Attempts)
            {
                await DelayAsync(attempt, cancel).ConfigureAwait(false);
                continue;
            }

            if (!answer.IsLimited)
                Unlimit();
            return CheckRight(answer);
        }
    }

    /// <summary>A request whose answer the caller reads: the content of an asset.</summary>
    /// <param name="withToken">Only for the API.</param>
    /// <param name="silence">Ended by this client after <see cref="GitHubSettings.Silence"/>; the caller resets it with everything that comes.</param>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, bool withToken, CancellationTokenSource silence, CancellationToken cancel)
    {
        if (withToken)
        {
            if (!MayHaveToken(request.RequestUri!))
                throw new RemoteException(RemoteProblem.Refused, $"cannot use {request.RequestUri!.GetLeftPart(UriPartial.Authority)}: it is not a host of {_settings.Api.GetLeftPart(UriPartial.Authority)}, and the token is for that alone; set github_api");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _settings.Token);
            request.Headers.Add("X-GitHub-Api-Version", "2022-11-28");
        }

        silence.CancelAfter(_settings.Silence);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsTransport(exception, cancel))
        {
            throw Unreachable(request.RequestUri!, exception);
        }
    }

    public RemoteException Unreachable(Uri uri, Exception exception) => new(
        RemoteProblem.Unreachable,
        exception switch
        {
            OperationCanceledException { InnerException: TimeoutException } => $"cannot reach {uri.Host}: it does not answer within {ConnectTime.TotalSeconds:0} s",
            OperationCanceledException => $"cannot go on with {uri.Host}: nothing was heard of it for {_settings.Silence.TotalSeconds:0.#} s",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => $"cannot reach {uri.Host}: {_trust.WhyNot(uri.Host) ?? (exception.InnerException ?? exception).Message}",
            _ => $"cannot reach {uri.Host}: {(exception.InnerException is SocketException inner ? inner.Message : exception.Message)}",
        });

    /// <summary>Not what the caller of all this wanted, but the connection.</summary>
    public static bool IsTransport(Exception exception, CancellationToken cancel) =>
        exception is HttpRequestException or IOException or SocketException || (exception is OperationCanceledException && !cancel.IsCancellationRequested);

    public Task DelayAsync(int attempt, CancellationToken cancel) => Task.Delay(_settings.RetryDelay * (1 << Math.Min(attempt - 1, 6)), _time, cancel);

    /// <summary>A limit that GitHub has put on us is waited for, or told when it is long; so is our own pace.</summary>
    public async Task WaitForTurnAsync(bool isCreation, CancellationToken cancel)
    {
        while (true)
        {
            TimeSpan wait;
            lock (_lock)
            {
                TimeSpan now = Now;
                wait = _notBefore - now;
                if (isCreation && _pace.WaitAt(now) is var pause && pause > wait)
                    wait = pause;
                if (wait > _settings.Patience)
                    throw new RemoteException(RemoteProblem.Limited, $"GitHub asks for a pause of {wait.TotalSeconds:0} s (too many requests)", wait);
                if (wait <= TimeSpan.Zero)
                {
                    if (isCreation)
                        _pace.Made(now);
                    return;
                }
            }

            await Task.Delay(wait, _time, cancel).ConfigureAwait(false); // Then once more: another request may have been told to wait meanwhile.
        }
    }

    /// <summary>Nothing more is asked before the time that GitHub says; when it says none, a minute, and twice as long each time.</summary>
    public void Limit(GitHubAnswer answer)
    {
        lock (_lock)
        {
            TimeSpan wait = answer.RetryAfter ?? _unknownWait;
            if (answer.RetryAfter is null)
                _unknownWait = _unknownWait * 2 < LongestUnknownWait ? _unknownWait * 2 : LongestUnknownWait;
            if (Now + wait > _notBefore)
                _notBefore = Now + wait;
        }
    }

    public static RemoteException Limited(GitHubAnswer answer) =>
        new(RemoteProblem.Limited, $"GitHub asks for a pause (answer {answer.Message})", answer.RetryAfter ?? FirstUnknownWait);

    private void Unlimit()
    {
        lock (_lock)
            _unknownWait = FirstUnknownWait;
    }

    public static async Task<GitHubAnswer> ReadAnswerAsync(HttpResponseMessage response, CancellationToken silence)
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            headers[name] = string.Join(", ", values);

        using MemoryStream body = new();
        await using Stream content = await response.Content.ReadAsStreamAsync(silence).ConfigureAwait(false);
        byte[] buffer = new byte[16 * 1024];
        int count;
        while ((count = await content.ReadAsync(buffer, silence).ConfigureAwait(false)) > 0)
        {
            if (body.Length + count > AnswerBytesMax)
                throw new RemoteException(RemoteProblem.Failed, $"cannot read what GitHub answered: it is longer than {AnswerBytesMax} bytes");
            body.Write(buffer, 0, count);
        }

        return new GitHubAnswer(response.StatusCode, headers, body.ToArray());
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    private async Task<GitHubAnswer> SendOnceAsync(HttpMethod method, Uri uri, Func<HttpContent>? body, CancellationToken cancel)
    {
        for (int redirects = 0; ; redirects++)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using HttpRequestMessage request = new(method, uri) { Content = body?.Invoke() };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.github+json"));
            request.Headers.ExpectContinue = request.Content is FileContent; // A refusal is heard before gigabytes are sent.
            (request.Content as FileContent)?.WatchSilence(silence, _settings.Silence);
            using HttpResponseMessage response = await OpenAsync(request, withToken: true, silence, cancel).ConfigureAwait(false);
            try
            {
                // A repository that was renamed answers with its new address.
                if ((int)response.StatusCode is 301 or 302 or 307 or 308 && response.Headers.Location is { } location && redirects < RedirectsMax
                    && new Uri(uri, location) is var next && MayHaveToken(next))
                {
                    uri = next;
                    continue;
                }

                return await ReadAnswerAsync(response, silence.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsTransport(exception, cancel))
            {
                throw Unreachable(uri, exception);
            }
        }
    }

    /// <summary>The API, and what is beside it: uploads have a host of their own, which a release names. Never another port, nor plain HTTP where the API has HTTPS.</summary>
    private bool MayHaveToken(Uri uri)
    {
        string api = _settings.Api.Host;
        string domain = api.StartsWith("api.", StringComparison.OrdinalIgnoreCase) ? api["api.".Length..] : api;
        return uri.Scheme == _settings.Api.Scheme && uri.Port == _settings.Api.Port
            && (uri.Host.Equals(api, StringComparison.OrdinalIgnoreCase) || uri.Host.Equals(domain, StringComparison.OrdinalIgnoreCase) || uri.Host.Equals("uploads." + domain, StringComparison.OrdinalIgnoreCase));
    }

    private GitHubAnswer CheckRight(GitHubAnswer answer)
    {
        if (answer.IsLimited)
            throw Limited(answer);

        return answer.Status switch
        {
            HttpStatusCode.Unauthorized => throw new RemoteException(RemoteProblem.Refused, $"GitHub refuses the token for {_settings.Repository} (answer {answer.Message}): it is wrong or has expired; make a new one and set it"),
            HttpStatusCode.Forbidden => throw new RemoteException(
                RemoteProblem.Refused, $"GitHub does not allow it with this token in {_settings.Repository} (answer {answer.Message}): a classic token needs the scope \"repo\", a fine-grained one \"Contents: read and write\""),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => throw new RemoteException(
                RemoteProblem.Failed, $"GitHub is elsewhere now{(answer.Header("Location") is { } location ? $" ({RemoteDiagnosis.PlaceOf(location)})" : "")}, and the token is not taken there by itself: set remote and github_api to the new address"),
            >= HttpStatusCode.InternalServerError => throw new RemoteException(RemoteProblem.Unreachable, $"GitHub cannot answer now (answer {answer.Message})"),
            _ => answer,
        };
    }
}
