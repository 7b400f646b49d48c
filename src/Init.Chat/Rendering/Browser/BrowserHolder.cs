namespace Init.Chat.Rendering.Browser;

/// <summary>
/// Holds the browser: started when it is needed, ended when nobody has needed it for a while, replaced when it has died, hangs, or has drawn many pages. A browser at rest takes hundreds of megabytes.
/// </summary>
/// <param name="start">Starts one.</param>
/// <param name="idleMax">How long it may have nothing to do.</param>
/// <param name="clock">For that.</param>
internal sealed class BrowserHolder(Func<CancellationToken, Task<ChromiumBrowser>> start, TimeSpan idleMax, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>It grows with time.</summary>
    private const int PagesMax = 300;

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly Lock _lock = new();
    private Held? _held;
    private ITimer? _idle;
    private bool _isDisposed;

    /// <summary>The process; null: none runs.</summary>
    public int? ProcessId
    {
        get
        {
            lock (_lock)
                return _held?.Browser.ProcessId;
        }
    }

    /// <summary>To be given back by <see cref="ReturnAsync"/>.</summary>
    public async Task<Held> TakeAsync(CancellationToken cancellation)
    {
        await _starting.WaitAsync(cancellation);
        try
        {
            Held? known, old = null;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                known = _held is { Pages: < PagesMax } held ? held : null;
                if (known is null)
                    old = Retire();
                else
                    (known.Users, known.Pages) = (known.Users + 1, known.Pages + 1);
            }

            if (known is not null && await IsWellAsync(known, cancellation))
                return known;
            if (old is not null)
                await old.Browser.DisposeAsync();
            Held fresh = new(await start(cancellation)) { Users = 1, Pages = 1 };
            lock (_lock)
            {
                fresh.IsRetired = _isDisposed;
                _held = _isDisposed ? null : fresh;
            }

            return fresh;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <param name="held">That was taken.</param>
    /// <param name="isSpoilt">It is to be used no more.</param>
    public async Task ReturnAsync(Held held, bool isSpoilt)
    {
        bool isLast;
        lock (_lock)
        {
            held.Users--;
            held.IsRetired |= isSpoilt || _isDisposed;
            if (held.IsRetired && _held == held)
                _held = null;
            isLast = held.IsRetired && held.Users == 0;
            if (held is { IsRetired: false, Users: 0 })
            {
                _idle?.Dispose();
                _idle = clock.CreateTimer(_ => EndIdle(held, held.Pages), null, idleMax, Timeout.InfiniteTimeSpan);
            }
        }

        if (isLast)
            await held.Browser.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Held? old;
        lock (_lock)
        {
            _isDisposed = true;
            _idle?.Dispose();
            old = Retire();
        }

        if (old is not null)
            await old.Browser.DisposeAsync();
    }

    /// <summary>It may have died while it had nothing to do; nobody's picture is to fail for that. One that is not well is given back.</summary>
    private async Task<bool> IsWellAsync(Held held, CancellationToken cancellation)
    {
        bool isWell = false;
        try
        {
            return isWell = await held.Browser.AnswersAsync(cancellation);
        }
        finally
        {
            if (!isWell)
                await ReturnAsync(held, isSpoilt: !cancellation.IsCancellationRequested);
        }
    }

    /// <returns>What the caller is to end; those who use it end it otherwise.</returns>
    private Held? Retire()
    {
        Held? held = _held;
        _held = null;
        if (held is null)
            return null;
        held.IsRetired = true;
        return held.Users == 0 ? held : null;
    }

    private void EndIdle(Held held, int pages)
    {
        lock (_lock)
        {
            // It may have been taken again meanwhile.
            if (_held != held || held.Users > 0 || held.Pages != pages)
                return;
            Retire();
        }

        _ = held.Browser.DisposeAsync().AsTask();
    }

    internal sealed class Held(ChromiumBrowser browser)
    {
        public ChromiumBrowser Browser => browser;

        public int Users { get; set; }

        public int Pages { get; set; }

        public bool IsRetired { get; set; }
    }
}
