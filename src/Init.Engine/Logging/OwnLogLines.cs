using System.Text;

namespace Init.Engine.Logging;

/// <summary>Makes what a role of Init's own writes part of Init's own log.</summary>
/// <param name="instance">The role's program.</param>
/// <param name="log">Where its lines go.</param>
internal sealed class OwnLogLines(string instance, InitLog log)
{
    /// <summary>What roles begin a line with, in the order in which it is looked for.</summary>
    private static readonly (string Prefix, LogLevel Level)[] Levels =
    [
        ("debug: ", LogLevel.Debug), ("info: ", LogLevel.Information), ("warning: ", LogLevel.Warning), ("error: ", LogLevel.Error), ("critical: ", LogLevel.Critical),

        // A complaint with which a command ends.
        ("init: ", LogLevel.Error),
    ];

    private readonly string _name = instance[(instance.IndexOf(':') + 1)..];

    public void Add(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
            if (!line.IsEmpty)
                AddLine(Encoding.UTF8.GetString(line));
        }
    }

    /// <summary>Whatever has no level, as the trace of a crash, is an error.</summary>
    private void AddLine(string line)
    {
        foreach (var (prefix, level) in Levels)
        {
            if (!line.StartsWith(prefix, StringComparison.Ordinal))
                continue;

            log.Write(level, "role.said", $"{_name}: {line[prefix.Length..]}", new LogField("program", instance));
            return;
        }

        log.Write(LogLevel.Error, "role.said", $"{_name}: {line}", new LogField("program", instance));
    }
}
