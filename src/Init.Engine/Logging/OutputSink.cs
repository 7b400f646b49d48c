using System.Text;
using Init.Base;
using Init.Config;

namespace Init.Engine.Logging;

/// <summary>
/// Where one stream of one program goes: file, mirror, followers, watches. It outlives the program's processes, so that output of an old process's
/// leftovers and of its replacement come together here.
/// </summary>
internal sealed class OutputSink(string instance, OutputStream stream, LogCounters counters, MirrorSource mirrorSource)
{
    /// <summary>What is remembered of the output of a program that has no file.</summary>
    private const int RecentMax = 16 << 10;

    private char[] _characters = [];
    private RecentBytes? _recent;

    public string Instance { get; } = instance;

    public OutputStream Stream { get; } = stream;

    public LogCounters Counters { get; } = counters;

    public MirrorSource MirrorSource { get; } = mirrorSource;

    public LogSpec Spec { get; set; } = new(null, default, 0, Mirror: false);

    public LogFile? File { get; set; }

    /// <summary>Where lines go as they are, for a log file that is Init's own stdout or stderr; null = nowhere.</summary>
    public Mirror? PassThrough { get; set; }

    /// <summary>Where lines become lines of Init's own log; null = nowhere.</summary>
    public OwnLogLines? OwnLog { get; set; }

    public SyslogOutput? Syslog { get; set; }

    /// <summary>What syslog is told of who speaks.</summary>
    public string Process => Instance[(Instance.IndexOf(':') + 1)..];

    public List<LogSubscription> Followers { get; } = [];

    public List<LogWatch> Watches { get; } = [];

    public int OpenPipes { get; set; }

    /// <summary>What is remembered when there is no file to read it back from.</summary>
    public ReadOnlyMemory<byte> Recent => _recent?.ToArray() ?? ReadOnlyMemory<byte>.Empty;

    /// <summary>Whether nobody else writes to where this sink's only pipe writes, so that half a line in the file does no harm.</summary>
    public bool HasOneWriter => OpenPipes <= 1 && File is not { Users: > 1 };

    /// <summary>Keeps bytes for good: in the file, or a little of them in memory; and passes them to those who follow.</summary>
    public void Record(LineWriter writer, ReadOnlySpan<byte> bytes, Instant now)
    {
        if (File is not null)
            File.Append(writer, bytes, now);
        else
            (_recent ??= new RecentBytes(RecentMax)).Add(bytes);

        for (int i = Followers.Count - 1; i >= 0; i--)
        {
            if (Followers[i].IsCancelled)
                Followers.RemoveAt(i);
            else
                Followers[i].Publish(bytes);
        }
    }

    public void Forget() => _recent = null;

    /// <summary>Tries the lines on each watch that waits for this pipe's output, and ends those that have found what they waited for.</summary>
    public void Match(long attachNumber, ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty && Watches.Count > 0)
        {
            int end = lines.IndexOf((byte)'\n');
            MatchLine(attachNumber, end < 0 ? lines : lines[..end]);
            lines = end < 0 ? default : lines[(end + 1)..];
        }
    }

    private void MatchLine(long attachNumber, ReadOnlySpan<byte> line)
    {
        line = line[..Math.Min(line.Length, OutputPipe.LineMax)];
        if (!line.IsEmpty && line[^1] == '\r')
            line = line[..^1];
        if (_characters.Length < line.Length)
            _characters = new char[Math.Min(OutputPipe.LineMax, Math.Max(512, line.Length * 2))];

        Span<char> text = _characters.AsSpan(0, Encoding.UTF8.GetChars(line, _characters));
        foreach (LogWatch watch in Watches)
        {
            if (watch.AppliesTo(attachNumber) && watch.Matches(text))
                watch.Complete(text.ToString());
        }

        ForgetFinishedWatches();
    }

    public void ForgetFinishedWatches()
    {
        Watches.RemoveAll(static watch => watch.IsOver);
        if (Watches.Count == 0)
            _characters = [];
    }
}

/// <summary>The newest bytes, up to a fixed number of them.</summary>
internal sealed class RecentBytes(int capacity)
{
    private byte[] _bytes = [];
    private int _start, _count;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > capacity)
            bytes = bytes[^capacity..];
        if (_bytes.Length < capacity && _count + bytes.Length > _bytes.Length)
            Grow(_count + bytes.Length);

        int overflow = Math.Max(0, _count + bytes.Length - _bytes.Length);
        _start = (_start + overflow) % Math.Max(1, _bytes.Length);
        _count -= overflow;

        int at = (_start + _count) % Math.Max(1, _bytes.Length);
        int first = Math.Min(bytes.Length, _bytes.Length - at);
        bytes[..first].CopyTo(_bytes.AsSpan(at));
        bytes[first..].CopyTo(_bytes);
        _count += bytes.Length;
    }

    public byte[] ToArray()
    {
        byte[] copy = new byte[_count];
        int first = Math.Min(_count, _bytes.Length - _start);
        _bytes.AsSpan(_start, first).CopyTo(copy);
        _bytes.AsSpan(0, _count - first).CopyTo(copy.AsSpan(first));
        return copy;
    }

    private void Grow(int needed)
    {
        byte[] grown = new byte[Math.Min(capacity, Math.Max(needed, Math.Max(256, _bytes.Length * 2)))];
        ToArray().CopyTo(grown, 0);
        (_bytes, _start) = (grown, 0);
    }
}
