using System.Buffers;
using Init.Config;

namespace Init.Engine.Logging;

/// <summary>Looks at what one process writes, before it is logged: makes output events of it, and takes captures out.</summary>
internal sealed class OutputInspector(OutputSource source, OutputSink sink, OutputEventRelay relay) : ICaptureTarget
{
    private CaptureFilter? _filter;
    private byte[] _kept = [];
    private int _keptLength;

    /// <summary>Looks at the first <paramref name="count"/> bytes of <paramref name="buffer"/> and leaves there what is to be logged.</summary>
    /// <param name="buffer">What was read; behind it there is room for <see cref="CaptureFilter.HeldMax"/> bytes.</param>
    /// <param name="count">How much was read.</param>
    /// <returns>How much is to be logged.</returns>
    public int Inspect(Span<byte> buffer, int count)
    {
        LogSpec spec = sink.Spec;
        if (spec.CaptureMax.Bytes <= 0 && _filter is null or { IsIdle: true })
        {
            PublishOutput(buffer[..count]);
            return count;
        }

        _kept = ArrayPool<byte>.Shared.Rent(count + CaptureFilter.HeldMax);
        _keptLength = 0;
        (_filter ??= new CaptureFilter()).Take(buffer[..count], (int)Math.Min(spec.CaptureMax.Bytes, int.MaxValue / 4), this);
        _kept.AsSpan(0, _keptLength).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_kept);
        return _keptLength;
    }

    /// <summary>The process will write no more.</summary>
    /// <returns>What was held back and is to be logged after all.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        (_kept, _keptLength) = (new byte[CaptureFilter.HeldMax], 0);
        _filter?.Finish(this);
        return _kept.AsSpan(0, _keptLength);
    }

    public void TakeOutput(ReadOnlySpan<byte> bytes)
    {
        PublishOutput(bytes);
        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength += bytes.Length;
    }

    /// <summary>As in supervisord, what is captured is output all the same for those who want all output.</summary>
    public void TakeCaptured(ReadOnlySpan<byte> bytes) => PublishOutput(bytes);

    public void EndCapture(ReadOnlySpan<byte> capture) => relay.PublishCapture(source, sink.Stream, capture);

    private void PublishOutput(ReadOnlySpan<byte> bytes)
    {
        if (sink.Spec.RaisesEvents)
            relay.PublishOutput(source, sink.Stream, bytes);
    }
}
