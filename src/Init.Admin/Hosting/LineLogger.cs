using System.Text;
using Init.Linux;
using Microsoft.Extensions.Logging;

namespace Init.Admin.Hosting;

/// <summary>Writes each message as one line to a descriptor. Time and name are put in front of it by the supervisor, which reads the role's output like any program's.</summary>
public sealed class LineLoggerProvider(int fd, LogLevel least) : ILoggerProvider, ILogger
{
    private readonly Lock _lock = new();

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;

        StringBuilder line = new();
        if (logLevel != LogLevel.Information)
            line.Append(NameOf(logLevel)).Append(": ");
        Append(line, formatter(state, exception));
        if (exception is not null)
            Append(line.Append(": "), exception.ToString());

        line.Append('\n');
        byte[] bytes = Encoding.UTF8.GetBytes(line.ToString());
        lock (_lock)
            _ = Files.WriteAll(fd, bytes); // Nobody may be listening there.
    }

    public void Dispose() { }

    /// <summary>What a stranger has sent may be in it, and must not be able to forge a line.</summary>
    private static void Append(StringBuilder line, string text)
    {
        foreach (char character in text)
        {
            if (character == '\n')
                line.Append("\\n");
            else
                line.Append(char.IsControl(character) ? '?' : character);
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        LogLevel.Critical => "critical",
        _ => "debug",
    };
}
