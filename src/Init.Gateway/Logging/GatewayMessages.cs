using Init.Routing.Actions;
using Microsoft.Extensions.Logging;

namespace Init.Gateway.Logging;

/// <summary>All that the role says in ordinary life.</summary>
internal static partial class GatewayMessages
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "listens on {Address}")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Address} asks for no password: whoever can reach it controls every program (set a username and a password)")]
    public static partial void Unprotected(this ILogger logger, string address);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "cannot forward a request")]
    public static partial void ForwardingFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "uses the certificate of {File}")]
    public static partial void CertificateRead(this ILogger logger, string file);

    [LoggerMessage(
        EventId = 5,
        Level = LogLevel.Warning,
        Message = "cannot use the certificate {Certificate} with the key {Key}: {Problem}; {Consequence} (both are PEM, the key is not encrypted and belongs to the first certificate; they are read again when they change)")]
    public static partial void CertificateUnusable(this ILogger logger, string certificate, string key, string problem, string consequence);

    public static void BackendHealth(this ILogger logger, BackendKey backend, bool isDown)
    {
        if (isDown)
            logger.BackendDown(backend.Url, backend.RuleId ?? "the default backend");
        else
            logger.BackendUp(backend.Url, backend.RuleId ?? "the default backend");
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "backend {Url} of {Rule} is down: too many failures in a row (the panel shows the last of them)")]
    private static partial void BackendDown(this ILogger logger, string url, string rule);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "backend {Url} of {Rule} is well again")]
    private static partial void BackendUp(this ILogger logger, string url, string rule);

    [LoggerMessage(
        EventId = 8,
        Level = LogLevel.Warning,
        Message = "{Connections} connections need {Wanted} open files, and the hard limit is lower: there are at most {Fitting} (raise the limit, as by docker run --ulimit nofile={Wanted}, or lower connections in [gateway.proxy])")]
    public static partial void FewOpenFiles(this ILogger logger, int connections, long wanted, int fitting);

    [LoggerMessage(EventId = 9, Level = LogLevel.Error, Message = "nobody can sign in to the panel: OpenSSL is missing ({Remedy}, or switch the panel off: enabled = false in [gateway.panel]); requests are forwarded")]
    public static partial void PanelClosed(this ILogger logger, string remedy);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "{Note}")]
    public static partial void RulesNote(this ILogger logger, string note);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "cannot watch {Directory}: {Reason}; what somebody else changes there is read when the gateway gets SIGHUP")]
    public static partial void NotWatched(this ILogger logger, string directory, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Error, Message = "cannot take over rules or password that somebody has changed")]
    public static partial void NotTakenOver(this ILogger logger, Exception exception);
}
