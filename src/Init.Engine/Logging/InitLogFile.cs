using System.Globalization;
using System.Text;
using Init.Base;
using Init.Linux;
using Serilog;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace Init.Engine.Logging;

/// <summary>
/// init.log, by Serilog. It is made some time after the first line, for making it takes milliseconds that the first child's start should not share a
/// processor with.
/// </summary>
internal sealed class InitLogFile(string path, ByteSize maxSize, int files, InitLog log) : OwnLogFile
{
    /// <summary>How long lines wait in memory before the file is made.</summary>
    public static readonly TimeSpan MadeAfter = TimeSpan.FromMilliseconds(200);

    /// <summary>The pause before a file that could not be written is tried again. Serilog itself would wait for half an hour.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    private static readonly MessageTemplate Empty = new("", [new TextToken("")]);

    private readonly List<(DateTimeOffset Time, LogLevel Level, string Line)> _waiting = [];
    private Logger? _logger;
    private string? _problem;
    private long _missing;
    private DateTimeOffset _retryAt;

    public override bool Write(DateTimeOffset time, LogLevel level, string line)
    {
        if (_logger is not null)
        {
            Emit(time, level, line);
            return false;
        }

        if (_waiting.Count < InitLog.QueuedMax)
            _waiting.Add((time, level, line));
        return _waiting.Count == 1;
    }

    public override void Make()
    {
        _logger ??= CreateLogger();
        foreach (var (time, level, line) in _waiting)
            Emit(time, level, line);
        _waiting.Clear();
    }

    public override void Reopen()
    {
        if (_logger is null)
            return;

        Close();
        _logger = CreateLogger();
    }

    /// <summary>The file that is being written, with everything in it that was written; a full one is followed by one with a number ("init_001.log").</summary>
    public override string Find()
    {
        Make();
        return FindFiles().DefaultIfEmpty(path).MaxBy(NumberOf)!;
    }

    public override void Clear()
    {
        Make();
        Close();
        foreach (string file in FindFiles())
            _ = Files.Unlink(file); // What cannot be deleted is appended to.

        // Serilog makes it with the first line; until then the log is empty, and not missing.
        if (Files.Open(path, OpenFlags.Write | OpenFlags.Append | OpenFlags.Create) is { Succeeded: true } opened)
            Files.Close(opened.Fd);
        _logger = CreateLogger();
    }

    public override void Dispose()
    {
        if (_waiting.Count > 0)
            Make();
        Close();
    }

    private void Emit(DateTimeOffset time, LogLevel level, string line)
    {
        if (_missing > 0)
        {
            if (time < _retryAt)
            {
                _missing++;
                return;
            }

            Reopen();
        }

        _problem = null;
        _logger!.Write(new LogEvent(time, LevelOf(level), exception: null, Empty, [new LogEventProperty(LineFormatter.Property, new ScalarValue(line))]));
        if (_problem is not null)
        {
            if (_missing++ == 0)
                log.CannotWriteInitLog(_problem);
            _retryAt = time + RetryAfter;
        }
        else if (_missing > 0)
        {
            log.InitLogWorksAgain(_missing);
            _missing = 0;
        }
    }

    private Logger CreateLogger()
    {
        // Serilog swallows what goes wrong in a sink and tells it here, before Write returns.
        SelfLog.Enable(message => _problem ??= message);
        return new LoggerConfiguration()
            .MinimumLevel.Verbose()
            .WriteTo.File(
                new LineFormatter(),
                path,
                fileSizeLimitBytes: Math.Max(1, maxSize.Bytes),
                rollOnFileSizeLimit: true,
                retainedFileCountLimit: Math.Max(1, files),
                encoding: new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
            .CreateLogger();
    }

    private List<string> FindFiles()
    {
        try
        {
            string pattern = $"{Path.GetFileNameWithoutExtension(path)}*{Path.GetExtension(path)}";
            return [.. Directory.EnumerateFiles(Path.GetDirectoryName(path)!, pattern).Where(file => NumberOf(file) >= 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>0 for the first, -1 for what is none of ours.</summary>
    private int NumberOf(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file)[Path.GetFileNameWithoutExtension(path).Length..];
        if (name.Length == 0)
            return 0;

        return name[0] == '_' && int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
    }

    private void Close()
    {
        try
        {
            _logger?.Dispose();
        }
        catch (IOException exception)
        {
            _problem ??= exception.Message; // A last line that a full disk does not take; the failure has been told when it was written.
        }

        _logger = null;
    }

    private static LogEventLevel LevelOf(LogLevel level) => level switch
    {
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Warning => LogEventLevel.Warning,
        LogLevel.Error => LogEventLevel.Error,
        LogLevel.Critical => LogEventLevel.Fatal,
        _ => LogEventLevel.Information,
    };

    /// <summary>The line is made once, for stdout and for the file.</summary>
    private sealed class LineFormatter : ITextFormatter
    {
        public const string Property = "Line";

        public void Format(LogEvent logEvent, TextWriter output)
        {
            if (logEvent.Properties[Property] is ScalarValue { Value: string line })
                output.Write(line);
        }
    }
}
