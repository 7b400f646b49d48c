using System.Globalization;
using Init.Engine.Logging;

namespace Init.Engine.Listeners;

/// <summary>What is said of event listeners: in supervisord's words, which people search their logs for.</summary>
internal static class ListenerMessages
{
    public static void EventDiscarded(this InitLog log, string pool, long serial, int unsaid) => log.Write(
        LogLevel.Error,
        "listener.overflow",
        $"pool {pool} event buffer overflowed, discarding event {Text(serial)}{(unsaid == 0 ? "" : $" (and {Text(unsaid)} others since this was last said)")}",
        new LogField("pool", pool),
        new LogField("serial", Text(serial)));

    public static void EventRejected(this InitLog log, string process, string pool) => log.Write(
        LogLevel.Warning,
        "listener.rejected",
        $"{process}: event was rejected",
        new LogField("pool", pool));

    public static void BadResultLine(this InitLog log, string process, string pool, string line) => log.Write(
        LogLevel.Warning,
        "listener.bad-result",
        $"{process}: bad result line: '{line}'",
        new LogField("pool", pool));

    public static void ListenerBroken(this InitLog log, string process, string pool) => log.Write(
        LogLevel.Warning,
        "listener.unknown",
        $"{process}: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol",
        new LogField("pool", pool));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
