using System.Globalization;
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

    /// <summary>As supervisord writes its main log: "2026-11-21 05:14:00,123 INFO text", in local time.</summary>
    public static string FormatForMainLog(in InitLogEntry entry)
    {
        StringBuilder line = new(128);
        line.Append(entry.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss','fff", CultureInfo.InvariantCulture)).Append(' ').Append(entry.Level switch
        {
            LogLevel.Critical => "CRIT ",
            LogLevel.Error => "ERRO ",
            LogLevel.Warning => "WARN ",
            LogLevel.Information => "INFO ",
            _ => "DEBG ",
        });
        AppendOnOneLine(line, entry.Text);
        return line.Append('\n').ToString();
    }

    private static void AppendText(StringBuilder line, string time, in InitLogEntry entry)
    {
        line.Append(time).Append(" init | ");
        if (entry.Level != LogLevel.Information)
            line.Append(NameOf(entry.Level)).Append(": ");
        AppendOnOneLine(line, entry.Text);
    }

    private static void AppendOnOneLine(StringBuilder line, string text)
    {
        // A name or a path with a newline in it must not be able to forge a line.
        foreach (char character in text)
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
        LogLevel.Critical => "critical",
        _ => "information",
    };
}
