using System.Text;
using Init.Admin.Http.Access;
using Init.Base;
using Init.Panel.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Init.Panel;

/// <summary>
/// Stands before every route of the panel: who asks, and whether he has meant it. What a handler finds in the request's features is a <see cref="Caller"/>, always but on the
/// open paths.
/// </summary>
internal sealed class PanelGate(PanelAccess access)
{
    /// <summary>How somebody signs in, and learns whether he has.</summary>
    public const string SessionPath = PanelRoutes.Root + "/session";

    private const string LivePath = PanelRoutes.Root + "/live";

    public const string PasswordHeader = "X-Admin-Password";

    private const string Bearer = "Bearer ";

    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        // What is below /admin is for one person's eyes.
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (!await IsLetInAsync(context))
            return;

        // Logs and events that are followed end with the session; /live says so itself.
        HttpRequest request = context.Request;
        bool isFollowing = HttpMethods.IsGet(request.Method) && request.Path.Value != LivePath;
        using CancellationTokenRegistration end = isFollowing && context.Features.Get<SignedIn>() is { } who ? who.Ended.Register(context.Abort) : default;
        await next(context);
    }

    /// <summary>As people and the history call an address.</summary>
    public static string AddressOf(PanelClient client) => client.Address is { } address ? NetworkText.Plain(address).ToString() : "a unix socket";

    private async Task<bool> IsLetInAsync(HttpContext context)
    {
        try
        {
            await access.Ready;
        }
        catch (Exception)
        {
            // The log says why, once.
            await PanelReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "no_sign_in", "nobody can sign in here at present; the gateway's log says why");
            return false;
        }

        PanelClient client = context.Features.Get<PanelClient>() ?? throw new InvalidOperationException("a request that nobody has introduced");
        if (PanelPipeline.IsOriginal(context.Request.Path))
            return await IsLetInByPasswordAsync(context, client);
        if (TryToken(context, client))
            return true;

        HttpRequest request = context.Request;
        Session? session = FindSession(context, client);
        bool isOpen = request.Path.Value == SessionPath;
        if (session is null && !isOpen)
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status401Unauthorized, "not_signed_in", "sign in first");
            return false;
        }

        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return true;

        if (Origins.IsForeign(request, client.Host))
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status403Forbidden, "foreign_page", "the request comes from another site's page");
            return false;
        }

        if (Origins.IsMeant(request))
            return true;

        await PanelReply.ProblemAsync(context, StatusCodes.Status415UnsupportedMediaType, "not_meant", "send Content-Type: application/json (or X-Requested-With, or a bearer token)");
        return false;
    }

    /// <summary>A token that we do not know may be somebody else's business, a hosting platform's for example: then the cookie decides.</summary>
    private bool TryToken(HttpContext context, PanelClient client)
    {
        if (context.Request.Headers.Authorization is not [{ } value] || !value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return false;
        if (access.FindToken(value[Bearer.Length..].Trim(), out CancellationToken ended) is not { } token)
            return false;

        context.Features.Set(new SignedIn(null, ended) { Id = token.Id });
        context.Features.Set(new Caller($"token {token.Name} from {AddressOf(client)}"));
        return true;
    }

    private Session? FindSession(HttpContext context, PanelClient client)
    {
        string? cookie = SignInCookies.SessionOf(context.Request, client);
        string address = AddressOf(client);
        if (access.FindSession(cookie, address, out bool isSeen) is not { } session)
            return null;

        // The browser forgets it when its age is over, which begins anew.
        if (isSeen)
            SignInCookies.KeepSession(context.Response, client, cookie!, access.Settings.SessionLifetime);
        context.Features.Set(new SignedIn(session, session.Ended));
        context.Features.Set(new Caller($"panel from {address}"));
        return session;
    }

    /// <summary>The original's interface: a header with the password, and answers in the original's words.</summary>
    private async Task<bool> IsLetInByPasswordAsync(HttpContext context, PanelClient client)
    {
        StringValues values = context.Request.Headers[PasswordHeader];
        if (values is not [{ Length: > 0 } value])
        {
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status403Forbidden, "forbidden");
            return false;
        }

        // The server takes header bytes for Latin-1; people and their tools write UTF-8.
        string password = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(value));
        switch (await access.Door.TryAsync(LaneOf(context.Request, client), password, remembers: true))
        {
            case Attempt.Right:
                context.Features.Set(new Caller($"{PasswordHeader} from {AddressOf(client)}"));
                return true;
            case Attempt.TooMany(var delay):
                PanelReply.SetRetryAfter(context, delay);
                await PanelReply.OriginalErrorAsync(context, StatusCodes.Status429TooManyRequests, "too many attempts");
                return false;
            default:
                access.TellWrong(AddressOf(client));
                await PanelReply.OriginalErrorAsync(context, StatusCodes.Status403Forbidden, "forbidden");
                return false;
        }
    }

    /// <summary>Whose attempts slow down this one.</summary>
    public AttemptLane LaneOf(HttpRequest request, PanelClient client) =>
        SignInCookies.DeviceOf(request, client, access.Record) is { } device ? AttemptLane.OfDevice(device) : AttemptLane.OfAddress(client.Address);
}
