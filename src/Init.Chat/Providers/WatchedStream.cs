using System.Diagnostics;

namespace Init.Chat.Providers;

/// <summary>A provider's answer, which may neither fall silent nor go on for ever. To be read by one reader, asynchronously.</summary>
internal sealed class WatchedStream(Stream inner, StreamLimits limits) : Stream
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _left = limits.BytesMax;
    private CancellationTokenSource _silence = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        TimeSpan left = limits.Total - Stopwatch.GetElapsedTime(_began);
        if (left <= TimeSpan.Zero)
            throw Overdue(null);
        _silence.CancelAfter(left < limits.Silence ? left : limits.Silence);
        using CancellationTokenRegistration either = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _silence);
        int count;
        try
        {
            count = await inner.ReadAsync(buffer, _silence.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (left < limits.Silence)
                throw Overdue(exception);
            throw new StreamException(StreamProblem.Silent, $"the provider has sent nothing for {limits.Silence.TotalSeconds:0.#} s", exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new StreamException(StreamProblem.Broken, "the connection to the provider has ended in the middle of its answer", exception);
        }

        if (!_silence.TryReset())
        {
            _silence.Dispose();
            _silence = new CancellationTokenSource();
        }

        _left -= count;
        return _left >= 0 ? count : throw new StreamException(StreamProblem.TooLong, $"the provider's answer is longer than {limits.BytesMax} bytes");
    }

    private StreamException Overdue(Exception? inner) => new(StreamProblem.Overdue, $"the provider's answer goes on for more than {limits.Total.TotalSeconds:0.#} s", inner);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // There is nothing to flush.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _silence.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
