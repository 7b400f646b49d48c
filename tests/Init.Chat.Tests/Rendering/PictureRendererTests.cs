using System.Net;
using System.Net.Sockets;
using Init.Chat.Rendering;
using Init.Chat.Rendering.Browser;
using Init.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace Init.Chat.Tests.Rendering;

/// <summary>With the real browser.</summary>
public sealed class PictureRendererTests : IAsyncLifetime
{
    private const int Scale = 2, Kill = 9;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), "init-render-" + Guid.NewGuid().ToString("N"));
    private readonly RenderOptions _options;
    private PictureRenderer _renderer = null!;

    public PictureRendererTests() => _options = new RenderOptions { Directory = _directory, HeightMax = 2000 };

    public Task InitializeAsync()
    {
        _renderer = new PictureRenderer(_options, NullLogger.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _renderer.DisposeAsync();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private Task<RenderedPicture> RenderAsync(string content, string? style = null) => _renderer.RenderAsync(new RenderRequest { Content = content, Style = style }, CancellationToken.None);

    [Fact]
    public async Task Picture_OfEachStyle_HasItsColours()
    {
        (string Name, string Background)[] originals = [("light", "#ffffff"), ("dark", "#1e1e2e"), ("pink", "#fff0f5"), ("blue", "#f0f8ff"), ("green", "#f0fff4")];
        Assert.Equal(originals, RenderStyle.All.Take(5).Select(style => (style.Name, style.Background)));
        foreach (RenderStyle style in RenderStyle.All)
        {
            RenderedPicture picture = await RenderAsync("████ text", style.Name.ToUpperInvariant());

            var png = Png.Read(picture.Path);
            Assert.Equal(800 * Scale, png.Width);
            Assert.Equal(style.Name, picture.Style);
            Assert.Equal(style.Background, png.At(0, 0));
            Assert.Equal(style.Background, png.At(png.Width - 1, png.Height - 1));
            Assert.True(png.Count(pixel => pixel == style.Text) > 500, style.Name);
            Assert.Equal(picture.Size, new FileInfo(picture.Path).Length);
        }
    }

    /// <summary>With INIT_GALLERY set to a directory the pictures are left there, to be looked at.</summary>
    [Fact]
    public async Task Picture_OfAllThatCanBeDrawn_IsDrawn()
    {
        await using PictureRenderer renderer = new(_options with { HeightMax = 8000 }, NullLogger.Instance);
        string? gallery = Environment.GetEnvironmentVariable("INIT_GALLERY");
        foreach (RenderStyle style in gallery is null ? RenderStyle.All.Take(1) : RenderStyle.All)
        {
            RenderedPicture picture = await renderer.RenderAsync(new RenderRequest { Content = Gallery.Everything, Reasoning = Gallery.Reasoning, Style = style.Name }, CancellationToken.None);

            Assert.False(picture.IsCut);
            Assert.InRange(Png.Read(picture.Path).Height, 4000, 8000);
            if (gallery is not null)
                File.Copy(picture.Path, Path.Combine(gallery, style.Name + ".png"), overwrite: true);
        }
    }

    [Fact]
    public async Task Picture_WithoutAStyleOrWithAnUnknownOne_IsOfTheDefault()
    {
        Assert.Equal("light", (await RenderAsync("a")).Style);
        Assert.Equal("light", (await RenderAsync("a", "nosuch")).Style);
    }

    [Fact]
    public async Task Picture_WithCjkAndEmoji_ShowsThem()
    {
        var blank = Png.Read((await RenderAsync("&nbsp;")).Path);
        var chinese = Png.Read((await RenderAsync("中文汉字")).Path);
        var missing = Png.Read((await RenderAsync("\uE000\uE000\uE000\uE000")).Path);
        var emoji = Png.Read((await RenderAsync("😀🎉")).Path);

        Assert.Equal(0, blank.Count(pixel => pixel != "#ffffff"));
        int dark = chinese.Count(pixel => pixel == "#333333");
        Assert.True(dark > 500, $"{dark}");
        Assert.NotEqual(missing.Count(pixel => pixel == "#333333"), dark);
        Assert.True(emoji.Count(pixel => Convert.ToInt32(pixel[1..3], 16) > 230 && Convert.ToInt32(pixel[5..7], 16) < 100) > 300, "no yellow");
    }

    [Fact]
    public async Task Picture_OfAFormula_IsHigherThanALineOfText()
    {
        // Drawn as text it would have one line.
        var formula = Png.Read((await RenderAsync("$$\\frac{\\frac{a}{b}}{\\frac{c}{d}}$$")).Path);
        var text = Png.Read((await RenderAsync("text")).Path);

        Assert.True(formula.Height > text.Height + 30, $"{formula.Height} {text.Height}");
    }

    [Fact]
    public async Task Picture_ThatIsTooLong_IsCutAndSaysSo()
    {
        RenderedPicture picture = await RenderAsync(string.Join("\n\n", Enumerable.Range(0, 300).Select(index => $"line {index}")));

        var png = Png.Read(picture.Path);
        Assert.True(picture.IsCut);
        Assert.Equal(_options.HeightMax * Scale, png.Height);
        Assert.Equal(RenderStyle.All[0].Panel, png.At(2, png.Height - 10));
        Assert.True(png.Count(pixel => pixel == RenderStyle.All[0].Muted, png.Height - 80) > 50, "no text in the bar");
        Assert.False((await RenderAsync("short")).IsCut);
    }

    [Fact]
    public async Task Text_ThatIsTooLong_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<RenderException>(() => RenderAsync(new string('a', _options.CharactersMax + 1)));
        Assert.Equal((413, "render_too_large"), (refused.Status, refused.Code));
        Assert.False(Directory.Exists(_directory));
    }

    [Fact]
    public async Task Content_ThatWouldFetchOrRunSomething_DoesNot()
    {
        using Listener listener = new();
        string url = $"http://127.0.0.1:{listener.Port}/x";
        string[] attempts =
        [
            $"<script>fetch('{url}')</script>", $"<img src={url} onerror=\"fetch('{url}')\">", $"![x]({url})", $"<iframe src=\"{url}\"></iframe>", "<iframe src=\"file:///etc/passwd\"></iframe>",
            $"<link rel=stylesheet href={url}>", $"<style>@import url({url});body{{background:url({url})}}</style>", $"<meta http-equiv=refresh content=\"0;url={url}\">", $"<svg><image href={url} /></svg>",
            $"<video src={url} autoplay></video>", $"<object data={url}></object>", $"<base href={url}>", $"[x]({url}){{style=\"background:url({url})\"}}", $"<{url}>",
        ];

        RenderedPicture all = await RenderAsync(string.Join("\n\n", attempts));
        RenderedPicture plain = await RenderAsync("x");

        Assert.Equal(0, listener.Connections);
        Assert.True(Png.Read(all.Path).Height > 4 * Png.Read(plain.Path).Height, "what was written is to be read");
    }

    [Fact]
    public async Task Page_ThatWouldFetchOrRunSomething_IsNotLetByTheBrowserEither()
    {
        // As if Markdown let everything through, and the page had no policy.
        using Listener listener = new();
        string url = $"http://127.0.0.1:{listener.Port}/x";
        string page = $"""
            <!DOCTYPE html><html><head><link rel=stylesheet href={url}><style>@import url({url});body{"{background:#00ff00 url(" + url + ")}"}</style></head><body>
            <img src={url} onerror="document.body.style.background='#ff0000'"><iframe src={url}></iframe><iframe src="file:///etc/passwd"></iframe><iframe src="http://localhost:{listener.Port}/"></iframe>
            <script>document.body.style.background='#ff0000';fetch('{url}');new WebSocket('ws://127.0.0.1:{listener.Port}/')</script>
            <object data={url}></object><video src={url} autoplay></video><link rel=preconnect href={url}><link rel=dns-prefetch href={url}></body></html>
            """;
        BrowserStart start = new(_options, NullLogger.Instance);
        await using ChromiumBrowser browser = await start.StartAsync(CancellationToken.None);

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30)), shortLimit = new(TimeSpan.FromSeconds(5));
        (byte[] picture, _) = await browser.DrawAsync(_ => page, _options, limit.Token);

        // A page that goes elsewhere may take its answers with it: for that there is a time limit.
        await Record.ExceptionAsync(() => browser.DrawAsync(_ => $"<meta http-equiv=refresh content=\"0;url={url}\"><p>x", _options, shortLimit.Token));

        Directory.CreateDirectory(_directory);
        string file = Path.Combine(_directory, "page.png");
        await File.WriteAllBytesAsync(file, picture);
        Assert.Equal("#00ff00", Png.Read(file).At(0, 0));
        Assert.Equal(0, listener.Connections);
    }

    [Fact]
    public async Task Browser_KilledWhileItDraws_IsAClearErrorAndTheNextPictureIsMade()
    {
        await RenderAsync("first");
        int browser = Assert.NotNull(_renderer.BrowserId);
        string heavy = string.Concat(Enumerable.Repeat("| a | b | c |\n|---|---|---|\n| $\\frac{1}{2}$ | **x** | `y` |\n\n", 1000));
        Task<RenderedPicture> drawing = RenderAsync(heavy);
        await Task.Delay(300);
        Processes.Kill(browser, Kill);

        var failed = await Assert.ThrowsAsync<RenderException>(() => drawing);
        RenderedPicture next = await RenderAsync("next");

        Assert.Equal((500, "render_failed"), (failed.Status, failed.Code));
        Assert.True(next.Size > 0);
        Assert.NotEqual(browser, _renderer.BrowserId);
        Assert.False(Directory.EnumerateDirectories(Path.GetTempPath(), $"init-browser-{Processes.GetPid()}-*").Skip(OtherBrowsers).Any());
    }

    [Fact]
    public async Task Browser_ThatDiedAtRest_IsReplacedWithoutAnError()
    {
        await RenderAsync("first");
        Processes.Kill(Assert.NotNull(_renderer.BrowserId), Kill);

        Assert.True((await RenderAsync("next")).Size > 0);
    }

    [Fact]
    public async Task Picture_ThatTakesTooLong_IsAnErrorAndTheNextIsMade()
    {
        await using PictureRenderer hasty = new(_options with { Patience = TimeSpan.FromMilliseconds(20) }, NullLogger.Instance);

        var late = await Assert.ThrowsAsync<RenderException>(() => hasty.RenderAsync(new RenderRequest { Content = "a" }, CancellationToken.None));

        Assert.Equal((504, "render_timeout"), (late.Status, late.Code));
        Assert.True((await RenderAsync("b")).Size > 0);
    }

    [Fact]
    public async Task Browser_ThatHasNothingToDo_Ends()
    {
        await using PictureRenderer idle = new(_options with { IdleMax = TimeSpan.FromMilliseconds(200) }, NullLogger.Instance);
        await idle.RenderAsync(new RenderRequest { Content = "a" }, CancellationToken.None);

        await WaitAsync(() => idle.BrowserId is null);

        Assert.True((await idle.RenderAsync(new RenderRequest { Content = "a" }, CancellationToken.None)).Size > 0);
    }

    [Fact]
    public async Task Requests_BeyondTheQueue_AreRefused()
    {
        await using PictureRenderer narrow = new(_options with { ParallelMax = 1, WaitingMax = 2 }, NullLogger.Instance);
        Task<RenderedPicture>[] all = [.. Enumerable.Range(0, 8).Select(index => narrow.RenderAsync(new RenderRequest { Content = $"{index}" }, CancellationToken.None))];

        await Task.WhenAny(Task.WhenAll(all), Task.Delay(TimeSpan.FromSeconds(60)));

        Assert.Equal(3, all.Count(task => task.IsCompletedSuccessfully));
        Assert.All(all.Where(task => task.IsFaulted), task => Assert.Equal(429, Assert.IsType<RenderException>(task.Exception!.InnerException).Status));
    }

    [Fact]
    public async Task Pictures_MadeAtTheSameTime_AreEachTheirOwn()
    {
        RenderedPicture[] all = await Task.WhenAll(Enumerable.Range(0, 10).Select(index => RenderAsync("x", RenderStyle.All[index].Name)));

        for (int index = 0; index < all.Length; index++)
            Assert.Equal(RenderStyle.All[index].Background, Png.Read(all[index].Path).At(0, 0));
    }

    [Fact]
    public async Task Render_WithoutABrowser_NamesThePackage()
    {
        await using PictureRenderer none = new(_options with { Browsers = ["no-such-browser"] }, NullLogger.Instance);

        var refused = await Assert.ThrowsAsync<RenderException>(() => none.RenderAsync(new RenderRequest { Content = "a" }, CancellationToken.None));

        Assert.Equal((501, "render_unavailable"), (refused.Status, refused.Code));
        Assert.Contains("\"chromium\"", refused.Message);
    }

    [Fact]
    public async Task Picture_ThatHasExpired_IsRemoved()
    {
        RenderedPicture picture = await _renderer.RenderAsync(new RenderRequest { Content = "a", Kept = TimeSpan.FromSeconds(1) }, CancellationToken.None);
        Assert.Equal(picture.Path, _renderer.Find(picture.FileId));

        await WaitAsync(() => !File.Exists(picture.Path));

        Assert.Null(_renderer.Find(picture.FileId));
    }

    [Fact]
    public async Task Pictures_OfAProcessThatWasKilled_AreRemovedAtTheNextStart()
    {
        Directory.CreateDirectory(_directory);
        string left = Path.Combine(_directory, Guid.NewGuid() + ".png");
        await File.WriteAllTextAsync(left, "x");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddSeconds(-1));

        await using PictureRenderer after = new(_options, NullLogger.Instance);

        await WaitAsync(() => !File.Exists(left));
    }

    /// <summary>The one that runs.</summary>
    private const int OtherBrowsers = 1;

    private static async Task WaitAsync(Func<bool> condition)
    {
        for (int tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 600, "it has not come about within 30 s");
            await Task.Delay(50);
        }
    }

    /// <summary>Counts who comes.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private int _connections;

        public Listener()
        {
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Connections => Volatile.Read(ref _connections);

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using Socket client = await _listener.AcceptSocketAsync();
                    Interlocked.Increment(ref _connections);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The test has ended.
            }
        }
    }
}
