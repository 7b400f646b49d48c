using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Init.Backup.Tests.Harness;

/// <summary>A request to the API, the upload host or the asset host.</summary>
/// <param name="Host">"api", "upload" or "assets".</param>
public sealed record FakeRequest(string Host, string Method, string PathAndQuery, string? Authorization, string? Range)
{
    public override string ToString() => $"{Host} {Method} {PathAndQuery}";
}

/// <summary>
/// GitHub on loopback, as far as a backup needs it: git itself through <see cref="GitServer"/>; repository, rate limit, releases and assets by its API; a host of its own for the
/// content of assets, which refuses whoever brings a token. Misbehaves by <see cref="FakeGitHubFault"/>.
/// </summary>
public sealed class FakeGitHub : IAsyncDisposable
{
    public const string Repository = "owner/repo";

    private readonly WebApplication _assetHost;
    private readonly ConcurrentQueue<FakeRequest> _requests = new();
    private readonly Dictionary<string, FakeRelease> _releases = [];
    private readonly Lock _lock = new();
    private readonly HashSet<string> _spentTags = [];
    private volatile IReadOnlyList<FakeGitHubFault> _faults = [];
    private long _nextId = 1000;

    private FakeGitHub(GitServer git, int assetPort, X509Certificate2? certificate)
    {
        Git = git;
        AssetPort = assetPort;
        git.Other = AnswerAsync;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            GitServer.Listen(kestrel, assetPort, certificate);
        });
        _assetHost = builder.Build();
        _assetHost.Run(AnswerAssetAsync);
    }

    public GitServer Git { get; }

    public int AssetPort { get; }

    /// <summary>The API, as GitHub Enterprise has it: a path beside git.</summary>
    public string Api => $"{Git.Scheme}://{Git.Host}/api/v3";

    public string RemoteUrl => Git.UrlOf(Repository + ".git");

    public IReadOnlyCollection<FakeRequest> Requests => _requests;

    public IReadOnlyList<FakeRelease> Releases
    {
        get
        {
            lock (_lock)
                return [.. _releases.Values];
        }
    }

    /// <summary>Whether the repository is private.</summary>
    public bool IsPrivate { get; set; } = true;

    public bool MayPush { get; set; } = true;

    /// <summary>Of the token; null: it is a fine-grained one, of which GitHub says none.</summary>
    public string? Scopes { get; set; } = "repo";

    /// <summary>Null: never.</summary>
    public DateTimeOffset? TokenExpires { get; set; }

    /// <summary>Whether assets have a digest: those before the middle of 2025 have none.</summary>
    public bool HasDigests { get; set; } = true;

    /// <summary>Releases are closed when they are published.</summary>
    public bool IsImmutable { get; set; }

    /// <summary>GitHub makes no release in a repository without a commit.</summary>
    public bool IsEmpty { get; set; }

    /// <summary>That releases name; null: that of the API.</summary>
    public string? UploadHost { get; set; }

    public int AssetsPerReleaseMax { get; set; } = 1000;

    public int RateRemaining { get; set; } = 4999;

    /// <summary>Added to the clock.</summary>
    public TimeSpan ClockSkew { get; set; }

    /// <summary>How often a signed address can be used.</summary>
    public int UsesOfAddress { get; set; } = int.MaxValue;

    public int Uploads => _requests.Count(request => request.Host == "upload");

    /// <summary>Requests that change something.</summary>
    public int Writes => _requests.Count(request => request.Method is "POST" or "PATCH" or "DELETE");

    /// <param name="directory">For the repositories.</param>
    /// <param name="certificate">Null: plain HTTP.</param>
    public static async Task<FakeGitHub> StartAsync(string directory, X509Certificate2? certificate = null)
    {
        GitServer git = await GitServer.StartAsync(directory, certificate);
        git.CreateRepository(Repository + ".git");
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        FakeGitHub github = new(git, port, certificate);
        await github._assetHost.StartAsync();
        return github;
    }

    /// <summary>From now on, instead of the faults before. The first one that fits a request is for it.</summary>
    public void Misbehave(params FakeGitHubFault[] faults) => _faults = faults;

    public FakeRelease AddRelease(string tag, bool isDraft = false)
    {
        lock (_lock)
        {
            FakeRelease release = new(_nextId++, tag, isDraft, IsImmutable && !isDraft);
            _releases.Add(release.Id.ToString(CultureInfo.InvariantCulture), release);
            return release;
        }
    }

    public void RemoveReleases()
    {
        lock (_lock)
            _releases.Clear();
    }

    public FakeAsset AddAsset(FakeRelease release, string name, byte[] content, DateTimeOffset? created = null)
    {
        lock (_lock)
        {
            FakeAsset asset = new(_nextId++, name, content, created ?? DateTimeOffset.UtcNow);
            release.Assets.Add(asset);
            return asset;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource atOnce = new(TimeSpan.FromMilliseconds(100));
        await _assetHost.StopAsync(atOnce.Token);
        await _assetHost.DisposeAsync();
        await Git.DisposeAsync();
    }

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value!;
        bool isUpload = path.StartsWith("/uploads/", StringComparison.Ordinal);
        if (!isUpload && !path.StartsWith("/api/v3/", StringComparison.Ordinal))
            return false;

        FakeGitHubFault? fault = Note(context, isUpload ? "upload" : "api");
        context.Response.Headers.Date = (DateTimeOffset.UtcNow + ClockSkew).ToString("R", CultureInfo.InvariantCulture);
        if (fault is not null && await fault.AnswerAsync(context))
        {
            if (fault.LeavesStarter && isUpload)
                LeaveStarter(context);
            return true;
        }

        if (context.Request.Headers.Authorization != $"Bearer {GitServer.Token}")
        {
            await WriteAsync(context, 401, new JsonObject { ["message"] = "Bad credentials" });
            return true;
        }

        context.Response.Headers["X-RateLimit-Limit"] = "5000";
        context.Response.Headers["X-RateLimit-Remaining"] = RateRemaining.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["X-RateLimit-Reset"] = (DateTimeOffset.UtcNow + ClockSkew).AddMinutes(10).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        if (Scopes is not null)
            context.Response.Headers["X-OAuth-Scopes"] = Scopes;

        if (TokenExpires is { } expires)
            context.Response.Headers["GitHub-Authentication-Token-Expiration"] = expires.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

        string[] parts = path[(isUpload ? "/uploads/" : "/api/v3/").Length..].Split('/');
        await (isUpload ? UploadAsync(context, parts, fault) : AnswerApiAsync(context, parts));
        return true;
    }

    private FakeGitHubFault? Note(HttpContext context, string host)
    {
        FakeRequest request = new(
            host, context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.Headers.Authorization, context.Request.Headers.Range);
        _requests.Enqueue(request);
        return _faults.FirstOrDefault(fault => fault.TryTake(request));
    }

    private async Task AnswerApiAsync(HttpContext context, string[] parts)
    {
        if (parts is ["rate_limit"])
        {
            await WriteAsync(context, 200, new JsonObject { ["resources"] = new JsonObject { ["core"] = new JsonObject { ["limit"] = 5000, ["remaining"] = RateRemaining, ["reset"] = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds() } } });
            return;
        }

        if (parts.Length < 3 || $"{parts[1]}/{parts[2]}" != Repository)
        {
            await NotFoundAsync(context);
            return;
        }

        await ((context.Request.Method, parts[3..]) switch
        {
            ("GET", []) => WriteAsync(context, 200, new JsonObject
            {
                ["full_name"] = Repository,
                ["private"] = IsPrivate,
                ["visibility"] = IsPrivate ? "private" : "public",
                ["size"] = 0,
                ["default_branch"] = "main",
                ["permissions"] = new JsonObject { ["admin"] = MayPush, ["push"] = MayPush, ["pull"] = true },
            }),
            ("GET", ["releases"]) => PageAsync(context, Releases.Select(release => Describe(release))),
            ("POST", ["releases"]) => CreateReleaseAsync(context),
            ("GET", ["releases", "tags", var tag]) => ReleaseAsync(context, Releases.FirstOrDefault(release => release.Tag == Uri.UnescapeDataString(tag) && !release.IsDraft)),
            ("GET", ["releases", "assets", var id]) => AssetAsync(context, id),
            ("DELETE", ["releases", "assets", var id]) => DeleteAssetAsync(context, id),
            ("GET", ["releases", var id, "assets"]) => Find(id) is { } release ? PageAsync(context, release.Assets.ToList().Select(asset => Describe(release, asset))) : NotFoundAsync(context),
            ("GET", ["releases", var id]) => ReleaseAsync(context, Find(id)),
            ("PATCH", ["releases", var id]) => PublishAsync(context, Find(id)),
            ("DELETE", ["releases", var id]) => DeleteReleaseAsync(context, id),
            _ => NotFoundAsync(context),
        });
    }

    private async Task CreateReleaseAsync(HttpContext context)
    {
        JsonNode body = (await JsonNode.ParseAsync(context.Request.Body))!;
        string tag = (string)body["tag_name"]!;
        if (IsEmpty)
            await WriteAsync(context, 422, new JsonObject { ["message"] = "Repository is empty." });
        else if (_spentTags.Contains(tag) && !((bool?)body["draft"] ?? false))
            await SpentAsync(context);
        else if (Releases.Any(release => release.Tag == tag))
            await InvalidAsync(context, "already_exists", "tag_name");
        else
            await WriteAsync(context, 201, Describe(AddRelease(tag, (bool?)body["draft"] ?? false)));
    }

    private async Task UploadAsync(HttpContext context, string[] parts, FakeGitHubFault? fault)
    {
        string name = Rename(context.Request.Query["name"].ToString());
        if (context.Request.ContentLength is not { } length)
        {
            await InvalidAsync(context, "no_length", "size");
            return;
        }

        if (parts is not ["repos", _, _, "releases", var id, "assets"] || Find(id) is not { } release)
        {
            await NotFoundAsync(context);
            return;
        }

        if (release.IsImmutable)
        {
            await WriteAsync(context, 422, new JsonObject { ["message"] = "Cannot upload assets to an immutable release." });
            return;
        }

        if (release.Assets.Count >= AssetsPerReleaseMax || release.Assets.Any(asset => asset.Name == name))
        {
            await InvalidAsync(context, release.Assets.Any(asset => asset.Name == name) ? "already_exists" : "file_count limit", "name");
            return;
        }

        byte[] bytes = new byte[Math.Min(length, fault?.CutUploadAt ?? length)];
        await context.Request.Body.ReadExactlyAsync(bytes);
        if (fault?.CutUploadAt is not null)
        {
            if (fault.LeavesStarter)
                LeaveStarter(context);
            context.Abort();
            return;
        }

        if (fault is { CorruptsUpload: true })
            bytes[^1] ^= 1;
        FakeAsset asset = AddAsset(release, name, bytes);
        if (fault is { LosesUploadAnswer: true })
            context.Abort();
        else
            await WriteAsync(context, 201, Describe(release, asset));
    }

    private async Task AssetAsync(HttpContext context, string id)
    {
        if (FindAsset(id) is not ({ } release, { } asset))
        {
            await NotFoundAsync(context);
            return;
        }

        if (context.Request.Headers.Accept != "application/octet-stream")
        {
            await WriteAsync(context, 200, Describe(release, asset));
            return;
        }

        string signature = RandomNumberGenerator.GetHexString(16, lowercase: true);
        asset.Signatures[signature] = UsesOfAddress;
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"{Git.Scheme}://127.0.0.1:{AssetPort}/{asset.Id}?sig={signature}";
    }

    /// <summary>As the object store behind GitHub: an address is good for some time, and a token is one credential too many.</summary>
    private async Task AnswerAssetAsync(HttpContext context)
    {
        try
        {
            if (!Git.TakeRequest())
            {
                context.Abort();
                return;
            }

            FakeGitHubFault? fault = Note(context, "assets");
            if (fault is not null && await fault.AnswerAsync(context))
                return;

            string id = context.Request.Path.Value!.Trim('/');
            if (context.Request.Headers.Authorization.Count > 0)
                context.Response.StatusCode = 400;
            else if (FindAsset(id) is not (_, { } asset))
                context.Response.StatusCode = 404;
            else if (!asset.TryUse(context.Request.Query["sig"]) && IsPrivate)
                context.Response.StatusCode = 403;
            else
                await FakeAssetContent.SendAsync(context, asset, fault);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private async Task DeleteAssetAsync(HttpContext context, string id)
    {
        if (FindAsset(id) is not ({ } release, { } asset))
        {
            await NotFoundAsync(context);
        }
        else if (release.IsImmutable)
        {
            await WriteAsync(context, 422, new JsonObject { ["message"] = "Cannot delete assets of an immutable release." });
        }
        else
        {
            lock (_lock)
                release.Assets.Remove(asset);
            context.Response.StatusCode = 204;
        }
    }

    private async Task DeleteReleaseAsync(HttpContext context, string id)
    {
        FakeRelease? removed;
        lock (_lock)
        {
            if (_releases.Remove(id, out removed) && removed.IsImmutable)
                _spentTags.Add(removed.Tag);
        }

        if (removed is not null)
            context.Response.StatusCode = 204;
        else
            await NotFoundAsync(context);
    }

    private async Task PublishAsync(HttpContext context, FakeRelease? release)
    {
        JsonNode body = (await JsonNode.ParseAsync(context.Request.Body))!;
        string tag = (string?)body["tag_name"] ?? release?.Tag ?? "";
        if (_spentTags.Contains(tag))
        {
            await SpentAsync(context);
            return;
        }

        if (release is not null)
        {
            release.Tag = tag;
            release.IsDraft = false;
            release.IsImmutable = IsImmutable;
        }

        await ReleaseAsync(context, release);
    }

    private Task ReleaseAsync(HttpContext context, FakeRelease? release) => release is null ? NotFoundAsync(context) : WriteAsync(context, 200, Describe(release));

    private void LeaveStarter(HttpContext context)
    {
        string[] parts = context.Request.Path.Value!.Split('/');
        if (Find(parts[^2]) is { } release && release.Assets.All(asset => asset.Name != context.Request.Query["name"]))
            AddAsset(release, context.Request.Query["name"].ToString(), []).State = "starter";
    }

    /// <summary>What GitHub does not like in a name becomes a dot.</summary>
    public static string Rename(string name) => new([.. name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '.')]);

    private FakeRelease? Find(string id)
    {
        lock (_lock)
            return _releases.GetValueOrDefault(id);
    }

    private (FakeRelease? Release, FakeAsset? Asset) FindAsset(string id)
    {
        foreach (FakeRelease release in Releases)
        {
            if (release.Assets.ToList().FirstOrDefault(asset => asset.Id.ToString(CultureInfo.InvariantCulture) == id) is { } asset)
                return (release, asset);
        }

        return default;
    }

    private JsonObject Describe(FakeRelease release) => new()
    {
        ["id"] = release.Id,
        ["tag_name"] = release.Tag,
        ["name"] = release.Tag,
        ["draft"] = release.IsDraft,
        ["immutable"] = release.IsImmutable,
        ["upload_url"] = $"{UploadHost ?? $"{Git.Scheme}://{Git.Host}"}/uploads/repos/{Repository}/releases/{release.Id}/assets{{?name,label}}",
        ["assets"] = new JsonArray([.. release.Assets.ToList().Take(30).Select(asset => Describe(release, asset))]),
    };

    private JsonObject Describe(FakeRelease release, FakeAsset asset) => new()
    {
        ["id"] = asset.Id,
        ["name"] = asset.Name,
        ["state"] = asset.State,
        ["size"] = asset.Content.Length,
        ["created_at"] = asset.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["digest"] = HasDigests && asset.State == "uploaded" ? "sha256:" + asset.Sha256 : null,
        ["browser_download_url"] = $"{Git.Scheme}://127.0.0.1:{AssetPort}/{asset.Id}?of={(release.IsDraft ? "untagged" : release.Tag)}",
    };

    private static Task PageAsync(HttpContext context, IEnumerable<JsonObject> all)
    {
        int size = int.TryParse(context.Request.Query["per_page"], out int asked) ? Math.Min(asked, 100) : 30;
        int page = int.TryParse(context.Request.Query["page"], out int number) ? number : 1;
        return WriteAsync(context, 200, new JsonArray([.. all.Skip((page - 1) * size).Take(size)]));
    }

    private static Task NotFoundAsync(HttpContext context) => WriteAsync(context, 404, new JsonObject { ["message"] = "Not Found" });

    private static Task SpentAsync(HttpContext context) => WriteAsync(context, 422, new JsonObject { ["message"] = "Validation Failed", ["errors"] = new JsonArray(new JsonObject { ["resource"] = "Release", ["code"] = "custom", ["field"] = "tag_name", ["message"] = "tag_name was used by an immutable release" }) });

    private static Task InvalidAsync(HttpContext context, string code, string field) => WriteAsync(
        context, 422, new JsonObject { ["message"] = "Validation Failed", ["errors"] = new JsonArray(new JsonObject { ["resource"] = "ReleaseAsset", ["code"] = code, ["field"] = field }) });

    private static async Task WriteAsync(HttpContext context, int status, JsonNode body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, body);
    }
}
