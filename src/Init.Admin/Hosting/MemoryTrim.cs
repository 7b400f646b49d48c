using Init.Linux;

namespace Init.Admin.Hosting;

/// <summary>
/// Gives memory back when the role has come to rest: what handshakes and requests have left on the heap, and the pages of our own binary. Thousands of WebSockets may say
/// nothing for hours, and without an allocation nothing is ever collected. A collection stops everything for as long as it takes, so there is none while requests come.
/// </summary>
public sealed class MemoryTrim : IDisposable
{
    /// <summary>Requests that are further apart than this have come to rest in between.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    /// <summary>A health check every few seconds must not cost a collection each time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly Action _trim;
    private readonly ITimer _timer;
    private volatile bool _hasWorked;
    private int _isArmed;
    private long? _lastTrim;

    public MemoryTrim()
        : this(TimeProvider.System, OwnMemory.Trim)
    {
    }

    internal MemoryTrim(TimeProvider time, Action trim)
    {
        _time = time;
        _trim = trim;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Call it for every connection and request. Only the first one after a rest sets the timer: an idle role has none.</summary>
    public void NoteWork()
    {
        if (!_hasWorked)
            _hasWorked = true;
        if (Volatile.Read(ref _isArmed) == 0 && Interlocked.Exchange(ref _isArmed, 1) == 0)
            _ = _timer.Change(Rest, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        TimeSpan wait = _lastTrim is { } last ? Interval - _time.GetElapsedTime(last) : TimeSpan.Zero;
        if (_hasWorked || wait > TimeSpan.Zero)
        {
            _hasWorked = false;
            _ = _timer.Change(wait > Rest ? wait : Rest, Timeout.InfiniteTimeSpan);
            return;
        }

        _trim();
        _lastTrim = _time.GetTimestamp();
        Volatile.Write(ref _isArmed, 0);
    }
}
