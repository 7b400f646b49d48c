namespace Init.Base;

/// <summary>How a process ended, as waitid(2) tells it: by itself with a code of 0..255, or by a signal.</summary>
public readonly record struct ExitStatus
{
    private ExitStatus(int code, int signal, bool dumpedCore)
    {
        Code = code;
        Signal = signal;
        DumpedCore = dumpedCore;
    }

    /// <summary>The exit code, 0..255; 0 when <see cref="Signal"/> is set.</summary>
    public int Code { get; }

    /// <summary>The signal number that ended the process; 0 when it exited by itself.</summary>
    public int Signal { get; }

    public bool DumpedCore { get; }

    public static ExitStatus Exited(int code) => new(code, 0, dumpedCore: false);

    public static ExitStatus Signalled(int signal, bool dumpedCore = false) => new(0, signal, dumpedCore);

    public bool WasSignalled => Signal != 0;

    /// <summary>What a shell's <c>$?</c> would say: the code, or 128 + the signal number.</summary>
    public int ShellCode => WasSignalled ? 128 + Signal : Code;

    public override string ToString() => WasSignalled
        ? $"terminated by {SignalNames.NameOf(Signal)}{(DumpedCore ? " (core dumped)" : "")}"
        : $"exit code {Code}";
}
