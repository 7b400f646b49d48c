using Microsoft.Extensions.Logging;

namespace Init.Chat.Http;

/// <summary>All that the role says in ordinary life.</summary>
internal static partial class ChatMessages
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "listens on {Address}")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "cannot answer {Path}")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string path);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void StoreFailed(this ILogger logger, string problem);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "the administrator's key is {Key}: note it, it is shown this once (ADMIN_API_KEY sets one; POST /admin/regenerate/admin_key makes another)")]
    public static partial void AdminKeyMade(this ILogger logger, string key);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "{Count} answers were cut off when the chat ended last; what there was of them is kept, and marked")]
    public static partial void Interrupted(this ILogger logger, int count);
}
