using System.Text;

namespace Init.Applets.Supervisorctl;

/// <summary>
/// The keys that everybody's fingers know: arrows, Home, End, Backspace, Delete, Ctrl-A E B F K U W L P N, Tab, and Ctrl-C and Ctrl-D for the end. Each character is taken to
/// be one column wide, and the line to fit into the terminal: names of commands and programs do.
/// </summary>
internal sealed class LineEditor(Screen screen, Func<int> readByte, Func<string, IEnumerable<string>> complete)
{
    private const int HistoryMax = 1000;

    private readonly List<string> _history = [];
    private readonly StringBuilder _line = new();
    private int _cursor;

    /// <summary>The last key was a Tab that could add nothing: the next one shows what there is, as with readline.</summary>
    private bool _showsMatches;

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<string> History => _history;

    public void Remember(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
                _history.Add(line);
        }

        if (_history.Count > HistoryMax)
            _history.RemoveRange(0, _history.Count - HistoryMax);
    }

    /// <summary>The prompt is there already. Null at the end of the input, and at Ctrl-C.</summary>
    public string? ReadLine(string prompt)
    {
        Replace("");
        int place = _history.Count;
        while (true)
        {
            Key key = ReadKey(out char character);
            switch (key)
            {
                case Key.Enter:
                    End();
                    Remember([_line.ToString()]);
                    return _line.ToString();
                case Key.End when _line.Length == 0:
                case Key.Interrupt:
                    return null;
                case Key.Up when place > 0:
                    Replace(_history[--place]);
                    break;
                case Key.Down when place < _history.Count:
                    place++;
                    Replace(place < _history.Count ? _history[place] : "");
                    break;
                default:
                    Edit(key, character);
                    break;
            }

            Draw(prompt);
        }
    }

    private enum Key
    {
        None, Character, Enter, End, Interrupt, Up, Down, Left, Right, LineStart, LineEnd, Backspace, Delete, KillToEnd, KillToStart, KillWord, Complete, Clear,
    }

    private void Edit(Key key, char character)
    {
        _showsMatches &= key == Key.Complete;
        switch (key)
        {
            case Key.Character:
                _line.Insert(_cursor++, character);
                break;
            case Key.Left:
                _cursor = Math.Max(0, _cursor - 1);
                break;
            case Key.Right:
                _cursor = Math.Min(_line.Length, _cursor + 1);
                break;
            case Key.LineStart:
                _cursor = 0;
                break;
            case Key.LineEnd:
                _cursor = _line.Length;
                break;
            case Key.Backspace when _cursor > 0:
                _line.Remove(--_cursor, 1);
                break;
            case Key.Delete or Key.End when _cursor < _line.Length:
                _line.Remove(_cursor, 1);
                break;
            case Key.KillToEnd:
                _line.Length = _cursor;
                break;
            case Key.KillToStart:
                _line.Remove(0, _cursor);
                _cursor = 0;
                break;
            case Key.KillWord:
                int start = WordStart();
                _line.Remove(start, _cursor - start);
                _cursor = start;
                break;
            case Key.Complete:
                CompleteWord();
                break;
            case Key.Clear:
                screen.Output.Write("\x1b[H\x1b[2J");
                break;
        }
    }

    private int WordStart()
    {
        int start = _cursor;
        while (start > 0 && _line[start - 1] == ' ')
            start--;
        while (start > 0 && _line[start - 1] != ' ')
            start--;

        return start;
    }

    /// <summary>As far as all that it may become agree; with a space behind it when there is only one.</summary>
    private void CompleteWord()
    {
        string line = _line.ToString(0, _cursor);
        string word = line[(line.LastIndexOf(' ') + 1)..];
        string[] matches = [.. complete(line).Where(match => match.StartsWith(word, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        if (matches.Length == 0)
            return;

        string common = matches[0];
        foreach (string match in matches)
            common = common[..common.AsSpan().CommonPrefixLength(match)];

        string more = common[word.Length..] + (matches.Length == 1 ? " " : "");
        _line.Insert(_cursor, more);
        _cursor += more.Length;
        if (more.Length == 0 && _showsMatches)
            screen.Output.Write($"\r\n{string.Join("  ", matches)}\r\n");
        _showsMatches = more.Length == 0;
    }

    private Key ReadKey(out char character)
    {
        character = '\0';
        int next = readByte();
        switch (next)
        {
            case -1 or 0x04:
                return Key.End;
            case 0x1b:
                return ReadEscape();
            case >= 0x80:
                return ReadMultibyte(next, out character);
            case >= 0x20 and < 0x7f:
                character = (char)next;
                return Key.Character;
        }

        return next switch
        {
            '\r' or '\n' => Key.Enter,
            0x01 => Key.LineStart,
            0x02 => Key.Left,
            0x03 => Key.Interrupt,
            0x05 => Key.LineEnd,
            0x06 => Key.Right,
            0x08 or 0x7f => Key.Backspace,
            0x09 => Key.Complete,
            0x0b => Key.KillToEnd,
            0x0c => Key.Clear,
            0x0e => Key.Down,
            0x10 => Key.Up,
            0x15 => Key.KillToStart,
            0x17 => Key.KillWord,
            _ => Key.None,
        };
    }

    /// <summary>ESC [ A, ESC O A, ESC [ 3 ~ and the like (ECMA-48).</summary>
    private Key ReadEscape()
    {
        if (readByte() is not ('[' or 'O'))
            return Key.None;

        int parameter = 0, final = readByte();
        while (final is >= '0' and <= '9' or ';')
        {
            parameter = final == ';' ? 0 : (parameter * 10) + (final - '0');
            final = readByte();
        }

        return (char)final switch
        {
            'A' => Key.Up,
            'B' => Key.Down,
            'C' => Key.Right,
            'D' => Key.Left,
            'H' => Key.LineStart,
            'F' => Key.LineEnd,
            '~' when parameter is 1 or 7 => Key.LineStart,
            '~' when parameter is 4 or 8 => Key.LineEnd,
            '~' when parameter is 3 => Key.Delete,
            _ => Key.None,
        };
    }

    /// <summary>Characters of one UTF-16 unit; no program is named by others.</summary>
    private Key ReadMultibyte(int first, out char character)
    {
        int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        byte[] bytes = new byte[length];
        bytes[0] = (byte)first;
        for (int i = 1; i < length; i++)
            bytes[i] = (byte)readByte();

        string text = Encoding.UTF8.GetString(bytes);
        character = text[0];
        return text.Length == 1 ? Key.Character : Key.None;
    }

    private void Replace(string line)
    {
        _line.Clear().Append(line);
        _cursor = _line.Length;
    }

    private void End() => screen.Output.Write("\r\n");

    private void Draw(string prompt)
    {
        int back = _line.Length - _cursor;
        screen.Output.Write($"\r{prompt}{_line}\x1b[K{(back > 0 ? $"\x1b[{back}D" : "")}");
        screen.Flush();
    }
}
