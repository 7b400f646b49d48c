using Init.Base;
using Init.Linux;

namespace Init.Engine;

/// <summary>
/// Gives memory back when work has come to rest: what reading the configuration and starting programs have left on the heap, and the pages of our own binary that they
/// have touched. Init lives for months on much less.
/// </summary>
internal sealed class MemoryTrim(EventLoop loop)
{
    /// <summary>Work that is further apart than this has come to rest in between.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <summary>A program that crashes every few seconds must not cost a collection each time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private LoopTimer? _timer;
    private Instant _lastWork;
    private Instant? _lastTrim;

    /// <summary>Call it whenever something has happened to programs. The first call after a rest sets a timer; the others cost nothing.</summary>
    public void NoteWork()
    {
        _lastWork = MonotonicClock.Now;
        _timer ??= loop.At(Due(), Fire);
    }

    private Instant Due()
    {
        Instant rested = _lastWork + Rest;
        return _lastTrim + Interval is { } next && next > rested ? next : rested;
    }

    private void Fire()
    {
        _timer = null;
        if (MonotonicClock.Now < _lastWork + Rest)
        {
            _timer = loop.At(Due(), Fire);
            return;
        }

        OwnMemory.Trim();
        _lastTrim = MonotonicClock.Now;
    }
}
