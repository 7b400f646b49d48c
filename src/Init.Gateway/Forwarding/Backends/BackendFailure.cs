using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Whose fault it was that a request did not end well, and what the client is told.</summary>
/// <param name="Status">For the client, when its response has not begun.</param>
/// <param name="Detail">For the client.</param>
/// <param name="IsBackends">It speaks against the backend.</param>
/// <param name="IsUnreached">There was no connection, so nothing was sent: another backend may be tried, whatever the method.</param>
internal readonly record struct BackendFailure(int Status, Phrase Detail, bool IsBackends, bool IsUnreached)
{
    public static readonly Phrase TooLarge = new("the body is larger than is allowed here", "请求体超过了此处允许的大小");

    private static readonly Phrase TooLate = new("the service behind this address did not answer in time", "此地址后面的服务没有及时应答");
    private static readonly Phrase Unreached = new("the service behind this address cannot be reached", "无法连接此地址后面的服务");
    private static readonly Phrase Unknown = new("the host of the service behind this address is not known", "此地址后面的服务的主机名无法解析");
    private static readonly Phrase Broken = new("the service behind this address has broken off", "此地址后面的服务中断了连接");
    private static readonly Phrase BadBody = new("the body of the request is not valid", "请求体无效");

    /// <param name="error">The forwarder's.</param>
    /// <param name="exception">What has brought it about.</param>
    /// <param name="isTooLate">The rule's limit for the beginning of a response has passed.</param>
    public static BackendFailure Of(ForwarderError error, Exception? exception, bool isTooLate)
    {
        if ((exception as BadHttpRequestException ?? exception?.InnerException as BadHttpRequestException)?.StatusCode is { } refused)
            return new(refused, refused == StatusCodes.Status413PayloadTooLarge ? TooLarge : BadBody, IsBackends: false, IsUnreached: false);
        if (isTooLate)
            return new(StatusCodes.Status504GatewayTimeout, TooLate, IsBackends: true, IsUnreached: false);

        return error switch
        {
            ForwarderError.Request or ForwarderError.RequestTimedOut when IsConnectFailure(exception) => new(StatusCodes.Status502BadGateway, IsNameUnknown(exception) ? Unknown : Unreached, IsBackends: true, IsUnreached: true),
            ForwarderError.RequestTimedOut => new(StatusCodes.Status504GatewayTimeout, TooLate, IsBackends: true, IsUnreached: false),
            ForwarderError.RequestBodyClient => new(StatusCodes.Status400BadRequest, BadBody, IsBackends: false, IsUnreached: false),

            // Once it is a WebSocket, either side may end it as it likes; and what a client gives up is nobody's fault.
            ForwarderError.Request or ForwarderError.RequestBodyDestination or ForwarderError.ResponseBodyDestination or ForwarderError.ResponseHeaders =>
                new(StatusCodes.Status502BadGateway, Broken, IsBackends: true, IsUnreached: false),
            _ => new(StatusCodes.Status502BadGateway, Broken, IsBackends: false, IsUnreached: false),
        };
    }

    private static bool IsConnectFailure(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => true, // ConnectTimeout.
        _ => false,
    };

    private static bool IsNameUnknown(Exception? exception) => exception is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError };
}
