using Init.Base;

namespace Init.Linux;

/// <summary>One action at one time, set by <see cref="EventLoop.At"/> or <see cref="EventLoop.After"/>.</summary>
public sealed class LoopTimer
{
    private readonly TimerHeap _heap;
    private Action? _action;

    internal LoopTimer(TimerHeap heap, Instant due, Action action)
    {
        _heap = heap;
        _action = action;
        Due = due;
    }

    public Instant Due { get; }

    /// <summary>False once it has fired or was cancelled.</summary>
    public bool IsPending => Index >= 0;

    /// <summary>Place in the heap; -1 = not in it.</summary>
    internal int Index { get; set; } = -1;

    internal long Sequence { get; set; }

    /// <summary>It will not fire. Cancelling one that has fired, or twice, does nothing.</summary>
    public void Cancel()
    {
        if (Index >= 0)
            _heap.Remove(this);
        _action = null;
    }

    internal void Fire()
    {
        Action? action = _action;
        _action = null;
        action?.Invoke();
    }
}

/// <summary>A binary heap by due time, then by order of setting. Each timer knows its place, so that a cancelled one leaves at once and can neither wake the loop nor pile up.</summary>
internal sealed class TimerHeap
{
    private readonly List<LoopTimer> _heap = [];

    public int Count => _heap.Count;

    public Instant EarliestDue => _heap.Count == 0 ? Instant.Never : _heap[0].Due;

    /// <summary>The number of the timer that was added last.</summary>
    public long NewestSequence { get; private set; }

    public void Add(LoopTimer timer)
    {
        timer.Sequence = ++NewestSequence;
        timer.Index = _heap.Count;
        _heap.Add(timer);
        MoveUp(timer);
    }

    /// <summary>Takes the first timer that is due, unless it was added after number <paramref name="newest"/>.</summary>
    public LoopTimer? TakeDue(Instant now, long newest)
    {
        if (_heap.Count == 0 || _heap[0].Due > now || _heap[0].Sequence > newest)
            return null;

        LoopTimer first = _heap[0];
        Remove(first);
        return first;
    }

    public void Remove(LoopTimer timer)
    {
        int index = timer.Index;
        LoopTimer last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        timer.Index = -1;
        if (ReferenceEquals(last, timer))
            return;

        Put(last, index);
        MoveUp(last);
        MoveDown(last);
    }

    private void MoveUp(LoopTimer timer)
    {
        int index = timer.Index;
        while (index > 0 && IsBefore(timer, _heap[(index - 1) / 2]))
        {
            Put(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Put(timer, index);
    }

    private void MoveDown(LoopTimer timer)
    {
        int index = timer.Index;
        while ((index * 2) + 1 < _heap.Count)
        {
            int child = (index * 2) + 1;
            if (child + 1 < _heap.Count && IsBefore(_heap[child + 1], _heap[child]))
                child++;

            if (!IsBefore(_heap[child], timer))
                break;

            Put(_heap[child], index);
            index = child;
        }

        Put(timer, index);
    }

    private void Put(LoopTimer timer, int index)
    {
        _heap[index] = timer;
        timer.Index = index;
    }

    private static bool IsBefore(LoopTimer left, LoopTimer right) =>
        left.Due < right.Due || (left.Due == right.Due && left.Sequence < right.Sequence);
}
