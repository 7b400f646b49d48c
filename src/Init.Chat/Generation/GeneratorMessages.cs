using Microsoft.Extensions.Logging;

namespace Init.Chat.Generation;

/// <summary>What generations say in the log.</summary>
internal static partial class GeneratorMessages
{
    [LoggerMessage(EventId = 201, Level = LogLevel.Warning, Message = "cannot store the end of task {Task}; it is tried again")]
    public static partial void StoreFailed(this ILogger logger, string task, Exception exception);

    [LoggerMessage(EventId = 202, Level = LogLevel.Error, Message = "gave up storing the end of task {Task}: its answer is lost, and its client was told so (look after the store: its disk, its connection)")]
    public static partial void TaskNotStored(this ILogger logger, string task);

    [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "task {Task} was ended as interrupted by another process, which took this one for dead")]
    public static partial void TaskTaken(this ILogger logger, string task);

    [LoggerMessage(EventId = 204, Level = LogLevel.Error, Message = "task {Task} has failed")]
    public static partial void TaskFailed(this ILogger logger, string task, Exception exception);

    [LoggerMessage(EventId = 205, Level = LogLevel.Warning, Message = "cannot keep the answers so far; it is tried again")]
    public static partial void CheckpointFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 206, Level = LogLevel.Warning, Message = "cannot end the turn of a context")]
    public static partial void TurnFailed(this ILogger logger, Exception exception);
}
