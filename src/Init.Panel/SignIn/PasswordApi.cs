using System.Text.Json;
using Init.Admin.Http;
using Init.Admin.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel.SignIn;

/// <summary>Another password: <c>/password</c> for the panel, and the original's <c>/admin/password</c>.</summary>
internal sealed class PasswordApi(PanelAccess access)
{
    public void Map(IEndpointRouteBuilder routes, string root)
    {
        routes.MapPost(root + "/password", ChangeAsync);
        routes.Map(PanelPipeline.OriginalPassword, ChangeAsTheOriginalAsync);
    }

    private async Task ChangeAsync(HttpContext context)
    {
        if (await PanelReply.ReadAsync(context, SignInJson.Default.PasswordBody, "{\"current\":\"…\",\"new\":\"…\"}") is not { } body)
            return;

        if (PasswordRules.ProblemOf(body.New) is { } weak)
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, "weak_password", $"the new password cannot be taken: {weak}");
            return;
        }

        // Whoever has come by an open session must not be able to guess the password behind it.
        SignedIn who = context.Features.GetRequiredFeature<SignedIn>();
        switch (await access.Door.TryAsync(AttemptLane.OfCaller(who.Id), body.Current))
        {
            case Attempt.Right:
                break;
            case Attempt.TooMany(var delay):
                await PanelReply.TooManyAsync(context, delay);
                return;
            default:
                await PanelReply.ProblemAsync(context, StatusCodes.Status403Forbidden, "wrong_password", "the current password is wrong");
                return;
        }

        if (await access.ChangePasswordAsync(body.New, who.Session, NameOf(context)) is { } problem)
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status507InsufficientStorage, "not_saved", problem);
            return;
        }

        SignInCookies.KeepDevice(context.Response, context.Features.GetRequiredFeature<PanelClient>(), access.Record);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>The gate has seen the current one. The original took any length.</summary>
    private async Task ChangeAsTheOriginalAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "method not allowed");
            return;
        }

        if (await PanelReply.TryReadAsync(context, SignInJson.Default.OriginalPasswordBody) is not { } body)
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status400BadRequest, "invalid json");
        else if (body.NewPassword is not { ValueKind: JsonValueKind.String } value || value.GetString() is not { Length: > 0 } password)
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status400BadRequest, "new_password required");
        else if (PasswordRules.ProblemOf(password) is { } weak)
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status400BadRequest, $"new_password: {weak}");
        else if (await access.ChangePasswordAsync(password, kept: null, NameOf(context)) is not null)
            await PanelReply.OriginalErrorAsync(context, StatusCodes.Status507InsufficientStorage, "the password cannot be stored");
        else
            await TextReply.WriteAsync(context, "application/json; charset=utf-8", "{\"ok\":true}\n");
    }

    private static string NameOf(HttpContext context) => context.Features.GetRequiredFeature<Caller>().Name;
}
