using Init.Base;

namespace Init.Linux;

/// <summary>
/// Gives memory back when work has come to rest: what it has left on the heap, and the pages of our own binary that it has touched. A process that waits for most of its life
/// lives on much less.
/// </summary>
/// <param name="loop">On whose thread everything happens.</param>
/// <param name="interval">Between two: work that comes every few seconds must not cost a collection each time.</param>
public sealed class RestingTrim(EventLoop loop, TimeSpan interval)
{
    /// <summary>Work that is further apart than this has come to rest in between.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private LoopTimer? _timer;
    private Instant _lastWork;
    private Instant? _lastTrim;

    /// <summary>Call it whenever there has been work. The first call after a rest sets a timer; the others cost nothing.</summary>
    public void NoteWork()
    {
        _lastWork = MonotonicClock.Now;
        _timer ??= loop.At(Due(), Fire);
    }

    private Instant Due()
    {
        Instant rested = _lastWork + Rest;
        return _lastTrim + interval is { } next && next > rested ? next : rested;
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
