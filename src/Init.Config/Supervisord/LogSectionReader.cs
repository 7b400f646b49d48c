using Init.Base;

namespace Init.Config.Supervisord;

/// <summary>Reads where the output of one process goes.</summary>
/// <param name="isFirst">Of several processes of a section only the first gives warnings.</param>
internal sealed class LogSectionReader(IniReader reader, LoadScope scope, DaemonSection daemon, string process, bool isFirst)
{
    private const int BackupsMax = 1000;
    private const long DefaultSize = 50 << 20;

    public (LogSpec? Stdout, LogSpec? Stderr) Read(bool redirectsStderr, bool isListener)
    {
        LogSpec stdout = ReadStream("stdout");
        LogSpec stderr = ReadStream("stderr");
        if (redirectsStderr && !isListener)
        {
            if (stderr.File is not null && isFirst)
                reader.Warn("stderr_logfile", "has no effect with redirect_stderr=true", "take one of the two away");

            LogSpec? both = stdout.IsUsed ? stdout : null;
            return (both, both);
        }

        return (isListener || stdout.IsUsed ? stdout : null, stderr.IsUsed ? stderr : null);
    }

    private LogSpec ReadStream(string stream)
    {
        string key = stream + "_logfile";
        ByteSize size = reader.Size(key + "_maxbytes", DefaultSize);
        int keep = (int)reader.Integer(key + "_backups", 10, min: 0, max: BackupsMax);
        bool syslog = reader.Boolean(stream + "_syslog", otherwise: false);
        string? file = null, autoPrefix = null;
        switch (ReadName(key, reader.Names.Values)?.ToLowerInvariant())
        {
            case null or "auto":
                autoPrefix = Path.Combine(daemon.Settings.ChildLogDirectory, $"{process}-{stream}---{daemon.Settings.Identifier}-");
                if (size.Bytes == 0 && isFirst)
                    reader.Warn(key, "is AUTO and never rotated", $"set {key}_maxbytes, or the folder fills up");

                break;
            case "none" or "off":
                break;
            case "syslog":
                syslog = true;
                if (isFirst)
                    reader.Warn(key, "the file name \"syslog\" is deprecated", $"write {stream}_syslog=true");

                break;
            default:
                file = ReadFile(key);
                break;
        }

        return new LogSpec(file, size, keep, Mirror: false)
        {
            AutoPrefix = autoPrefix,
            CaptureMax = reader.Size(stream + "_capture_maxbytes", 0),
            RaisesEvents = reader.Boolean(stream + "_events_enabled", otherwise: false),
            Syslog = syslog,
            StripsAnsi = daemon.StripsAnsi,
        };
    }

    /// <summary>supervisord expands this one twice, so that a percent sign is written as "%%%%".</summary>
    private string? ReadName(string key, IReadOnlyDictionary<string, FormatValue> values) =>
        reader.Find(key) is { } entry && reader.Expand(entry, entry.Value, values) is { } once ? reader.Expand(entry, once, values) : null;

    private string? ReadFile(string key)
    {
        string path = scope.ExpandHome(ReadName(key, reader.Names.Values)!);
        if (path.Length == 0)
        {
            // supervisord would fail at every start of the program.
            reader.Report(key, "is empty", "write NONE for no log");
            return null;
        }

        if (!scope.HasFolder(path))
        {
            reader.Report(key, $"the folder of {reader.Written(key)} does not exist", "supervisord wants it to exist when it starts");
            return null;
        }

        string text = ReadName(key, reader.Names.Texts)!;
        return ProcessReader.Absolute(scope.ExpandHome(text), daemon.BaseFolder);
    }
}
