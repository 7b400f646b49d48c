using Microsoft.Extensions.Logging;

namespace Init.Chat.Keys;

internal static partial class KeysMessages
{
    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "cannot read the API keys again: {Problem}; those that are known stay in force")]
    public static partial void KeysNotRefreshed(this ILogger logger, string problem);

    [LoggerMessage(EventId = 61, Level = LogLevel.Error, Message = "cannot log {Count} calls yet: {Problem}; it is tried again")]
    public static partial void CallsNotLogged(this ILogger logger, int count, string problem);

    [LoggerMessage(EventId = 62, Level = LogLevel.Error, Message = "{Count} calls are not in the call log: the store could not take them in time")]
    public static partial void CallsLost(this ILogger logger, long count);
}
