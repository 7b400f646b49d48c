using System.Text.Json;
using Init.Chat.Rendering.Page;

namespace Init.Chat.Rendering.Browser;

/// <summary>A browser that has started and draws pages, several at a time, each in a context of its own.</summary>
/// <param name="process">That runs.</param>
internal sealed class ChromiumBrowser(ChromiumProcess process) : IAsyncDisposable
{
    /// <summary>Elements that are wider than the text make the picture wider, up to this; CSS pixels.</summary>
    private const int WidthMax = 1600;

    private const int HeightMin = 80;

    private static readonly TimeSpan ClosingPatience = TimeSpan.FromSeconds(2), AnswerPatience = TimeSpan.FromSeconds(2);

    public int ProcessId => process.Id;

    /// <summary>Whether it is there and well. Takes a millisecond when it is.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerPatience);
        try
        {
            await CallAsync("Browser.getVersion", null, null, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is DevToolsException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <param name="page">Makes the page, and makes it again when it has to be cut.</param>
    /// <param name="options">Scale and greatest height.</param>
    /// <param name="cancellation">The time limit.</param>
    /// <exception cref="DevToolsException">The browser has gone, or refused.</exception>
    public async Task<(byte[] Png, bool IsCut)> DrawAsync(Func<PageCut?, string> page, RenderOptions options, CancellationToken cancellation)
    {
        string context = await TextAsync("Target.createBrowserContext", null, null, "browserContextId", cancellation);
        try
        {
            string target = await TextAsync("Target.createTarget", null, json =>
            {
                json.WriteString("url", "about:blank");
                json.WriteString("browserContextId", context);
            }, "targetId", cancellation);
            string session = await TextAsync("Target.attachToTarget", null, json =>
            {
                json.WriteString("targetId", target);
                json.WriteBoolean("flatten", true);
            }, "sessionId", cancellation);
            return await DrawAsync(session, page, options, cancellation);
        }
        finally
        {
            await CloseAsync(context);
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private async Task<(byte[] Png, bool IsCut)> DrawAsync(string session, Func<PageCut?, string> page, RenderOptions options, CancellationToken cancellation)
    {
        await CallAsync("Inspector.enable", session, null, cancellation);
        await CallAsync("Emulation.setScriptExecutionDisabled", session, json => json.WriteBoolean("value", true), cancellation);
        await CallAsync("Fetch.enable", session, json =>
        {
            json.WriteStartArray("patterns");
            json.WriteStartObject();
            json.WriteString("urlPattern", "*");
            json.WriteEndObject();
            json.WriteEndArray();
        }, cancellation);
        await CallAsync("Emulation.setDeviceMetricsOverride", session, json =>
        {
            json.WriteNumber("width", MarkdownPage.Width);
            json.WriteNumber("height", HeightMin);
            json.WriteNumber("deviceScaleFactor", options.Scale);
            json.WriteBoolean("mobile", false);
        }, cancellation);

        JsonElement tree = await CallAsync("Page.getFrameTree", session, null, cancellation);
        string frame = tree.GetProperty("frameTree").GetProperty("frame").GetProperty("id").GetString() ?? "";
        (int width, int height) = await ShowAsync(session, frame, page(null), cancellation);
        bool isCut = height > options.HeightMax;
        if (isCut)
        {
            await ShowAsync(session, frame, page(new PageCut(options.HeightMax, height)), cancellation);
            height = options.HeightMax;
        }

        JsonElement shot = await CallAsync("Page.captureScreenshot", session, json =>
        {
            json.WriteString("format", "png");
            json.WriteBoolean("captureBeyondViewport", true);
            json.WriteStartObject("clip");
            json.WriteNumber("x", 0);
            json.WriteNumber("y", 0);
            json.WriteNumber("width", Math.Min(width, WidthMax));
            json.WriteNumber("height", height);
            json.WriteNumber("scale", 1);
            json.WriteEndObject();
        }, cancellation);
        return (shot.GetProperty("data").GetBytesFromBase64(), isCut);
    }

    private async Task<(int Width, int Height)> ShowAsync(string session, string frame, string html, CancellationToken cancellation)
    {
        await CallAsync("Page.setDocumentContent", session, json =>
        {
            json.WriteString("frameId", frame);
            json.WriteString("html", html);
        }, cancellation);
        JsonElement metrics = await CallAsync("Page.getLayoutMetrics", session, null, cancellation);
        JsonElement size = metrics.GetProperty("cssContentSize");
        int width = (int)Math.Ceiling(size.GetProperty("width").GetDouble()), height = (int)Math.Ceiling(size.GetProperty("height").GetDouble());
        return (width > MarkdownPage.Width ? width + MarkdownPage.Margin : MarkdownPage.Width, Math.Max(height, HeightMin));
    }

    private async Task CloseAsync(string context)
    {
        // A page that hangs is ended with the browser, by the one who owns it.
        using CancellationTokenSource limit = new(ClosingPatience);
        try
        {
            await CallAsync("Target.disposeBrowserContext", null, json => json.WriteString("browserContextId", context), limit.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or DevToolsException)
        {
            // Likewise.
        }
    }

    private async Task<string> TextAsync(string method, string? session, Action<Utf8JsonWriter>? parameters, string property, CancellationToken cancellation) =>
        (await CallAsync(method, session, parameters, cancellation)).GetProperty(property).GetString() ?? throw new DevToolsException($"{method} gave no {property}");

    private Task<JsonElement> CallAsync(string method, string? session, Action<Utf8JsonWriter>? parameters, CancellationToken cancellation) =>
        process.Pipe.CallAsync(method, session, parameters, cancellation);
}
