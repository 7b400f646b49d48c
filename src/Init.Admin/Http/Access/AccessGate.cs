using Init.Base;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Http.Access;

/// <summary>Stands before every route: who asks, and whether he has meant it.</summary>
public static class AccessGate
{
    /// <summary>Answered to everybody: who checks whether the container lives has no password, and learns one word.</summary>
    private static readonly string[] OpenPaths = ["/healthz", "/readyz"];

    public static async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        IConnectionActivity? activity = context.Features.Get<IConnectionActivity>();
        activity?.RequestBegun();
        try
        {
            if (await IsLetInAsync(context))
                await next(context);
        }
        finally
        {
            activity?.RequestEnded();
        }
    }

    private static Task<bool> IsLetInAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        AdminListener listener = context.Features.Get<AdminListener>() ?? throw new InvalidOperationException("a connection that came in by no listener");
        if (OpenPaths.Contains(request.Path.Value) && HttpMethods.IsGet(request.Method))
            return Task.FromResult(true);

        Verdict verdict = listener.Credentials.IsOpen ? Verdict.Known : listener.Credentials.Check(request.Headers.Authorization);
        switch (verdict)
        {
            case Verdict.Malformed:
                return Refuse(StatusCodes.Status400BadRequest, "the Authorization header cannot be read");
            case Verdict.Unknown:
                // As supervisord: the rest of what is being sent is of no interest.
                context.Response.Headers.WWWAuthenticate = listener.Credentials.Challenge;
                context.Response.Headers.Connection = "close";
                return Refuse(StatusCodes.Status401Unauthorized, "a user and a password, or a token, are needed and were missing or wrong");
        }

        context.Features.Set(new Caller(CallerOf(context, listener, verdict)));
        if (listener.Credentials.IsOpen && listener.Endpoint.UnixPath is null && !Origins.IsOurHost(request.Host))
            return Refuse(StatusCodes.Status403Forbidden, "the Host is not this machine's; use its address, or set a password");

        if (verdict == Verdict.KnownByToken || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return Task.FromResult(true);

        if (Origins.IsForeign(request))
            return Refuse(StatusCodes.Status403Forbidden, "the request comes from another site's page");

        // A page of another site can make a browser post a form with the user's password, but neither JSON nor a header of its own without asking us first.
        if (ErrorReply.IsApi(request) && !Origins.IsMeant(request))
            return Refuse(StatusCodes.Status415UnsupportedMediaType, "send Content-Type: application/json (or X-Requested-With, or a bearer token)");

        return Task.FromResult(true);

        async Task<bool> Refuse(int status, string detail)
        {
            await ErrorReply.WriteAsync(context, status, detail);
            return false;
        }
    }

    private static string CallerOf(HttpContext context, AdminListener listener, Verdict verdict) =>
        verdict == Verdict.KnownByToken ? "token"
        : !listener.Credentials.IsOpen && listener.Endpoint.Username is { } user ? user
        : context.Connection.RemoteIpAddress is { } address && listener.Endpoint.UnixPath is null ? NetworkText.Plain(address).ToString()
        : "socket";
}
