using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests;

/// <summary>The files as they are embedded: what npm has built from web/.</summary>
public sealed class PanelFilesTests
{
    private static readonly PanelFiles Files = new(["https://huggingface.co", "https://example.org"]);

    private static string Script => Files.Paths.First(path => path.StartsWith("assets/index-", StringComparison.Ordinal) && path.EndsWith(".js", StringComparison.Ordinal));

    [Fact]
    public async Task Page_WhenAskedFor_IsHtmlThatIsNotKept()
    {
        HttpResponse response = await AskAsync("/admin/ui/");

        Assert.Equal(200, response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.ContentType);
        Assert.Equal("no-store", response.Headers.CacheControl);
        Assert.Contains("<div id=\"app\">", BodyOf(response));
    }

    [Fact]
    public async Task Page_WhenItIsRead_HasNoScriptAndNoStyleOfItsOwnAndNothingFromElsewhere()
    {
        string page = BodyOf(await AskAsync("/admin/ui/"));

        Assert.DoesNotContain("<style", page);
        Assert.DoesNotContain("style=", page);
        Assert.DoesNotContain("http:", page);
        Assert.DoesNotContain("https:", page);
        Assert.DoesNotMatch("<script(?![^>]*src=)", page);
    }

    [Fact]
    public async Task Asset_WhenAskedFor_MayBeKeptForever()
    {
        HttpResponse response = await AskAsync("/admin/ui/" + Script);

        Assert.Equal("text/javascript; charset=utf-8", response.ContentType);
        Assert.Equal("public, max-age=31536000, immutable", response.Headers.CacheControl);
        Assert.True(response.Body.Length > 10_000);
    }

    [Fact]
    public async Task Asset_WhenTheClientKnowsGzip_IsTheSameInFewerBytes()
    {
        HttpResponse plain = await AskAsync("/admin/ui/" + Script);
        HttpResponse compressed = await AskAsync("/admin/ui/" + Script, request => request.Headers.AcceptEncoding = "br, gzip");

        Assert.Equal("gzip", compressed.Headers.ContentEncoding);
        Assert.Equal(compressed.Body.Length, compressed.ContentLength);
        Assert.True(compressed.Body.Length < plain.Body.Length / 2);
        compressed.Body.Position = 0;
        using StreamReader unpacked = new(new GZipStream(compressed.Body, CompressionMode.Decompress));
        Assert.Equal(BodyOf(plain), unpacked.ReadToEnd());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("gzip;q=0", false)]
    [InlineData("identity", false)]
    [InlineData("*", true)]
    [InlineData("deflate, GZIP;q=0.5", true)]
    public async Task Encoding_WhenTheClientSaysWhatItTakes_IsThat(string accepted, bool expected)
    {
        HttpResponse response = await AskAsync("/admin/ui/", request => request.Headers.AcceptEncoding = accepted);

        Assert.Equal(expected ? "gzip" : "", response.Headers.ContentEncoding.ToString());
        Assert.Equal("Accept-Encoding", response.Headers.Vary);
    }

    [Fact]
    public async Task Asset_WhenTheClientHasIt_IsNotSentAgain()
    {
        string tag = (await AskAsync("/admin/ui/" + Script)).Headers.ETag.ToString();

        HttpResponse response = await AskAsync("/admin/ui/" + Script, request => request.Headers.IfNoneMatch = $"\"other\", {tag}");

        Assert.Equal(304, response.StatusCode);
        Assert.Equal(0, response.Body.Length);
        Assert.Equal(200, (await AskAsync("/admin/ui/" + Script, request => request.Headers.IfNoneMatch = "\"other\"")).StatusCode);
    }

    [Fact]
    public async Task Head_WhenAsked_HasTheHeadersAndNoBody()
    {
        HttpResponse response = await AskAsync("/admin/ui/", request =>
        {
            request.Method = "HEAD";
            request.Headers.AcceptEncoding = "gzip";
        });

        Assert.Equal(200, response.StatusCode);
        Assert.True(response.ContentLength > 0);
        Assert.Equal(0, response.Body.Length);
    }

    [Theory]
    [InlineData("/admin/ui/nothing.js")]
    [InlineData("/admin/ui/assets/")]
    [InlineData("/admin/ui//index.html")]
    [InlineData("/admin/ui/../Init.Panel.dll")]
    [InlineData("/admin/ui/INDEX.HTML")]
    public async Task File_WhenThereIsNone_IsNotFound(string path) => Assert.Equal(404, (await AskAsync(path)).StatusCode);

    [Fact]
    public async Task Root_WhenTheSlashIsMissing_IsRedirectedThere()
    {
        HttpResponse response = await AskAsync("/admin/ui", request => request.QueryString = new QueryString("?x=1"));

        Assert.Equal(308, response.StatusCode);
        Assert.Equal("/admin/ui/?x=1", response.Headers.Location);
    }

    [Fact]
    public async Task Post_WhenSent_IsRefused()
    {
        HttpResponse response = await AskAsync("/admin/ui/", request => request.Method = "POST");

        Assert.Equal(405, response.StatusCode);
        Assert.Equal("GET, HEAD", response.Headers.Allow);
    }

    [Theory]
    [InlineData("/admin/ui")]
    [InlineData("/admin/ui/")]
    [InlineData("/admin/ui/nothing")]
    public async Task Answer_WhateverItIs_HasThePolicy(string path)
    {
        IHeaderDictionary headers = (await AskAsync(path)).Headers;

        string policy = headers.ContentSecurityPolicy.ToString();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy);
        Assert.EndsWith("; frame-ancestors 'self' https://huggingface.co https://example.org", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal("nosniff", headers.XContentTypeOptions);
        Assert.Equal("same-origin", headers["Referrer-Policy"]);
    }

    [Theory]
    [InlineData("/admin/uix")]
    [InlineData("/admin/api/v1/session")]
    public async Task Path_WhenItIsNotBelowTheRoot_IsPassedOn(string path)
    {
        DefaultHttpContext context = new();
        context.Request.Path = path;
        bool passed = false;

        await Files.AnswerAsync(context, _ =>
        {
            passed = true;
            return Task.CompletedTask;
        });

        Assert.True(passed);
    }

    private static async Task<HttpResponse> AskAsync(string path, Action<HttpRequest>? prepare = null)
    {
        DefaultHttpContext context = new();
        context.Request.Method = "GET";
        context.Request.Path = path;
        context.Response.Body = new MemoryStream();
        prepare?.Invoke(context.Request);
        await Files.AnswerAsync(context, _ => throw new InvalidOperationException("it was passed on"));
        return context.Response;
    }

    private static string BodyOf(HttpResponse response) => Encoding.UTF8.GetString(((MemoryStream)response.Body).ToArray());
}
