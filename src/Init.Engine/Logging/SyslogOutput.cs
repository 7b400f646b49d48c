using System.Text;
using Init.Base;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// Lines of programs for the system's logger, as supervisord's syslog option sends them: to /dev/log (RFC 3164), each "PROCESS line", facility user, severity info.
/// A logger that is not there or does not keep up costs lines, never time.
/// </summary>
internal sealed class SyslogOutput(InitLog log, string address = "/dev/log")
{
    /// <summary>What RFC 3164 lets a logger count on, less than which nobody takes: longer lines are cut.</summary>
    public const int LineMax = 8 << 10;

    private const string Priority = "<14>", Tag = "supervisord: ";

    /// <summary>The pause before a logger that was not there is tried again.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    private bool _isMissing;
    private Instant _nextTry;

    /// <param name="process">supervisord's name of the process.</param>
    /// <param name="lines">The last one may lack its newline.</param>
    public void Send(string process, ReadOnlySpan<byte> lines, Instant now)
    {
        if (_isMissing && now < _nextTry)
            return;

        byte[] head = Encoding.UTF8.GetBytes($"{Priority}{Tag}{process} ");
        Span<byte> message = new byte[head.Length + LineMax];
        head.CopyTo(message);
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
            line = line[..Math.Min(line.Length, LineMax)];
            line.CopyTo(message[head.Length..]);
            IoResult sent = UnixSockets.SendDatagram(address, message[..(head.Length + line.Length)]);
            if (sent.Succeeded)
            {
                _isMissing = false;
                continue;
            }

            if (sent.WouldBlock)
                return; // It does not keep up.

            if (!_isMissing)
                log.CannotReachSyslog(address, sent.Errno);
            (_isMissing, _nextTry) = (true, now + RetryAfter);
            return;
        }
    }
}
