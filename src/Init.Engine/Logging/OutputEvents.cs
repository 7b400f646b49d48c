using System.Globalization;
using System.Text;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>One start of a program as the source of output events.</summary>
public sealed class OutputSource(string instance)
{
    public string Instance { get; } = instance;

    /// <summary>The main loop's alone: it is not known yet when the pipes are made.</summary>
    public int Pid { get; set; }
}

/// <summary>A piece of output that supervisord's event listeners may want.</summary>
/// <param name="Source">Whose.</param>
/// <param name="Stream">Which pipe it came over.</param>
/// <param name="IsCapture">True: what stood between the tags of a capture. False: output as it came.</param>
/// <param name="Text">The output; what is no UTF-8 is spelled out, as supervisord does.</param>
public readonly record struct OutputEvent(OutputSource Source, OutputStream Stream, bool IsCapture, string Text);

/// <summary>
/// The way of output events from the log thread to the main loop: bounded, so that a program that writes without end costs events and neither memory nor the main
/// loop's time.
/// </summary>
public sealed class OutputEventRelay
{
    /// <summary>Bytes on their way; what is more is dropped and counted.</summary>
    internal const int OnTheWayMax = 1 << 20;

    /// <summary>What an event costs beside its text.</summary>
    private const int EventCost = 256;

    /// <summary>One event has no more output than this, which is what supervisord reads at once.</summary>
    private const int PieceMax = 128 << 10;

    private readonly EventLoop _mainLoop;
    private readonly InitLog _log;
    private volatile bool _wantsLogs;
    private volatile bool _wantsCaptures;
    private long _dropped;
    private int _onTheWay;
    private bool _hasSaidDropping;

    internal OutputEventRelay(EventLoop mainLoop, InitLog log)
    {
        _mainLoop = mainLoop;
        _log = log;
    }

    /// <summary>Called on the main loop.</summary>
    public Action<OutputEvent>? Receive { get; set; }

    /// <summary>Whether anybody wants pieces of output.</summary>
    public bool WantsLogs
    {
        get => _wantsLogs;
        set => _wantsLogs = value;
    }

    /// <summary>Whether anybody wants captures.</summary>
    public bool WantsCaptures
    {
        get => _wantsCaptures;
        set => _wantsCaptures = value;
    }

    /// <summary>Events that were dropped since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>On the log thread: output as it came.</summary>
    internal void PublishOutput(OutputSource source, OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        for (; _wantsLogs && !bytes.IsEmpty; bytes = bytes[Math.Min(PieceMax, bytes.Length)..])
            Publish(source, stream, isCapture: false, bytes[..Math.Min(PieceMax, bytes.Length)]);
    }

    /// <summary>On the log thread: a capture has ended.</summary>
    internal void PublishCapture(OutputSource source, OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        if (_wantsCaptures)
            Publish(source, stream, isCapture: true, bytes);
    }

    private void Publish(OutputSource source, OutputStream stream, bool isCapture, ReadOnlySpan<byte> bytes)
    {
        int before = Volatile.Read(ref _onTheWay);
        int cost = bytes.Length + EventCost;
        if (before == 0)
        {
            // One alone always has room: a capture may be longer than all others together.
            _hasSaidDropping = false;
        }
        else if (before + cost > OnTheWayMax)
        {
            Volatile.Write(ref _dropped, _dropped + 1);
            if (!_hasSaidDropping)
                _log.OutputEventsDropped(source.Instance);
            _hasSaidDropping = true;
            return;
        }

        OutputEvent happening = new(source, stream, isCapture, Decode(bytes));
        Interlocked.Add(ref _onTheWay, cost);
        _mainLoop.Post(() =>
        {
            Interlocked.Add(ref _onTheWay, -cost);
            Receive?.Invoke(happening);
        });
    }

    /// <summary>Text, or, of what is no UTF-8, Python's notation of it: listeners read their stdin as text and would fall over anything else.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);

        char quote = bytes.Contains((byte)'\'') && !bytes.Contains((byte)'"') ? '"' : '\'';
        StringBuilder text = new("Undecodable: b");
        text.Append(quote);
        foreach (byte one in bytes)
        {
            _ = one switch
            {
                (byte)'\n' => text.Append("\\n"),
                (byte)'\r' => text.Append("\\r"),
                (byte)'\t' => text.Append("\\t"),
                (byte)'\\' => text.Append("\\\\"),
                _ when one == quote => text.Append('\\').Append(quote),
                < 0x20 or > 0x7E => text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}"),
                _ => text.Append((char)one),
            };
        }

        return text.Append(quote).ToString();
    }
}
