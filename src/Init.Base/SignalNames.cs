using System.Globalization;

namespace Init.Base;

/// <summary>Signal names and numbers of Linux on x86-64, arm64 and every other architecture that .NET runs on (signal(7)).</summary>
public static class SignalNames
{
    private static readonly string?[] ByNumber =
    [
        null, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>The first and the last real-time signal that a program may use (glibc keeps 32 and 33 for itself).</summary>
    private const int RealTimeFirst = 34, RealTimeLast = 64;

    /// <summary>All names without "SIG", for hints.</summary>
    public static IEnumerable<string> All => ByNumber.OfType<string>();

    /// <summary>"SIGTERM" for 15; "signal 40" for a number without a name.</summary>
    public static string NameOf(int signal) =>
        signal > 0 && signal < ByNumber.Length ? "SIG" + ByNumber[signal] : $"signal {signal.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Accepts "TERM", "SIGTERM", "term" and "15"; a number must be 1..31 or 34..64.</summary>
    public static bool TryParse(string text, out int signal)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
            return signal is >= 1 and < 32 or >= RealTimeFirst and <= RealTimeLast;

        string name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        signal = Array.FindIndex(ByNumber, known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        return signal > 0;
    }
}
