using Microsoft.Extensions.Logging;

namespace Init.Chat.Rendering;

/// <summary>All that is said of rendering.</summary>
internal static partial class RenderMessages
{
    [LoggerMessage(
        EventId = 60,
        Level = LogLevel.Warning,
        Message = "pictures are rendered without the browser's own sandbox: it needs a user other than root and unprivileged user namespaces (scripts, network and files are kept from the pages either way)")]
    public static partial void NoSandbox(this ILogger logger);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "pictures will have gaps for lack of fonts: install {Packages}")]
    public static partial void FontsMissing(this ILogger logger, string packages);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning, Message = "the browser that renders pictures has ended: {Problem}")]
    public static partial void BrowserEnded(this ILogger logger, string problem);

    [LoggerMessage(EventId = 63, Level = LogLevel.Warning, Message = "cannot remove expired pictures: {Problem}")]
    public static partial void SweepFailed(this ILogger logger, string problem);
}
