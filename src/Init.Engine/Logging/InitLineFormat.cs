using System.Text;
using Init.Config;

namespace Init.Engine.Logging;

/// <summary>How a line of Init's own log looks, newline included.</summary>
internal static class InitLineFormat
{
    public static string Format(LogFormat format, in InitLogEntry entry)
    {
        Span<byte> time = stackalloc byte[Timestamp.Length];
        Timestamp.Format(entry.Time, time);
        StringBuilder line = new(128);
        if (format == LogFormat.Json)
            AppendJson(line, Encoding.ASCII.GetString(time), entry);
        else
            AppendText(line, Encoding.ASCII.GetString(time), entry);
        return line.Append('\n').ToString();
    }

    private static void AppendText(StringBuilder line, string time, in InitLogEntry entry)
    {
        line.Append(time).Append(" init | ");
        if (entry.Level != LogLevel.Information)
            line.Append(NameOf(entry.Level)).Append(": ");

        // A name or a path with a newline in it must not be able to forge a line.
        foreach (char character in entry.Text)
        {
            if (character is '\n')
                line.Append("\\n");
            else if (char.IsControl(character))
                line.Append('?');
            else
                line.Append(character);
        }
    }

    private static void AppendJson(StringBuilder line, string time, in InitLogEntry entry)
    {
        line.Append("{\"time\":\"").Append(time)
            .Append("\",\"level\":\"").Append(NameOf(entry.Level))
            .Append("\",\"event\":\"").Append(entry.EventName).Append("\",\"message\":\"");
        AppendEscaped(line, entry.Text);
        line.Append('"');
        foreach (LogField field in entry.Fields)
        {
            line.Append(",\"").Append(field.Name).Append("\":\"");
            AppendEscaped(line, field.Value);
            line.Append('"');
        }

        line.Append('}');
    }

    private static void AppendEscaped(StringBuilder line, string text) => line.Append(Encoding.UTF8.GetString(JsonText.Of(text)));

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "information",
    };
}
