using System.Text;
using Init.Base;
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
internal sealed class InitLogFile(string path, ByteSize maxSize, int files, Action<string> whenFailed) : IDisposable
{
    /// <summary>How long lines wait in memory before the file is made.</summary>
    public static readonly TimeSpan MadeAfter = TimeSpan.FromMilliseconds(200);

    private static readonly MessageTemplate Empty = new("", [new TextToken("")]);

    private readonly List<(DateTimeOffset Time, LogLevel Level, string Line)> _waiting = [];
    private Logger? _logger;
    private bool _isMade, _hasFailed;

    /// <summary>True when this line is the first that waits, so that <see cref="Make"/> has to be called before long.</summary>
    public bool Write(DateTimeOffset time, LogLevel level, string line)
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

    public void Make()
    {
        if (!_isMade)
            SelfLog.Enable(Failed);
        _isMade = true;
        _logger ??= new LoggerConfiguration()
            .MinimumLevel.Verbose()
            .WriteTo.File(
                new LineFormatter(),
                path,
                fileSizeLimitBytes: Math.Max(1, maxSize.Bytes),
                rollOnFileSizeLimit: true,
                retainedFileCountLimit: Math.Max(1, files),
                encoding: new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
            .CreateLogger();
        foreach (var (time, level, line) in _waiting)
            Emit(time, level, line);
        _waiting.Clear();
    }

    /// <summary>Somebody may have renamed the file: the next line opens the path anew.</summary>
    public void Reopen()
    {
        if (_logger is null)
            return;

        _logger.Dispose();
        _logger = null;
        _hasFailed = false;
        Make();
    }

    public void Dispose()
    {
        if (_waiting.Count > 0)
            Make();
        _logger?.Dispose();
        _logger = null;
    }

    private void Emit(DateTimeOffset time, LogLevel level, string line) =>
        _logger!.Write(new LogEvent(time, LevelOf(level), exception: null, Empty, [new LogEventProperty(LineFormatter.Property, new ScalarValue(line))]));

    /// <summary>Serilog swallows what goes wrong in a sink and tells it here.</summary>
    private void Failed(string message)
    {
        if (_hasFailed)
            return;

        _hasFailed = true;
        whenFailed(message);
    }

    private static LogEventLevel LevelOf(LogLevel level) => level switch
    {
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Warning => LogEventLevel.Warning,
        LogLevel.Error => LogEventLevel.Error,
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
