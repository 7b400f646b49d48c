namespace Init.Engine.Logging;

public enum LogLevel
{
    Debug,
    Information,
    Warning,
    Error,
    Critical,
}

/// <summary>A named value of a log line; JSON lines carry it as a property. One property has one name everywhere ("program", "pid", "code").</summary>
public readonly record struct LogField(string Name, string Value);

/// <summary>
/// Init's own log. <see cref="Write"/> only puts the line into a bounded queue, so it can be called from any thread and never waits; the log thread
/// writes it to stdout and to init.log. What to say is in <see cref="Messages"/>.
/// </summary>
public sealed class InitLog
{
    /// <summary>Lines that wait for the log thread. It is a few microseconds behind, unless a disk hangs; what does not fit is dropped and counted.</summary>
    internal const int QueuedMax = 4096;

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly LogLevel _minimum;
    private readonly Action _wake;
    private List<InitLogEntry> _queued = [];
    private List<InitLogEntry> _inHand = [];
    private long _dropped;

    /// <param name="wake">Called, from any thread, when the queue was empty and is no longer.</param>
    internal InitLog(TimeProvider clock, LogLevel minimum, Action wake)
    {
        _clock = clock;
        _minimum = minimum;
        _wake = wake;
    }

    internal bool HasQueued
    {
        get
        {
            lock (_lock)
                return _queued.Count > 0;
        }
    }

    public bool IsEnabled(LogLevel level) => level >= _minimum;

    /// <param name="level">Information is for what an operator would tell a colleague; a warning needs a next step.</param>
    /// <param name="eventName">A short constant name, such as "program.phase", by which machines find the line.</param>
    /// <param name="text">The whole message for people; it repeats what is in <paramref name="fields"/> where that reads well.</param>
    /// <param name="fields">What machines may want of it.</param>
    public void Write(LogLevel level, string eventName, string text, params ReadOnlySpan<LogField> fields)
    {
        if (!IsEnabled(level))
            return;

        InitLogEntry entry = new(_clock.GetUtcNow(), level, eventName, text, fields.IsEmpty ? [] : fields.ToArray());
        bool isFirst;
        lock (_lock)
        {
            if (_queued.Count >= QueuedMax)
            {
                _dropped++;
                return;
            }

            isFirst = _queued.Count == 0;
            _queued.Add(entry);
        }

        if (isFirst)
            _wake();
    }

    /// <summary>For the log thread: all that waits, in order. The list is valid until the next call.</summary>
    internal List<InitLogEntry> Take()
    {
        _inHand.Clear();
        lock (_lock)
        {
            (_queued, _inHand) = (_inHand, _queued);
            if (_dropped > 0)
            {
                _inHand.Add(new InitLogEntry(
                    _clock.GetUtcNow(), LogLevel.Warning, "log.dropped", $"{_dropped} messages of Init's own were dropped: the log thread was held up", []));
                _dropped = 0;
            }
        }

        return _inHand;
    }
}

internal readonly record struct InitLogEntry(DateTimeOffset Time, LogLevel Level, string EventName, string Text, LogField[] Fields);
