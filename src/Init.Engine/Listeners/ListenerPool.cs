using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Init.Config;

namespace Init.Engine.Listeners;

/// <summary>An event in a pool's buffer or in a listener's hands.</summary>
/// <param name="Event">The event.</param>
/// <param name="Serial">The same in each pool, unique among all events.</param>
/// <param name="PoolSerial">Unique in the pool; it tells the order in which the pool has taken its events.</param>
public sealed record PooledEvent(SupervisordEvent Event, long Serial, long PoolSerial);

/// <summary>
/// The events that wait for a free listener of one pool. It decides what is kept and in what order, and how an event is written; who is free is the business of
/// <see cref="ListenerPools"/>.
/// </summary>
public sealed class ListenerPool(EventListenerPool definition)
{
    private readonly List<PooledEvent> _buffer = [];
    private long _nextSerial;

    /// <summary>As it is configured now. What waits already is kept over a change.</summary>
    public EventListenerPool Definition { get; set; } = definition;

    public string Name => Definition.Name;

    public int Waiting => _buffer.Count;

    public bool Wants(string type) => Wants(Definition.Events, type);

    /// <summary>Takes an event. One that two of the pool's subscriptions stand for is taken once.</summary>
    /// <returns>The events that had to go to make room, the oldest first.</returns>
    public IReadOnlyList<PooledEvent> Accept(SupervisordEvent happening, long serial)
    {
        IReadOnlyList<PooledEvent> discarded = MakeRoom();
        _buffer.Add(new PooledEvent(happening, serial, _nextSerial++));
        return discarded;
    }

    /// <summary>An event that was given to a listener and not dealt with is the next to be given out.</summary>
    /// <returns>The events that had to go to make room.</returns>
    public IReadOnlyList<PooledEvent> PutBack(PooledEvent rejected)
    {
        IReadOnlyList<PooledEvent> discarded = MakeRoom();
        _buffer.Insert(0, rejected);
        return discarded;
    }

    /// <summary>The event whose turn it is; null = none. It stays in the buffer until <see cref="RemoveFirst"/>.</summary>
    public PooledEvent? First => _buffer.Count == 0 ? null : _buffer[0];

    public void RemoveFirst() => _buffer.RemoveAt(0);

    /// <summary>The header line and the body as a listener reads them. The length counts bytes.</summary>
    /// <param name="pooled">The event.</param>
    /// <param name="identifier">What this supervisor calls itself.</param>
    public byte[] Encode(PooledEvent pooled, string identifier)
    {
        byte[] body = Encoding.UTF8.GetBytes(pooled.Event.Body);
        string header = string.Create(
            CultureInfo.InvariantCulture,
            $"ver:3.0 server:{identifier} serial:{pooled.Serial} pool:{Name} poolserial:{pooled.PoolSerial} eventname:{pooled.Event.Type} len:{body.Length}\n");
        return [.. Encoding.UTF8.GetBytes(header), .. body];
    }

    internal static bool Wants(ImmutableArray<string> subscriptions, string type)
    {
        foreach (string subscription in subscriptions)
        {
            if (EventTypes.Includes(subscription, type))
                return true;
        }

        return false;
    }

    private List<PooledEvent> MakeRoom()
    {
        var discarded = new List<PooledEvent>();
        while (_buffer.Count > 0 && _buffer.Count >= Definition.BufferSize)
        {
            discarded.Add(_buffer[0]);
            _buffer.RemoveAt(0);
        }

        return discarded;
    }
}
