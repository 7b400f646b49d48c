using System.Diagnostics;
using System.Text.Json;
using Init.Chat.Rendering.Browser;
using Init.Chat.Rendering.Page;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Rendering;

/// <summary>Markdown → page → picture → file.</summary>
public sealed class PictureRenderer : IRenderer
{
    // A younger picture may expire before the oldest one.
    private static readonly TimeSpan SweepMin = TimeSpan.FromSeconds(1), SweepMax = TimeSpan.FromSeconds(20);

    private readonly RenderOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly RenderFiles _files;
    private readonly BrowserHolder _browsers;
    private readonly SemaphoreSlim _turns;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _sweepLock = new();
    private Task? _sweeping;
    private int _waiting;

    /// <param name="options">What is made and how.</param>
    /// <param name="logger">For what an operator should know.</param>
    /// <param name="clock">Null: the system's.</param>
    public PictureRenderer(RenderOptions options, ILogger logger, TimeProvider? clock = null)
    {
        _options = options;
        _logger = logger;
        _clock = clock ?? TimeProvider.System;
        _files = new RenderFiles(options.Directory, options.BytesMax, _clock);
        _browsers = new BrowserHolder(new BrowserStart(options, logger).StartAsync, options.IdleMax, _clock);
        _turns = new SemaphoreSlim(options.ParallelMax, options.ParallelMax);

        // What a process that was killed has left.
        Profiles.Sweep(isStart: true);
        if (Directory.Exists(options.Directory))
            KeepSweeping();
    }

    /// <summary>The browser's process; null: none runs just now.</summary>
    internal int? BrowserId => _browsers.ProcessId;

    public async Task<RenderedPicture> RenderAsync(RenderRequest request, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        int characters = request.Content.Length + request.Reasoning.Length;
        if (characters > _options.CharactersMax)
            throw new RenderException(413, "render_too_large", $"cannot render {characters} characters: at most {_options.CharactersMax} are rendered");
        RenderStyle style = RenderStyle.Find(request.Style) ?? RenderStyle.Find(_options.DefaultStyle) ?? RenderStyle.All[0];
        TimeSpan kept = request.Kept ?? _options.Kept;
        kept = kept < RenderOptions.KeptMin ? RenderOptions.KeptMin : kept > RenderOptions.KeptMax ? RenderOptions.KeptMax : kept;

        await WaitForTurnAsync(cancellation);
        try
        {
            _files.Prepare();
            (byte[] png, bool isCut) = await DrawAsync(request, style, cancellation);
            (string id, string path) = _files.Write(png, kept);
            KeepSweeping();
            return new RenderedPicture(id, path, png.Length, style.Name, kept, _clock.GetUtcNow(), Stopwatch.GetElapsedTime(begin), isCut);
        }
        finally
        {
            _turns.Release();
        }
    }

    public string? Find(string fileId) => _files.Find(fileId);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _browsers.DisposeAsync();
        if (_sweeping is { } sweeping)
            await sweeping;
    }

    private async Task WaitForTurnAsync(CancellationToken cancellation)
    {
        if (_turns.Wait(0, CancellationToken.None))
            return;
        if (Interlocked.Increment(ref _waiting) > _options.WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            throw new RenderException(429, "render_busy", $"cannot render just now: {_options.WaitingMax} pictures wait for their turn already");
        }

        try
        {
            await _turns.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<(byte[] Png, bool IsCut)> DrawAsync(RenderRequest request, RenderStyle style, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        limit.CancelAfter(_options.Patience);
        BrowserHolder.Held? held = null;
        bool isSpoilt = true;
        try
        {
            held = await _browsers.TakeAsync(limit.Token);
            (byte[], bool) picture = await held.Browser.DrawAsync(cut => Build(request, style, cut), _options, limit.Token);
            isSpoilt = false;
            return picture;
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new RenderException(504, "render_timeout", $"cannot render within {_options.Patience.TotalSeconds:0} s: the text is too intricate, or the machine too busy", exception);
        }
        catch (RenderException exception) when (exception.Status == 413)
        {
            isSpoilt = false;
            throw;
        }
        catch (Exception exception) when (exception is DevToolsException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            _logger.BrowserEnded(exception.Message);
            throw new RenderException(500, "render_failed", $"cannot render: {exception.Message}; the next picture gets a new browser", exception);
        }
        finally
        {
            if (held is not null)
                await _browsers.ReturnAsync(held, isSpoilt);
        }
    }

    private string Build(RenderRequest request, RenderStyle style, PageCut? cut)
    {
        string page = MarkdownPage.Build(request.Content, request.Reasoning, style, cut);
        return page.Length <= _options.PageCharactersMax
            ? page
            : throw new RenderException(413, "render_too_large", $"cannot render a page of {page.Length} characters, which is what the text becomes: at most {_options.PageCharactersMax} are rendered");
    }

    /// <summary>Runs only while there are pictures: a role at rest does not wake up.</summary>
    private void KeepSweeping()
    {
        lock (_sweepLock)
        {
            if (_sweeping is null or { IsCompleted: true })
                _sweeping = Task.Run(SweepAsync);
        }
    }

    private async Task SweepAsync()
    {
        try
        {
            while (Next() is { } next)
            {
                TimeSpan wait = next - _clock.GetUtcNow();
                await Task.Delay(wait < SweepMin ? SweepMin : wait > SweepMax ? SweepMax : wait, _clock, _ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.SweepFailed(exception.Message);
        }
    }

    // Under the lock, or a picture that was written just now would be left to nobody.
    private DateTimeOffset? Next()
    {
        lock (_sweepLock)
        {
            DateTimeOffset? next = _files.Sweep();
            if (next is null)
                _sweeping = null;
            return next;
        }
    }
}
