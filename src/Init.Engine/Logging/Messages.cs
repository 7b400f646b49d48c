using System.Globalization;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>Every line that the engine writes to Init's own log, so that they tell one story.</summary>
public static partial class Messages
{
    internal static void CannotWriteLog(this InitLog log, string path, string operation, int errno) => log.Write(
        LogLevel.Error,
        "log.file-failed",
        $"cannot {operation} log file {path}: {Errno.Describe(errno)}; its output is dropped and counted until it works again{HintFor(path, errno)}",
        new LogField("path", path),
        new LogField("errno", Text(errno)));

    internal static void LogWorksAgain(this InitLog log, string path, int errno, long dropped) => log.Write(
        LogLevel.Warning,
        "log.file-recovered",
        $"{Text(dropped)} bytes of {path} were dropped while {ReasonOf(errno)}",
        new LogField("path", path),
        new LogField("bytes", Text(dropped)));

    internal static void CannotRotateLog(this InitLog log, string path, int errno) => log.Write(
        LogLevel.Error,
        "log.rotation-failed",
        $"cannot rename log file {path} to rotate it: {Errno.Describe(errno)}; it is emptied instead whenever it has reached its limit",
        new LogField("path", path),
        new LogField("errno", Text(errno)));

    internal static void MirrorDroppedLines(this InitLog log, string program, long lines) => log.Write(
        LogLevel.Warning,
        "log.mirror-dropped",
        $"{Text(lines)} lines of {program} were dropped: stdout is not being read",
        new LogField("program", program),
        new LogField("lines", Text(lines)));

    internal static void MirrorOff(this InitLog log, int errno) => log.Write(
        LogLevel.Warning,
        "log.mirror-off",
        $"cannot write to stdout: {Errno.Describe(errno)}; nothing is mirrored from now on, log files go on",
        new LogField("errno", Text(errno)));

    internal static void MirrorFailed(this InitLog log, int errno) => log.Write(
        LogLevel.Error,
        "log.mirror-failed",
        $"cannot write to stdout: {Errno.Describe(errno)}; lines are dropped and counted until it works again",
        new LogField("errno", Text(errno)));

    internal static void MirrorWorksAgain(this InitLog log) =>
        log.Write(LogLevel.Warning, "log.mirror-recovered", "stdout can be written again");

    internal static void CannotReachSyslog(this InitLog log, string address, int errno) => log.Write(
        LogLevel.Warning,
        "log.syslog-failed",
        $"cannot send log lines to {address}: {Errno.Describe(errno)}; they are not sent until somebody listens there",
        new LogField("errno", Text(errno)));

    internal static void CannotReadOutput(this InitLog log, string program, OutputStream stream, string cause) => log.Write(
        LogLevel.Error,
        "log.pipe-failed",
        $"cannot read {NameOf(stream)} of program \"{program}\": {cause}; the pipe is closed",
        new LogField("program", program));

    internal static void CannotWatch(this InitLog log, string program, string cause) => log.Write(
        LogLevel.Error,
        "log.watch-failed",
        $"cannot watch the output of program \"{program}\": {cause}",
        new LogField("program", program));

    internal static void OutputEventsDropped(this InitLog log, string program) => log.Write(
        LogLevel.Warning,
        "log.events-dropped",
        $"events of program output are dropped, those of \"{program}\" first: it comes faster than event listeners can be told",
        new LogField("program", program));

    internal static void LogThreadStumbled(this InitLog log, Exception exception) => log.Write(
        LogLevel.Error, "log.fault", $"cannot finish a step of log capture: {exception}");

    internal static void CannotWriteInitLog(this InitLog log, string cause) => log.Write(
        LogLevel.Error, "log.init-file-failed", $"cannot write Init's own log file: {cause}");

    internal static void InitLogWorksAgain(this InitLog log, long lines) => log.Write(
        LogLevel.Warning, "log.init-file-recovered", $"Init's own log file can be written again; {Text(lines)} lines are missing in it");

    internal static string NameOf(OutputStream stream) => stream == OutputStream.Stderr ? "stderr" : "stdout";

    private static string ReasonOf(int errno) => errno switch
    {
        Errno.ENOSPC => "the disk was full",
        Errno.EDQUOT => "the disk quota was used up",
        Errno.EAGAIN => "its reader did not keep up",
        _ => $"it could not be written: {Errno.Describe(errno)}",
    };

    private static string HintFor(string path, int errno) =>
        errno is Errno.EACCES or NoSuchDevice && path is "/dev/stdout" or "/dev/stderr" or "/proc/self/fd/1" or "/proc/self/fd/2"
            ? " (mirror = true writes to Init's stdout without opening it anew)"
            : "";

    /// <summary>ENXIO: what open(2) says of a socket, and of a FIFO without a reader.</summary>
    private const int NoSuchDevice = 6;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
