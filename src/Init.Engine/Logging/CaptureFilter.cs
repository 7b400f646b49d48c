namespace Init.Engine.Logging;

/// <summary>What comes out of a <see cref="CaptureFilter"/>, in its order.</summary>
internal interface ICaptureTarget
{
    /// <summary>Output that belongs into the log.</summary>
    void TakeOutput(ReadOnlySpan<byte> bytes);

    /// <summary>A piece of a capture that is still open.</summary>
    void TakeCaptured(ReadOnlySpan<byte> bytes);

    /// <summary>The tag that ends a capture has come.</summary>
    /// <param name="capture">What stood between the tags, or the last of it.</param>
    void EndCapture(ReadOnlySpan<byte> capture);
}

/// <summary>
/// Takes what stands between supervisord's tags, and the tags, out of one process's output. A tag may come in any number of pieces; only what may be the beginning of
/// one is held back.
/// </summary>
internal sealed class CaptureFilter
{
    /// <summary>The longest piece of a tag that can be held back.</summary>
    public const int HeldMax = 23;

    private byte[] _capture = [];
    private byte[] _held = [];
    private int _captured;
    private bool _isCapturing;

    private static ReadOnlySpan<byte> BeginTag => "<!--XSUPERVISOR:BEGIN-->"u8;

    private static ReadOnlySpan<byte> EndTag => "<!--XSUPERVISOR:END-->"u8;

    /// <summary>Whether there is anything of an earlier piece that is not dealt with.</summary>
    public bool IsIdle => !_isCapturing && _held.Length == 0;

    /// <param name="bytes">What was read.</param>
    /// <param name="captureMax">How many bytes of a capture are kept: the last ones. Of more, the beginning is lost, as in supervisord.</param>
    /// <param name="target">Takes what comes out.</param>
    public void Take(ReadOnlySpan<byte> bytes, int captureMax, ICaptureTarget target)
    {
        byte[]? joined = _held.Length == 0 ? null : [.. _held, .. bytes];
        _held = [];
        ReadOnlySpan<byte> rest = joined ?? bytes;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> tag = _isCapturing ? EndTag : BeginTag;
            int at = rest.IndexOf(tag);
            if (at < 0)
            {
                int held = PrefixAtEnd(rest, tag);
                Pass(rest[..^held], captureMax, target);
                _held = rest[^held..].ToArray();
                return;
            }

            Pass(rest[..at], captureMax, target);
            if (_isCapturing)
            {
                target.EndCapture(_capture.AsSpan(0, _captured));
                (_capture, _captured) = ([], 0);
            }

            _isCapturing = !_isCapturing;
            rest = rest[(at + tag.Length)..];
        }
    }

    /// <summary>The process has ended: what looked like the beginning of a tag was none. A capture that was not ended is lost, as in supervisord.</summary>
    public void Finish(ICaptureTarget target)
    {
        if (!_isCapturing && _held.Length > 0)
            target.TakeOutput(_held);
        _held = [];
    }

    private void Pass(ReadOnlySpan<byte> bytes, int captureMax, ICaptureTarget target)
    {
        if (bytes.IsEmpty)
            return;

        if (!_isCapturing)
        {
            target.TakeOutput(bytes);
            return;
        }

        target.TakeCaptured(bytes);
        ReadOnlySpan<byte> kept = bytes.Length > captureMax ? bytes[^captureMax..] : bytes;
        int overflow = Math.Max(0, _captured + kept.Length - captureMax);
        _capture.AsSpan(overflow, _captured - overflow).CopyTo(_capture);
        _captured -= overflow;
        if (_capture.Length < _captured + kept.Length)
            Array.Resize(ref _capture, Math.Min(captureMax, Math.Max(_captured + kept.Length, _capture.Length * 2)));
        kept.CopyTo(_capture.AsSpan(_captured));
        _captured += kept.Length;
    }

    private static int PrefixAtEnd(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> tag)
    {
        int length = Math.Min(tag.Length - 1, bytes.Length);
        while (length > 0 && !bytes[^length..].SequenceEqual(tag[..length]))
            length--;
        return length;
    }
}
