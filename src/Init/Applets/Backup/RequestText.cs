using System.Globalization;
using System.Text.Json;

namespace Init.Applets.Backup;

/// <summary>Members of a request as JSON, and numbers of an answer for people.</summary>
internal static class RequestText
{
    public static string Fields(params string?[] members) => string.Join(',', members.Where(member => member is not null));

    /// <returns>Null when there is no value.</returns>
    public static string? Text(string name, string? value) => value is null ? null : $"\"{name}\":{Quote(value)}";

    public static string? Number(string name, string? value) => value is null ? null : $"\"{name}\":{value}";

    public static string? Flag(string name, bool isSet) => isSet ? $"\"{name}\":true" : null;

    public static string Texts(string name, IEnumerable<string> values) => $"\"{name}\":[{string.Join(',', values.Select(Quote))}]";

    /// <summary>"800 MB", with as many digits as say something.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        double value = bytes;
        int unit = 0;
        for (; value >= 999.5 && unit < units.Length - 1; unit++)
            value /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(unit > 0 && value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {units[unit]}");
    }

    public static string Time(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement at) ? HumanText.Time(at.GetInt64(), TimeZoneInfo.Local) : "";

    public static string Count(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement number) ? number.GetInt64().ToString("N0", CultureInfo.InvariantCulture) : "";

    private static string Quote(string value) => $"\"{JsonEncodedText.Encode(value)}\"";
}

/// <summary>How far something is, in one line of standard error that is written over; nothing when that is no terminal.</summary>
internal sealed class ProgressLine : IDisposable
{
    private readonly bool _isShown = !Console.IsErrorRedirected;
    private bool _isDirty;

    public void Show(string what, JsonElement progress)
    {
        if (!_isShown)
            return;
        _isDirty = true;
        Write($"\r\x1b[K{what}: {RequestText.Count(progress, "files")} of {RequestText.Count(progress, "files_total")} entries, "
            + $"{RequestText.Size(progress.GetProperty("bytes").GetInt64())} of {RequestText.Size(progress.GetProperty("bytes_total").GetInt64())}");
    }

    public void Dispose()
    {
        if (_isDirty)
            Write("\r\x1b[K");
    }

    private static void Write(string text) => _ = Linux.Files.WriteAll(2, System.Text.Encoding.UTF8.GetBytes(text));
}
