using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Init.Panel.Tests.Harness;

/// <summary>Keeps what is logged.</summary>
internal sealed class LinesLogger : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>The one that was made up, as an operator would find it.</summary>
    public string Password => Lines.Select(line => line.Split("the panel's password is ")).First(parts => parts.Length == 2 && parts[1].Contains(':', StringComparison.Ordinal))[1].Split(':')[0];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception) + exception);
}
