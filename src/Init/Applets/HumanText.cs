using System.Globalization;

namespace Init.Applets;

/// <summary>Numbers as a person reads them.</summary>
public static class HumanText
{
    /// <summary>"0:01:02", "1 day, 2:03:04", as supervisord writes an uptime.</summary>
    public static string Uptime(double seconds)
    {
        long whole = (long)Math.Max(0, seconds);
        long days = whole / 86_400;
        string clock = string.Create(CultureInfo.InvariantCulture, $"{whole % 86_400 / 3600}:{whole % 3600 / 60:00}:{whole % 60:00}");
        return days == 0 ? clock : string.Create(CultureInfo.InvariantCulture, $"{days} day{(days == 1 ? "" : "s")}, {clock}");
    }

    /// <summary>"0.4 s", "12 s", "3 min".</summary>
    public static string Delay(double seconds) => seconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, seconds):0.0} s"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
    };

    /// <summary>Local time: "2025-11-21 04:00:00".</summary>
    public static string Time(long unixMilliseconds, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds), zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
