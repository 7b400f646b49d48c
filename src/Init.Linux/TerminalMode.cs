namespace Init.Linux;

/// <summary>How a terminal treats what is typed (termios(3)); as it was before when disposed of.</summary>
public sealed unsafe class TerminalMode : IDisposable
{
    private readonly int _fd;
    private readonly Libc.termios _before;

    private TerminalMode(int fd, Libc.termios before)
    {
        _fd = fd;
        _before = before;
    }

    public static bool IsTerminal(int fd)
    {
        Libc.termios now;
        return Libc.tcgetattr(fd, &now) == 0;
    }

    /// <summary>Each key comes at once and is not shown; Ctrl-C is a key too. Null when the descriptor is no terminal.</summary>
    public static TerminalMode? EachKey(int fd) => Change(fd, Libc.ICANON | Libc.ECHO | Libc.ISIG);

    /// <summary>Lines are not shown while they are typed. Null when the descriptor is no terminal.</summary>
    public static TerminalMode? Secret(int fd) => Change(fd, Libc.ECHO);

    public void Dispose()
    {
        fixed (Libc.termios* before = &_before)
            _ = Libc.tcsetattr(_fd, Libc.TCSADRAIN, before);
    }

    private static TerminalMode? Change(int fd, uint off)
    {
        Libc.termios before;
        if (Libc.tcgetattr(fd, &before) != 0)
            return null;

        Libc.termios changed = before;
        changed.c_lflag &= ~off;
        return Libc.tcsetattr(fd, Libc.TCSADRAIN, &changed) == 0 ? new TerminalMode(fd, before) : null;
    }
}
