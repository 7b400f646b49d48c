using System.Text;
using Init.Linux;

namespace Init.Applets;

/// <summary>
/// Where a command writes. Not the Console class: that costs a millisecond of start-up for things (terminfo, encodings, key handling) that no command needs.
/// </summary>
public sealed class Screen(Stream output, Stream errors, bool isTerminal, bool hasColour) : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Results. Buffered; <see cref="Flush"/> shows them.</summary>
    public TextWriter Output { get; } = new StreamWriter(output, Utf8, 16 * 1024) { NewLine = "\n" };

    public TextWriter Errors { get; } = new StreamWriter(errors, Utf8, 1024) { NewLine = "\n", AutoFlush = true };

    /// <summary>A person reads what is written.</summary>
    public bool IsTerminal => isTerminal;

    /// <summary>The process's own standard output and standard error.</summary>
    public static Screen Standard()
    {
        // isatty(3), without a binding of our own for one call.
        bool isTerminal = !Console.IsOutputRedirected;
        return new Screen(new DescriptorStream(1), new DescriptorStream(2), isTerminal, isTerminal && MayColour());
    }

    /// <summary>Bytes as they are, in order with what <see cref="Output"/> was given.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Output.Flush();
        output.Write(bytes);
    }

    public void Flush()
    {
        Output.Flush();
        output.Flush();
    }

    public string Paint(Colour colour, string text) => hasColour && colour != Colour.Plain ? $"\x1b[{(int)colour}m{text}\x1b[0m" : text;

    public void Dispose()
    {
        Output.Dispose();
        Errors.Dispose();
    }

    /// <summary>https://no-color.org: set and not empty means no. A terminal without abilities says "dumb".</summary>
    private static bool MayColour() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}

/// <summary>
/// Plain write(2). A FileStream writes to a regular file at offsets of its own counting, and so over what other processes of the same
/// redirection have written.
/// </summary>
internal sealed class DescriptorStream(int descriptor) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        IoResult result = Files.WriteAll(descriptor, buffer);
        if (!result.Succeeded)
            throw new IOException($"cannot write to descriptor {descriptor}: {Errno.Describe(result.Errno)}");
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>SGR numbers (ECMA-48).</summary>
public enum Colour
{
    Plain = 0,
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
}
