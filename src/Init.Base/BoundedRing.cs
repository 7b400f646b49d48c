using System.Collections;

namespace Init.Base;

/// <summary>Keeps the newest items up to a fixed capacity; an older item is dropped for each new one beyond it. Not thread-safe.</summary>
public sealed class BoundedRing<T>(int capacity) : IEnumerable<T>
{
    private readonly int _capacity = capacity > 0 ? capacity : throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "must be at least 1");
    private readonly Queue<T> _items = new();

    public int Count => _items.Count;

    /// <summary>How many items have been dropped for newer ones since the start.</summary>
    public long Dropped { get; private set; }

    public void Add(T item)
    {
        if (_items.Count == _capacity)
        {
            _items.Dequeue();
            Dropped++;
        }

        _items.Enqueue(item);
    }

    /// <summary>Forgets all items; none of them counts as dropped.</summary>
    public void Clear() => _items.Clear();

    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
