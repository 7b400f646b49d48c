using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Init.Panel;

/// <summary>
/// <c>/admin/ui/</c>: the files of web/, as they lie compressed in the binary. Anyone may read them; there is no data in them.
/// </summary>
/// <remarks>docs/decisions/0015-panel.md has the reasons for the headers.</remarks>
internal sealed class PanelFiles
{
    public const string Root = "/admin/ui";

    /// <summary>Nothing but our own files, no script and no style within HTML. web/vite.config.ts has the same for the preview.</summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    private const string ResourcePrefix = "panel/", Index = "index.html";

    private readonly FrozenDictionary<string, PanelFile> files;
    private readonly string contentPolicy;

    /// <param name="frameAncestors">Origins whose pages may show the panel in a frame.</param>
    public PanelFiles(IEnumerable<string> frameAncestors)
    {
        contentPolicy = string.Join(' ', frameAncestors.Prepend(ContentPolicy));
        Assembly assembly = typeof(PanelFiles).Assembly;
        files = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Select(name => new PanelFile(assembly, name, name[ResourcePrefix.Length..]))
            .ToFrozenDictionary(file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>Their paths below <see cref="Root"/>, such as "assets/index-1a2b.js".</summary>
    public IEnumerable<string> Paths => files.Keys;

    /// <summary>Answers what is asked for below <see cref="Root"/>, and passes on everything else.</summary>
    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        return context.Request.Path.StartsWithSegments(Root, StringComparison.Ordinal, out PathString rest) ? AnswerAsync(context, rest.Value ?? "") : next(context);
    }

    private Task AnswerAsync(HttpContext context, string path)
    {
        HttpRequest request = context.Request;
        HttpResponse response = context.Response;
        IHeaderDictionary headers = response.Headers;
        headers.ContentSecurityPolicy = contentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        if (path.Length == 0)
        {
            response.StatusCode = StatusCodes.Status308PermanentRedirect;
            headers.Location = Root + "/" + request.QueryString.Value;
            response.ContentLength = 0;
            return Task.CompletedTask;
        }

        if (!files.TryGetValue(path == "/" ? Index : path[1..], out PanelFile? file))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return SendAsync(context, file);
    }

    private static async Task SendAsync(HttpContext context, PanelFile file)
    {
        HttpResponse response = context.Response;
        EntityTagHeaderValue tag = new('"' + file.Hash + '"', isWeak: true); // Weak: the same for both encodings.
        response.Headers.ETag = tag.ToString();
        response.Headers.Vary = "Accept-Encoding";

        // The page names the assets of its own version, and must not outlive it; an asset has its hash in its name.
        response.Headers.CacheControl = file.Path == Index ? "no-store" : file.HasHashedName ? "public, max-age=31536000, immutable" : "public, max-age=3600";
        if (context.Request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } known && known.Any(each => each.Tag == "*" || each.Compare(tag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.ContentType;
        using Stream compressed = file.Open();
        if (AcceptsGzip(context.Request))
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = compressed.Length;
            if (!HttpMethods.IsHead(context.Request.Method))
                await compressed.CopyToAsync(response.Body, context.RequestAborted);
            return;
        }

        if (HttpMethods.IsHead(context.Request.Method))
            return;

        using GZipStream plain = new(compressed, CompressionMode.Decompress);
        await plain.CopyToAsync(response.Body, context.RequestAborted);
    }

    /// <summary>By its name or by "*", unless its quality is 0.</summary>
    private static bool AcceptsGzip(HttpRequest request)
    {
        IList<StringWithQualityHeaderValue> accepted = request.GetTypedHeaders().AcceptEncoding;
        StringWithQualityHeaderValue? gzip = accepted.FirstOrDefault(each => each.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase)) ?? accepted.FirstOrDefault(each => each.Value == "*");
        return gzip is not null && gzip.Quality is not 0;
    }

    /// <summary>One of them. Its bytes stay where they are in the binary; nothing is kept but its hash.</summary>
    private sealed class PanelFile(Assembly assembly, string resource, string path)
    {
        private readonly Lazy<string> hash = new(() =>
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            return Convert.ToHexStringLower(SHA256.HashData(stream).AsSpan(0, 16));
        });

        public string Path => path;

        public string Hash => hash.Value;

        public bool HasHashedName => path.StartsWith("assets/", StringComparison.Ordinal);

        public string ContentType => System.IO.Path.GetExtension(path) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".png" => "image/png",
            ".woff2" => "font/woff2",
            ".json" or ".webmanifest" => "application/json",
            _ => "application/octet-stream",
        };

        public Stream Open() => assembly.GetManifestResourceStream(resource)!;
    }
}
