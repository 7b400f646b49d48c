using Microsoft.Extensions.Logging;

namespace Init.Chat.Upstream;

/// <summary>What calls of providers say in the log. Keys go by the names of their variables.</summary>
internal static partial class UpstreamMessages
{
    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "provider {Provider} refuses the key in {Variable}: {Problem}; it is tried again after a rest (set another key and reload the list of models)")]
    public static partial void KeyRefused(this ILogger logger, string provider, string variable, string problem);

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "the quota of the key in {Variable} for {Model} of provider {Provider} is spent")]
    public static partial void QuotaSpent(this ILogger logger, string provider, string variable, string model);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "provider {Provider}, model {Model}, key in {Variable}: {Problem}")]
    public static partial void CallFailed(this ILogger logger, string provider, string model, string variable, string problem);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "{Model} of provider {Provider} is not used with {Variable}: this environment variable has no key that can stand in a header (set it and start the chat role again)")]
    public static partial void KeyMissing(this ILogger logger, string provider, string model, string variable);
}
