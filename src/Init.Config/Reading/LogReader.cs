using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Reading;

/// <summary>Reads <c>stdout</c> and <c>stderr</c>.</summary>
internal static class LogReader
{
    private static readonly ByteSize DefaultSize = new(10_000_000);

    /// <summary>Smaller files would spend their time being rotated.</summary>
    private static readonly ByteSize SmallestSize = new(1024);

    private const int DefaultKeep = 5;
    private const int KeepMax = 1000;

    public static (LogSpec? Stdout, LogSpec? Stderr) Read(Section program, string instance, string logDirectory)
    {
        string stem = instance.Replace(':', '-');
        LogSpec? stdout = program.Find("stdout") switch
        {
            null => new LogSpec(System.IO.Path.Combine(logDirectory, stem + ".log"), DefaultSize, DefaultKeep, Mirror: true),
            _ => program.Table("stdout") is { } table ? ReadTable(table, stem + ".log", logDirectory) : null,
        };

        switch (program.Find("stderr"))
        {
            case null:
                return (stdout, stdout);
            case TomlString:
                if (program.String("stderr") is { Value: not "stdout" } text)
                    program.Report("stderr", $"{text.Quoted} is neither \"stdout\" nor a table");

                return (stdout, stdout);
            case TomlTable:
                return (stdout, program.Table("stderr") is { } table ? ReadTable(table, stem + ".stderr.log", logDirectory) : null);
            case var other:
                program.ReportKind("stderr", "\"stdout\" or a table", other);
                return (stdout, stdout);
        }
    }

    /// <summary>True for devices and the like, which many may write to and nobody rotates.</summary>
    public static bool IsDevice(string path) => path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal);

    private static LogSpec? ReadTable(Section table, string defaultFile, string logDirectory)
    {
        string file = table.String("file")?.Value ?? defaultFile;
        ByteSize size = table.Size("max_size") ?? DefaultSize;
        if (size.Bytes > 0 && size < SmallestSize)
            table.Report("max_size", $"{table.WrittenOf("max_size")} is too small", "at least 1KiB, or 0 for a file that is never rotated");

        int keep = table.SmallInteger("keep", 0, KeepMax) ?? DefaultKeep;
        bool mirror = table.Boolean("mirror", otherwise: true);
        LogSpec log = new(file.Length == 0 ? null : System.IO.Path.GetFullPath(file, logDirectory), size, keep, mirror)
        {
            CaptureMax = table.Size("capture") ?? default,
            RaisesEvents = table.Boolean("events", otherwise: false),
            Syslog = table.Boolean("syslog", otherwise: false),
            StripsAnsi = table.Boolean("strip_ansi", otherwise: false),
        };
        table.Finish();
        return log.IsUsed ? log : null;
    }
}
