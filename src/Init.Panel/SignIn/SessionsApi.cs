using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Init.Panel.SignIn;

/// <summary><c>/session</c> and <c>/sessions</c>: coming in, going out, and who else is in.</summary>
/// <param name="access">Who may.</param>
/// <param name="gate">Knows whose attempts are counted together.</param>
/// <param name="version">Of this binary.</param>
internal sealed class SessionsApi(PanelAccess access, PanelGate gate, string version)
{
    public void Map(IEndpointRouteBuilder routes, string root)
    {
        routes.MapGet(root + "/session", TellAsync);
        routes.MapPost(root + "/session", SignInAsync);
        routes.MapDelete(root + "/session", SignOutAsync);
        routes.MapGet(root + "/sessions", ListAsync);
        routes.MapDelete(root + "/sessions", EndOthersAsync);
        routes.MapDelete(root + "/sessions/{id}", EndAsync);
    }

    private Task TellAsync(HttpContext context)
    {
        SignedIn? who = context.Features.Get<SignedIn>();
        SessionState state = who is null ? new SessionState(false) : new SessionState(true, who.Session is { } session ? access.ExpiresAt(session) : null, version);
        return PanelReply.JsonAsync(context, state, SignInJson.Default.SessionState);
    }

    private async Task SignInAsync(HttpContext context)
    {
        if (await PanelReply.ReadAsync(context, SignInJson.Default.SignInBody, "{\"password\":\"…\"}") is not { } body)
            return;

        PanelClient client = context.Features.GetRequiredFeature<PanelClient>();
        AttemptLane lane = gate.LaneOf(context.Request, client);
        string address = PanelGate.AddressOf(client);
        switch (await access.Door.TryAsync(lane, body.Password))
        {
            case Attempt.Right(var record) when await access.SignInAsync(record, address, context.Request.Headers.UserAgent.ToString()) is var (cookie, expiresAt):
                if (context.Features.Get<SignedIn>()?.Session is { } earlier)
                    await access.EndSessionsAsync(session => session == earlier);
                context.Response.Headers.SetCookie = StringValues.Empty; // The earlier one may have been renewed by the gate.
                SignInCookies.KeepSession(context.Response, client, cookie, access.Settings.SessionLifetime);
                if (lane.IsStranger)
                    SignInCookies.KeepDevice(context.Response, client, record);
                await PanelReply.JsonAsync(context, new SessionState(true, expiresAt, version), SignInJson.Default.SessionState);
                return;
            case Attempt.TooMany(var delay):
                await PanelReply.TooManyAsync(context, delay);
                return;
            default:
                access.TellWrong(address);
                await PanelReply.ProblemAsync(context, StatusCodes.Status401Unauthorized, "wrong_password", "the password is wrong");
                return;
        }
    }

    private async Task SignOutAsync(HttpContext context)
    {
        if (context.Features.Get<SignedIn>()?.Session is { } own)
            await access.EndSessionsAsync(session => session == own);
        context.Response.Headers.SetCookie = StringValues.Empty;
        SignInCookies.DropSession(context.Response, context.Features.GetRequiredFeature<PanelClient>());
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task ListAsync(HttpContext context)
    {
        string own = context.Features.GetRequiredFeature<SignedIn>().Id;
        SessionList list = new([.. access.ListSessions().Select(record => new SessionInfo(record.Id, record.CreatedAt, record.LastSeenAt, record.Address, record.UserAgent, record.Id == own))]);
        return PanelReply.JsonAsync(context, list, SignInJson.Default.SessionList);
    }

    private async Task EndOthersAsync(HttpContext context)
    {
        Session? own = context.Features.GetRequiredFeature<SignedIn>().Session;
        await access.EndSessionsAsync(session => session != own);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task EndAsync(HttpContext context)
    {
        string id = Convert.ToString(context.Request.RouteValues["id"], CultureInfo.InvariantCulture) ?? "";
        if (await access.EndSessionsAsync(session => session.Record.Id == id) == 0)
            await PanelReply.ProblemAsync(context, StatusCodes.Status404NotFound, "unknown_session", "there is no such session; it may have ended");
        else
            context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
