namespace Init.Engine.Children;

/// <summary>Environment variables that Init sets in the processes it starts.</summary>
public static class EnvironmentNames
{
    /// <summary>Which Init started it: a random name for each run of Init. By it, escaped descendants are found.</summary>
    public const string Instance = "INIT_INSTANCE";

    /// <summary>Which program instance it belongs to.</summary>
    public const string Program = "INIT_PROGRAM";

    /// <summary>sd_notify(3).</summary>
    public const string NotifySocket = "NOTIFY_SOCKET";

    /// <summary>sd_watchdog_enabled(3): microseconds.</summary>
    public const string WatchdogMicroseconds = "WATCHDOG_USEC";
}
