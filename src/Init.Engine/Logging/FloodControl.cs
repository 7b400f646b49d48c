using Init.Base;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// Makes a flood of small writes cheap. A reader that wakes up for every line costs a context switch per line, for itself and for the writer. So in a flood the
/// log thread takes a short rest between two passes, while the output gathers in the pipe; a busy pipe is enlarged, so that its writer need not wait
/// during that rest; and it is read in every pass without being watched, for each write to a pipe that is watched calls epoll, which makes small writes
/// a fifth slower (pipe_write in Linux 5.14 and later, poll_usage).
/// </summary>
/// <remarks>
/// Only busy pipes are enlarged, and few: the pages of all of a user's pipes count against one limit (pipe(7), pipe-user-pages-soft, 64 MiB), and beyond it
/// every new pipe of that user, also in our children, gets two pages.
/// </remarks>
internal sealed class FloodControl
{
    /// <summary>A pass that begins this soon after the one before belongs to the same flood.</summary>
    private static readonly TimeSpan ShortGap = TimeSpan.FromMicroseconds(250);

    /// <summary>Passes in a row that make a flood.</summary>
    private const int FloodAfter = 4;

    private const int LargePipesMax = 16;

    /// <summary>Reads in a row that found nothing, about so many milliseconds, after which a pipe is watched again.</summary>
    private const int EmptyReadsMax = 8;

    /// <summary>How long to read without rests when a small pipe was found full: its writer had to wait for us.</summary>
    private static readonly TimeSpan NoRestAfterFull = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(1);

    private int _passesInRow, _largePipes;
    private bool _hasRead, _mayRest = true;
    private Instant _lastPassEnded, _noRestBefore;

    private bool IsFlood => _passesInRow >= FloodAfter;

    /// <summary>How long the loop may sleep while pipes are in a flood: not longer than to the next reading of these.</summary>
    public Instant NextReading(Instant now) => now < _noRestBefore ? now + Rest : now;

    public void HasRead(OutputPipe pipe, int bytes, Instant now)
    {
        _hasRead = true;
        pipe.BusyReads = IsFlood && bytes > 0 ? pipe.BusyReads + 1 : 0;
        pipe.EmptyReads = bytes > 0 ? 0 : pipe.EmptyReads + 1;
        bool isFull = bytes >= pipe.Capacity / 2;
        if (isFull)
            _mayRest = false;

        if (pipe.Capacity >= OutputPipe.LargeCapacity)
        {
            pipe.IsInFlood = pipe.IsInFlood ? pipe.EmptyReads < EmptyReadsMax : pipe.BusyReads >= FloodAfter;
            return;
        }

        if ((isFull || pipe.BusyReads >= FloodAfter) && _largePipes < LargePipesMax && Pipes.SetCapacity(pipe.Fd, OutputPipe.LargeCapacity) == 0)
        {
            pipe.Capacity = OutputPipe.LargeCapacity;
            _largePipes++;
        }
        else if (isFull)
        {
            _noRestBefore = now + NoRestAfterFull;
        }
    }

    public void HasClosed(OutputPipe pipe)
    {
        if (pipe.Capacity >= OutputPipe.LargeCapacity)
            _largePipes--;
    }

    /// <summary>At the end of each pass of the log thread's loop.</summary>
    public void AfterPass(Instant passBegan)
    {
        if (!_hasRead)
            return;

        Instant now = MonotonicClock.Now;
        _passesInRow = passBegan - _lastPassEnded < ShortGap ? _passesInRow + 1 : 0;
        if (IsFlood && _mayRest && now >= _noRestBefore)
            Thread.Sleep(Rest);

        _lastPassEnded = MonotonicClock.Now;
        (_hasRead, _mayRest) = (false, true);
    }
}
