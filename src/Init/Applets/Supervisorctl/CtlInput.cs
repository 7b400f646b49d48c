using System.Text;
using Init.Linux;

namespace Init.Applets.Supervisorctl;

/// <summary>Lines from standard input: edited and remembered when a person types them, as they are when they come from elsewhere.</summary>
internal sealed class CtlInput : IDisposable
{
    private const int StandardInput = 0;
    private const int LineBytesMax = 1024 * 1024;
    private const int HistoryBytesMax = 1024 * 1024;

    private readonly Screen _screen;
    private readonly string? _historyFile;
    private readonly LineEditor? _editor;
    private readonly byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <param name="screen">Where prompts go.</param>
    /// <param name="historyFile">Null: what is typed is forgotten in the end.</param>
    /// <param name="complete">Gives what the last word of a line may become.</param>
    public CtlInput(Screen screen, string? historyFile, Func<string, IEnumerable<string>> complete)
    {
        _screen = screen;
        _historyFile = historyFile;
        if (!TerminalMode.IsTerminal(StandardInput) || !screen.IsTerminal)
            return;

        _editor = new LineEditor(screen, ReadByte, complete);
        if (historyFile is not null && Files.ReadAll(historyFile, HistoryBytesMax, out _) is { } history)
            _editor.Remember(Encoding.UTF8.GetString(history).Split('\n'));
    }

    /// <summary>Without its end; null at the end of the input, and at Ctrl-C.</summary>
    public string? ReadLine(string prompt)
    {
        // Before the prompt: what is typed when it is seen is not for the terminal to show.
        using TerminalMode? mode = _editor is null ? null : TerminalMode.EachKey(StandardInput);
        _screen.Output.Write(prompt);
        _screen.Flush();
        if (_editor is null)
            return ReadPlain();

        return _editor.ReadLine(prompt);
    }

    /// <summary>As <see cref="ReadLine"/>; nobody sees what is typed.</summary>
    public string? ReadSecret(string prompt)
    {
        _screen.Flush();
        _screen.Errors.Write(prompt);
        using TerminalMode? mode = TerminalMode.Secret(StandardInput);
        return ReadPlain();
    }

    public void Dispose()
    {
        // A history that cannot be kept is no reason to fail.
        if (_historyFile is not null && _editor is not null)
            _ = Files.Replace(_historyFile, Encoding.UTF8.GetBytes(string.Concat(_editor.History.Select(line => line + "\n"))), 0x180 /* 0600 */);
    }

    private string? ReadPlain()
    {
        List<byte> line = [];
        while (line.Count < LineBytesMax)
        {
            int next = ReadByte();
            if (next < 0 && line.Count == 0)
                return null;
            if (next is < 0 or '\n')
                break;

            line.Add((byte)next);
        }

        return Encoding.UTF8.GetString([.. line]);
    }

    /// <summary>-1 at the end of the input.</summary>
    private int ReadByte()
    {
        if (_start == _end)
        {
            IoResult result = Files.Read(StandardInput, _buffer);
            if (!result.Succeeded || result.Count == 0)
                return -1;

            (_start, _end) = (0, result.Count);
        }

        return _buffer[_start++];
    }
}
