using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Init.Applets;

/// <summary>
/// Where a command writes. Not the Console class: that costs a millisecond of start-up for things (terminfo, encodings, key handling) that no command needs.
/// </summary>
public sealed class Terminal(Stream output, Stream errors, bool isTerminal, bool hasColour) : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Results. Buffered; <see cref="Flush"/> shows them.</summary>
    public TextWriter Output { get; } = new StreamWriter(output, Utf8, 16 * 1024) { NewLine = "\n" };

    public TextWriter Errors { get; } = new StreamWriter(errors, Utf8, 1024) { NewLine = "\n", AutoFlush = true };

    /// <summary>A person reads what is written.</summary>
    public bool IsTerminal => isTerminal;

    /// <summary>The process's own standard output and standard error.</summary>
    public static Terminal Standard()
    {
        // isatty(3), without a binding of our own for one call.
        bool isTerminal = !Console.IsOutputRedirected;
        return new Terminal(Open(1), Open(2), isTerminal, isTerminal && MayColour());
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

    private static FileStream Open(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 1);

    /// <summary>https://no-color.org: set and not empty means no. A terminal without abilities says "dumb".</summary>
    private static bool MayColour() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
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
