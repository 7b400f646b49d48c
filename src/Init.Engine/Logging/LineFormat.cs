using System.Text;
using Init.Config;

namespace Init.Engine.Logging;

/// <summary>How one program's stream looks on Init's stdout: what stands before and after each line. The timestamp is put in per batch of lines.</summary>
internal sealed class LineFormat
{
    private readonly bool _isJson;
    private readonly byte[] _before;
    private readonly byte[] _after;
    private readonly int _timeAt;

    public LineFormat(LogFormat format, string instance, OutputStream stream)
    {
        _isJson = format == LogFormat.Json;
        string time = new('0', Timestamp.Length);
        if (_isJson)
        {
            const string Opening = "{\"time\":\"";
            _timeAt = Opening.Length;
            _before =
            [
                .. Encoding.UTF8.GetBytes(Opening + time + "\",\"program\":\""),
                .. JsonText.Of(instance),
                .. Encoding.UTF8.GetBytes($"\",\"stream\":\"{Messages.NameOf(stream)}\",\"message\":\""),
            ];
            _after = "\"}\n"u8.ToArray();
        }
        else
        {
            // A bar for stdout, an exclamation mark for stderr: one character, at the same place.
            _before = Encoding.UTF8.GetBytes($"{time} {instance} {(stream == OutputStream.Stderr ? '!' : '|')} ");
            _after = "\n"u8.ToArray();
        }
    }

    /// <summary>What <see cref="Write"/> adds to a line, newline included, and how much it may stretch it.</summary>
    public int MostBytesFor(int lineBytes) => _before.Length + _after.Length + (_isJson ? lineBytes * JsonText.LongestEscape : lineBytes);

    public void SetTime(ReadOnlySpan<byte> timestamp) => timestamp.CopyTo(_before.AsSpan(_timeAt));

    /// <summary>Writes one line, whose newline (and a carriage return before it) is not part of <paramref name="line"/>.</summary>
    public int Write(ReadOnlySpan<byte> line, Span<byte> target)
    {
        _before.CopyTo(target);
        int written = _before.Length;
        if (_isJson)
        {
            written += JsonText.Write(line, target[written..]);
        }
        else
        {
            line.CopyTo(target[written..]);
            written += line.Length;
        }

        _after.CopyTo(target[written..]);
        return written + _after.Length;
    }
}
